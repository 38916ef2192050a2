"""How a command that keeps running logs."""

from __future__ import annotations

import click

LOG = click.option(
    "--log",
    type=click.Choice(["json", "text"]),
    envvar="GAMEDAY_LOG",
    help="What stderr gets: text, or one JSON object a line.  [default: text on a terminal, else json]",
)
