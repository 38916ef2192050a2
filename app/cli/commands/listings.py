"""gameday experiments, runs, faults, environments, signals: list and show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from app.cli.commands.folder import WHERE
from app.cli.commands.server import ADDRESS

ENVIRONMENT = click.option("--environment", help="Only there.")
EXPERIMENT = click.option("--experiment", metavar="ID", help="Only of this one.")
LIMIT = click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1, 1_000_000), help="The newest so many."
)
TAG = click.option("--tag", help="Only with that tag.")
TEXT = click.option("--text", help="Only with that in their id, title or description.")
PLACE = click.option("--environment", help="As measured there.  [default: the default one]")
SERVER = click.option("--server", type=ADDRESS, help="Ask a running console instead of the folder.")
OUTPUT = click.option("--output", default="table", show_default=True, type=click.Choice(["table", "json"]))


def listing(
    noun: str, says: str, *, filters: Sequence[Any] = (), where: Sequence[Any] = ()
) -> tuple[click.Command, click.Command]:
    """The commands `list` and `show` of a noun. `filters` narrow the list, `where` is asked for by both."""

    def every(folder: Path, server: str | None, output: str, **given: Any) -> int:
        from app.cli.listings import listed

        return listed(noun, folder=folder.resolve(), server=server, output=output, filters=given)

    def one(key: str, folder: Path, server: str | None, output: str, **given: Any) -> int:
        from app.cli.listings import shown

        return shown(noun, key, folder=folder.resolve(), server=server, output=output, filters=given)

    common = (SERVER, WHERE, OUTPUT)
    key = click.argument("key", metavar="NAME" if noun == "environments" else "ID")
    return (
        _command("list", f"List {says}.", every, (*filters, *where, *common)),
        _command("show", f"Show one of them. Exit code 2: there is none. `gameday {noun} list` has them.", one,
                 (key, *where, *common)),
    )  # fmt: skip


def _command(name: str, says: str, does: Callable[..., int], options: Sequence[Any]) -> click.Command:
    for option in reversed(options):
        does = option(does)
    return click.command(name, help=says)(does)


def _group(noun: str, says: str, **given: Any) -> click.Group:
    return click.Group(noun, commands=listing(noun, says, **given), help=f"{says[0].upper()}{says[1:]}.")


experiments = _group(
    "experiments", "the experiments of the folder, and what each taught last", filters=(TAG, TEXT)
)
runs = _group("runs", "runs, the newest first", filters=(EXPERIMENT, ENVIRONMENT, LIMIT))
environments = _group("environments", "the places that experiments run in, as gameday.toml has them")
signals = _group("signals", "what the hypotheses measure", filters=(EXPERIMENT,), where=(PLACE,))
of_faults = listing("faults", "what is armed and what was, the newest first", filters=(ENVIRONMENT, LIMIT))
