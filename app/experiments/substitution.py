"""`${name}` out of configuration, as far as it can be told without Chaos Toolkit. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

NAME = re.compile(r"\$\{([^}]+)\}")


def configuration(document: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, str]:
    """Literals, and `env` entries out of the environment's variables; a variable given by name wins."""
    known: dict[str, str] = {}
    for name, value in (document.get("configuration") or {}).items():
        if isinstance(value, Mapping):
            if value.get("type") == "env":
                told = variables.get(str(value.get("key")), value.get("default"))
                if told is not None:
                    known[name] = str(told)
        else:
            known[name] = str(value)
        if name in variables:
            known[name] = variables[name]
    return known


def substitute(value: Any, known: Mapping[str, str]) -> Any:
    """The same value with every known `${name}` replaced; others stand as they are."""
    if isinstance(value, str):
        return NAME.sub(lambda match: known.get(match[1].strip(), match[0]), value)
    if isinstance(value, Mapping):
        return {key: substitute(one, known) for key, one in value.items()}
    if isinstance(value, list):
        return [substitute(one, known) for one in value]
    return value
