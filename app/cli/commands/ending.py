"""gameday stop-all, guardian, disarm."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.commands.folder import FOLDER
from app.cli.commands.log import LOG
from app.cli.commands.server import ADDRESS


@click.command("stop-all")
@click.option("--environment", help="Only there.  [default: everywhere]")
@click.option("--why", default="", help="What others should know; every page shows it.")
@click.option(
    "--server", type=ADDRESS, help="Address of a running console, for example http://127.0.0.1:8000."
)
@click.option("--folder", default=".", type=FOLDER, help="Without --server: the console's working folder.")
def stop_all(environment: str | None, why: str, server: str | None, folder: Path) -> int:
    """Engage the safety lever: disarm every fault, end every run, and let nothing start or arm.

    It stays engaged, across restarts, until a person disengages it on the Faults page. Without --server it works
    on the folder's own ledger, so that no console needs to be running.

    Exit codes: 0 nothing is armed any more, 1 something could not be disarmed yet.
    """
    from app.cli.stopping import here, there

    if server:
        return there(server, environment=environment, why=why)
    return here(folder.resolve(), environment=environment, why=why)


@click.command()
@click.option("--folder", default=".", type=FOLDER, help="The console's working folder.  [default: .]")
@click.option("--once", is_flag=True, help="Look once, and end.")
@LOG
def guardian(folder: Path, log: str | None, *, once: bool) -> int:
    """Disarm what is past its deadline or whose run is gone, with no console running. A second one does no harm.

    Exit codes: 0 nothing is armed, 1 something is (within its deadline, or it could not be disarmed yet), or with
    --once the functions could not be listed, and nobody knows.
    """
    from app import logs
    from app.cli.guarding import guard

    logs.configure(log)
    return guard(folder.resolve(), once=once)


@click.command()
@click.argument("stores", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Everything that is armed.")
@click.option("--environment", help="Only there.  [default: everywhere]")
@click.option("--folder", default=".", type=FOLDER, help="The console's working folder.  [default: .]")
def disarm(stores: tuple[str, ...], *, everything: bool, environment: str | None, folder: Path) -> int:
    """Switch faults off by hand: --all, or STORES such as ssm:failureLambdaConfig.

    With --all the ledger's faults are put back as they were; then every store that a function reads is looked into,
    and an armed value is switched off. Without a usable database it does the second alone.

    Exit codes: 0 nothing is armed any more, 1 something is, or nobody knows: what is off was read back.
    """
    from app.cli.guarding import disarm as switch_off

    return switch_off(folder.resolve(), stores=stores, everything=everything, environment=environment)
