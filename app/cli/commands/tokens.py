"""gameday token."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.commands.folder import WHERE


@click.group()
def token() -> None:
    """Let people and programs in, where the console listens beyond this machine."""


ROLE = click.Choice(["viewer", "runner", "author", "admin"])


@token.command("create")
@click.argument("name")
@click.option("--role", "--scope", "role", type=ROLE, required=True, help="What it may do.")
@click.option(
    "--days", default=90, show_default=True, type=click.IntRange(1, 366), help="How long it is good."
)
@WHERE
def token_create(name: str, role: str, days: int, folder: Path) -> int:
    """Make an API token for NAME, and print it once: `Authorization: Bearer …`, or GAMEDAY_TOKEN for this command.

    viewer: look, and end faults and runs. runner: start runs and arm. author: change experiments, which are code.
    admin: everything.
    """
    from app.cli.tokens import create

    return create(folder.resolve(), name=name, role=role, days=days)


@token.command("link")
@click.argument("name")
@click.option("--role", type=ROLE, required=True, help="What NAME may do in the console.")
@click.option(
    "--url", default="http://127.0.0.1:8000", show_default=True, help="Where NAME opens the console."
)
@WHERE
def token_link(name: str, role: str, url: str, folder: Path) -> int:
    """Print a one-time link that signs NAME's browser in. It is good for a day."""
    from app.cli.tokens import link

    return link(folder.resolve(), name=name, role=role, url=url)


@token.command("list")
@WHERE
def token_list(folder: Path) -> int:
    """Every link, session and token that lets somebody in now."""
    from app.cli.tokens import listed

    return listed(folder.resolve())


@token.command("revoke")
@click.argument("number", type=int)
@WHERE
def token_revoke(number: int, folder: Path) -> int:
    """Shut out the link, session or token with that NUMBER, and the sessions that came of it, at once."""
    from app.cli.tokens import revoke

    return revoke(folder.resolve(), number)
