"""gameday faults."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.commands.listings import of_faults


@click.group()
def faults() -> None:
    """What is armed and what was; fault configurations in files."""


for command in of_faults:
    faults.add_command(command)


@faults.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", "dialect", required=True, help="For example failure-lambda/0.x.")
@click.option("--write", is_flag=True, help="Write the file.  [default: only show the difference]")
def migrate(file: Path, dialect: str, *, write: bool) -> int:
    """Translate the faults in an experiment FILE to another dialect.

    Exit codes: 0 shown or written, 2 where a fault can not be said in that dialect.
    """
    from app.cli.migrating import migrate as translate

    return translate(file, dialect, write=write)
