"""On which line of gameday.toml a mistake stands."""

from __future__ import annotations

import re

from app.errors import Problem

FILE = "gameday.toml"


def mistake(text: str, key: str, path: str, message: str, *, after: str = "") -> Problem:
    """With the line on which the key stands, looked for from the table's head on."""
    lines = text.splitlines()
    begin = next((number for number, line in enumerate(lines) if after and line.strip().startswith(after)), 0)
    pattern = re.compile(rf"\s*(\[.*\b)?[\"']?{re.escape(key)}\b")
    found = (number + 1 for number, line in enumerate(lines) if number >= begin and pattern.match(line))
    return Problem(message=message, path=path, file=FILE, line=next(found, None))
