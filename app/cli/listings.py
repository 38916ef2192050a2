"""`gameday experiments | runs | faults | environments | signals`, `list` and `show`."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from app.cli.beside import tell
from app.cli.listing import WIDTH, as_json, sheet, table
from app.cli.listing_nouns import NOUNS
from app.cli.listing_rooms import source
from app.errors import NotFound

UNCUT = 1_000_000  # columns: whoever reads a pipe or a file cuts for themselves
NUMBERED = ("runs", "faults")


def listed(noun: str, *, folder: Path, server: str | None, output: str, filters: Mapping[str, Any]) -> int:
    """All of a noun, or, where there is none, what to do."""
    beside = "" if server else tell(folder)
    with source(folder, server) as rooms:
        rows = rooms.listed(noun, _given(filters))
    if output == "json":
        click.echo(as_json(rows))
    elif rows:
        click.echo(table(rows, NOUNS[noun].columns, width=width()))
    elif not beside:
        click.echo(_none(noun, server, _given(filters)), err=True)
    return 0


def _none(noun: str, server: str | None, filters: Mapping[str, Any]) -> str:
    """What to do, there where was looked; of what was looked for in particular it is only known that it is not there."""
    if none := nothing_such(noun, [name for name in filters if name != "limit"]):
        return none
    there = rf"`\1 --server {server}`" if server else r"`\1`"
    return re.sub(r"`(gameday [^`]+)`", there, NOUNS[noun].none)


def shown(
    noun: str, key: str, *, folder: Path, server: str | None, output: str, filters: Mapping[str, Any]
) -> int:
    """One of a noun. NotFound where there is none."""
    known = f"`gameday {noun} list{f' --server {server}' if server else ''}` has them."
    if noun in NUMBERED and not (key.isascii() and key.isdecimal()):
        raise NotFound(f"“{key[:40]}” is no number of a {noun.removesuffix('s')}. {known}")
    try:
        with source(folder, server) as rooms:
            row = rooms.one(noun, key, _given(filters))
    except NotFound as error:
        raise NotFound(f"{error} {known}") from error
    click.echo(as_json(row) if output == "json" else sheet(row, NOUNS[noun].fields, width=_columns()))
    return 0


def _given(filters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in filters.items() if value is not None}


def nothing_such(noun: str, filters: Sequence[str]) -> str:
    """Where filters leave nothing it is only known that nothing is like that; empty without filters."""
    chosen = " and ".join(f"--{name}" for name in filters)
    return f"There are no such {noun}. Leave {chosen} out to see what there is." if chosen else ""


def width() -> int:
    """Of a table: the terminal's, and as wide as it likes where there is none."""
    return _columns() if sys.stdout.isatty() else UNCUT


def _columns() -> int:
    return shutil.get_terminal_size((WIDTH, 24)).columns
