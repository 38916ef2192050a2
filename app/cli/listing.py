"""Nouns as aligned tables, sheets and JSON. Pure: rows in, text out.

An id is never cut, so that it can be pasted into the next command; what is cut to fit the width is prose.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Row = Mapping[str, Any]
GAP = "  "
WIDTH = 80  # where the output is no terminal
LEAST = 12  # characters of prose, however little room ids leave
CUT = "…"


@dataclass(frozen=True, kw_only=True)
class Column:
    head: str
    text: Callable[[Row], str]
    prose: bool = False  # may be cut


def table(rows: Sequence[Row], columns: Sequence[Column], *, width: int = WIDTH) -> str:
    """A line of heads, and a line a row; no line ends in a blank."""
    cells = [[column.head for column in columns]]
    cells += [[_plain(column.text(row)) for column in columns] for row in rows]
    wide = [max(len(line[at]) for line in cells) for at in range(len(columns))]
    spare = width - len(GAP) * (len(columns) - 1) - sum(wide)
    for at in sorted((at for at, column in enumerate(columns) if column.prose), key=lambda at: -wide[at]):
        given = min(wide[at], max(LEAST, len(columns[at].head), wide[at] + min(spare, 0)))
        spare += wide[at] - given
        wide[at] = given
    lines = (GAP.join(_fitted(cell, wide[at]) for at, cell in enumerate(line)).rstrip() for line in cells)
    return "\n".join(lines)


def sheet(row: Row, fields: Sequence[tuple[str, Callable[[Row], str]]], *, width: int = WIDTH) -> str:
    """A line a field, its name before it; what is empty is left out, what is long is wrapped."""
    told = [(name, text) for name, read in fields if (text := read(row))]
    edge = max((len(name) for name, _ in told), default=0) + len(GAP)
    return "\n".join(
        line for name, text in told for line in _wrapped(name, text, edge=edge, room=max(LEAST, width - edge))
    )


def as_json(told: Any) -> str:
    return json.dumps(told, indent=2, ensure_ascii=False, default=_plain_json)


def moment(value: Any) -> str:
    """Of a datetime, or of the text that JSON has for one: to the minute, in UTC."""
    if not value:
        return ""
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def _wrapped(name: str, text: str, *, edge: int, room: int) -> Iterator[str]:
    lines = [
        part
        for line in text.splitlines()
        for part in textwrap.wrap(line, room, break_long_words=False, break_on_hyphens=False)
    ]
    for number, line in enumerate(lines):
        yield f"{name if number == 0 else '':<{edge}}{line}"


def _fitted(text: str, width: int) -> str:
    """Cut in the middle: titles that begin alike often end differently."""
    if len(text) <= width:
        return f"{text:<{width}}"
    end = (width - 1) // 2
    return f"{text[: width - 1 - end]}{CUT}{text[len(text) - end :]}"


def _plain(text: str) -> str:
    """On one line, without what a terminal would obey."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _plain_json(value: Any) -> str:
    """A time as the API writes it."""
    return value.isoformat() if isinstance(value, datetime) else str(value)
