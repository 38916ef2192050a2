"""gameday notify."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.commands.folder import WHERE


@click.group()
def notify() -> None:
    """Who is told what: the channels of gameday.toml."""


@notify.command("test")
@click.argument("channel", required=False)
@WHERE
def notify_test(channel: str | None, folder: Path) -> int:
    """Send a test message to CHANNEL, or to every channel, and say what became of it.

    It goes by the same outbox as every message, with a running console or without. Secrets that gameday.toml takes
    from the environment have to be in this command's. 1 where a channel did not take it.
    """
    from app.cli.notifying import test

    return test(folder.resolve(), channel)
