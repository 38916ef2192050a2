"""gameday doctor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from app.cli.commands.folder import WHERE


@click.command()
@click.option("--environment", help="Only there.  [default: every environment]")
@click.option("--sandbox", is_flag=True, help="Only what the sandbox needs: no region, and no credentials.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The console's, as `serve` has it.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="The console's.")
@click.option(
    "--aws-port",
    default=4566,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="With --sandbox: its AWS API's.",
)
@click.option("--output", default="text", show_default=True, type=click.Choice(["text", "json"]))
@WHERE
def doctor(*, environment: str | None, sandbox: bool, folder: Path, **words: Any) -> int:
    """Say what is missing on this machine and in AWS, each with a remedy. Nothing is changed.

    Exit codes: 0 nothing is in the way, 1 something is.
    """
    from app.cli.doctor import doctor as examined

    return examined(folder.resolve(), environment=environment, sandbox=sandbox, **words)
