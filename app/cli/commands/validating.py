"""gameday validate."""

from __future__ import annotations

from pathlib import Path

import click

ANY = click.Path(exists=True, path_type=Path)


@click.command()
@click.argument("paths", nargs=-1, type=ANY, metavar="[PATH…]")
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def validate(paths: tuple[Path, ...], output: str) -> int:
    """Find what is wrong with experiment files, or with all of a folder's, without running anything.

    Without PATH: experiments/ in this folder. Each problem has its file and line, so that an editor or pre-commit
    jumps there. Nothing that a file names is imported, and no network is needed.

    Exit codes: 0 nothing is wrong, 1 something is, 2 a mistake in what was asked.
    """
    from app.cli.validating import validate as look

    return look(paths, output=output)
