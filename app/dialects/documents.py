"""What the formats share: JSON objects read without trust, and fields carried over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from app.errors import Invalid


def document(text: str) -> dict[str, Any] | None:
    """The JSON object in `text`; None where the library would fail to read one."""
    try:
        read = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def is_envelope(read: Mapping[str, Any] | None) -> bool:
    """Whether this is how AppConfig keeps feature flags: functions are handed what is in its `values`."""
    if read is None or not isinstance(read.get("flags"), dict):
        return False
    return isinstance(read.get("values"), dict) or (read.get("version") == "1" and "values" not in read)


def handed_out(text: str) -> dict[str, Any]:
    """The JSON object that functions get to see; empty where there is none."""
    read = document(text) or {}
    seen: dict[str, Any] = read.get("values", {}) if is_envelope(read) else read
    return seen


def over(onto: str | None, fields: Mapping[str, Any]) -> str:
    """`fields` as JSON, with whatever else the document `onto` holds kept beside them."""
    kept = (document(onto) if onto else None) or {}
    return json.dumps({**kept, **fields}, ensure_ascii=False)


def number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def text_of(value: object) -> str | None:
    return None if value is None else str(value)


def unsayable(dialect: str, what: str, remedy: str) -> Invalid:
    """What a dialect has no words for is refused: rounding it in silence would inject something else."""
    return Invalid(f"{dialect} {what}. {remedy}", dialect=dialect)
