"""An activity's arguments with another value for its fault store. Pure."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

from app.experiments.commands import failure_lambda_command

# `--value` and what follows it in a shell's line: quoted either way, or bare.
OPTION = re.compile(r"""(--(?:value|content)(?:=|\s+))('[^']*'|"(?:\\.|[^"\\])*"|(?:\\.|[^\s\\])+)""")
REGION = re.compile(r"--region[= ](\S+)")
NAMES = ("--value", "--content")
KEYS = ("--value", "--content", "value", "configuration", "content")


def with_value(provider: Mapping[str, Any], value: str) -> dict[str, Any] | None:
    """What changes in the provider so that it writes `value`; None where that place is not found."""
    arguments = provider.get("arguments")
    changed: Any = None
    if (of_cli := failure_lambda_command(provider)) is not None:
        words = [
            "ssm",
            "put-parameter",
            "--name",
            of_cli[0],
            "--type",
            "String",
            "--overwrite",
            "--value",
            value,
        ]
        return {"path": "aws", "arguments": [*words, *_region(provider)]}
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
        if word in NAMES and place + 1 < len(words):
            return [*words[: place + 1], value, *words[place + 2 :]]
        name = str(word).partition("=")[0]
        if name in NAMES and "=" in str(word):
            return [*words[:place], f"{name}={value}", *words[place + 1 :]]
        if word == "--cli-input-json" and place + 1 < len(words):
            return _in_json(words, place + 1, value)
    return None


def _in_mapping(arguments: dict[str, Any], value: str) -> dict[str, Any] | None:
    key = next((key for key in KEYS if key in arguments), None)
    return None if key is None else {**arguments, key: value}


def _in_json(words: list[Any], place: int, value: str) -> list[Any] | None:
    try:
        given = json.loads(str(words[place]))
    except ValueError:
        return None
    if not isinstance(given, dict) or "Value" not in given:
        return None
    return [*words[:place], json.dumps({**given, "Value": value}), *words[place + 1 :]]


def _region(provider: Mapping[str, Any]) -> list[str]:
    found = REGION.search(" ".join(map(str, _flat(provider.get("arguments")))))
    return ["--region", found[1]] if found else []


def _flat(arguments: Any) -> list[Any]:
    return arguments if isinstance(arguments, list) else [arguments]
