"""gameday schedules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from app.cli.commands.folder import WHERE
from app.cli.commands.server import ADDRESS


class Number(click.IntRange):
    """Of a schedule."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return int(super().convert(value, param, ctx))
        except click.BadParameter:
            self.fail(f"“{value}” is no number of a schedule. `gameday schedules list` has them.", param, ctx)


@click.group()
def schedules() -> None:
    """What runs by itself, and when."""


def somewhere(command: Callable[..., Any]) -> Callable[..., Any]:
    """On the folder's own database, or through a console."""
    server = click.option(
        "--server", type=ADDRESS, help="Address of a running console.  [default: the folder's own database]"
    )
    output = click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
    return server(output(WHERE(command)))


@schedules.command("list")
@click.option("--environment", help="Only there.")
@click.option("--experiment", help="Only of that one.")
@somewhere
def schedules_list(
    environment: str | None, experiment: str | None, server: str | None, output: str, folder: Path
) -> int:
    """Every schedule: when it fires next, and where it comes from."""
    from app.cli.schedules import listed

    return listed(folder.resolve(), server, environment=environment, experiment=experiment, output=output)


@schedules.command("show")
@click.argument("number", type=Number(1))
@somewhere
def schedules_show(number: int, server: str | None, output: str, folder: Path) -> int:
    """The schedule with that NUMBER, its next fires, and what the last ones came to."""
    from app.cli.schedules import show

    return show(folder.resolve(), server, number, output=output)


@schedules.command("next")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 200))
@somewhere
def schedules_next(limit: int, server: str | None, output: str, folder: Path) -> int:
    """What fires next, of all schedules."""
    from app.cli.schedules import following

    return following(folder.resolve(), server, limit=limit, output=output)
