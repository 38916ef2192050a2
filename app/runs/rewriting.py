"""An activity's arguments with another value for its fault store. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

# `--value` and what follows it in a shell's line: quoted either way, or bare.
OPTION = re.compile(r"""(--value(?:=|\s+))('[^']*'|"(?:\\.|[^"\\])*"|(?:\\.|[^\s\\])+)""")
KEYS = ("--value", "value", "configuration", "content")


def with_value(provider: Mapping[str, Any], value: str) -> dict[str, Any] | None:
    """What changes in the provider so that it writes `value`; None where that place is not found."""
    arguments = provider.get("arguments")
    changed: Any = None
    if isinstance(arguments, str):
        changed = _in_line(arguments, value)
    elif isinstance(arguments, list):
        changed = _in_list(arguments, value)
    elif isinstance(arguments, dict):
        changed = _in_mapping(arguments, value)
    return None if changed is None else {"arguments": changed}


def _in_line(line: str, value: str) -> str | None:
    text, times = OPTION.subn(lambda found: found.group(1) + shlex.quote(value), line)
    return text if times == 1 else None


def _in_list(words: list[Any], value: str) -> list[Any] | None:
    for place, word in enumerate(words):
        if word == "--value" and place + 1 < len(words):
            return [*words[: place + 1], value, *words[place + 2 :]]
        if isinstance(word, str) and word.startswith("--value="):
            return [*words[:place], f"--value={value}", *words[place + 1 :]]
    return None


def _in_mapping(arguments: dict[str, Any], value: str) -> dict[str, Any] | None:
    key = next((key for key in KEYS if key in arguments), None)
    return None if key is None else {**arguments, key: value}
