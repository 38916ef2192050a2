"""What no journal could hold: a journal is JSON (RFC 8259), and YAML can write more than that. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

from app.errors import Invalid, Problem

DEEPEST = 50  # levels
LARGEST_BITS = 1023  # of a whole number that is still a float, too


class TooDeepError(Exception):
    pass


def unplain(value: Any, depth: int = 0) -> tuple[str, str] | None:
    """The first place that JSON has no form for, and why; None where there is none. TooDeepError beyond DEEPEST.

    Dates are let through: Chaos Toolkit writes them into its journal as text.
    """
    if depth > DEEPEST:
        raise TooDeepError
    if isinstance(value, Mapping):
        for key, one in value.items():
            if found := _wrong_key(key) or unplain(one, depth + 1):
                return _joined(as_utf8(str(key)), found[0]), found[1]
        return None
    if isinstance(value, list | tuple):
        for index, one in enumerate(value):
            if found := unplain(one, depth + 1):
                return _joined(f"[{index}]", found[0]), found[1]
        return None
    sentence = _wrong(value)
    return ("", sentence) if sentence else None


def refuse(value: Any) -> None:
    """Invalid, with its place, where somebody asks for what no journal and no answer could hold."""
    try:
        found = unplain(value)
    except TooDeepError:
        found = "", f"It is nested deeper than {DEEPEST} levels."
    if found:
        raise Invalid(found[1], problems=(Problem(message=found[1], path=found[0]),))


def as_utf8(text: str) -> str:
    """The same text; what UTF-8 has no bytes for is written as an escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _joined(before: str, after: str) -> str:
    return f"{before}.{after}" if after and not after.startswith("[") else f"{before}{after}"


def _wrong_key(key: Any) -> tuple[str, str] | None:
    if key is None or isinstance(key, int | float):
        return None
    if not isinstance(key, str):
        return "", "This name is no text. Write it in quotes."
    sentence = _wrong(key)
    return ("", sentence) if sentence else None


def _wrong(value: Any) -> str:
    if isinstance(value, str):
        return (
            ""
            if as_utf8(value) == value
            else "This text holds half a character, a lone surrogate. Write it out."
        )
    if isinstance(value, int):
        return "This number is too large." if value.bit_length() > LARGEST_BITS else ""
    if isinstance(value, float):
        return (
            "" if math.isfinite(value) else "A journal has no infinity. Write a large number, such as 1e12."
        )
    if value is None or isinstance(value, date):
        return ""
    return f"A value of type {type(value).__name__} has no place in a journal. Write it as text."
