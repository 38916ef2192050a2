"""`gameday faults migrate`: show, or write, an experiment file in another dialect."""

from __future__ import annotations

from pathlib import Path

import click

from app.experiments.migration import migrate as translated
from app.experiments.migration import write as write_whole


def migrate(file: Path, dialect: str, *, write: bool) -> int:
    found = translated(file, file.name, dialect)
    if not found.changed:
        click.echo(f"Nothing to do: every fault in {file}, if there is any, is {dialect} already.")
        return 0
    click.echo(found.unified, nl=False)
    if write:
        write_whole(file, found)
    said = "Written" if write else "Not written; --write does that"
    click.echo(f"{said}: {', '.join(f'“{name}”' for name in dict.fromkeys(found.changed))} in {dialect}.")
    return 0
