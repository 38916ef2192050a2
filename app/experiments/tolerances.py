"""What Chaos Toolkit would refuse of a hypothesis probe's tolerance. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jsonpath2.path import Path as JsonPath  # type: ignore[import-untyped]  # it brings no types

from app.experiments.activities import Found, activity
from app.queries.tolerance import drawable

KINDS = "range, regex, jsonpath or probe"
UNREADABLE = (ValueError, TypeError, IndexError, KeyError, AttributeError, RecursionError, OverflowError)


def tolerance(probe: Mapping[str, Any], path: str) -> Found:
    """Of a probe, or of a `ref` to one: the tolerance stands beside the reference."""
    if "tolerance" not in probe:
        name = probe.get("name", probe.get("ref"))
        yield (
            path,
            f"probe “{name}” has no tolerance. Add one, for example: tolerance: {{type: range, range: [0, 10]}}",
        )
        return
    value, place = probe["tolerance"], f"{path}.tolerance"
    if isinstance(value, float):
        yield (
            place,
            f"Chaos Toolkit takes no single fraction. Write: {{type: range, range: [{value}, {value}]}}",
        )
    elif not isinstance(value, bool | int | list | str | dict):
        yield place, "A tolerance is a value, a list of values, or an object with a type."
    elif isinstance(value, dict):
        yield from _by_type(value, place)


def _by_type(value: Mapping[str, Any], path: str) -> Found:
    kind = value.get("type")
    if kind == "probe":
        yield from activity(value, path)
    elif kind == "range":
        if drawable(value) is None:
            yield path, "A range is a list of two numbers, for example: range: [0, 10]"
    elif kind == "regex":
        if sentence := _wrong_regex(value.get("pattern")):
            yield path, sentence
    elif kind == "jsonpath":
        if sentence := _wrong_json_path(value.get("path")):
            yield path, sentence
    else:
        yield path, f"There is no tolerance of type “{kind}”. It is {KINDS}."


def _wrong_regex(pattern: Any) -> str:
    if not isinstance(pattern, str):
        return "The regex has no pattern. Add one, for example: pattern: ^ok$"
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"The pattern is no regular expression: {error}."
    return ""


def _wrong_json_path(path: Any) -> str:
    if not isinstance(path, str) or not path.strip():
        return "The jsonpath has no path. Add one, for example: path: $.status"
    try:
        JsonPath.parse_str(path.strip())
    except UNREADABLE as error:
        return f"The path is no JSON path: {error}."
    return ""
