"""gameday run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from app.cli.commands.folder import WHERE
from app.cli.commands.server import ADDRESS

FILE = click.Path(dir_okay=False, path_type=Path)
SECONDS = click.FloatRange(min=0, min_open=True)


@click.command()
@click.argument("source", metavar="ID|FILE")
@click.option(
    "--environment", metavar="E", help="Where: a name of gameday.toml.  [default: its default_environment]"
)
@click.option(
    "--var", "variables", multiple=True, metavar="K=V",
    help="A value for the experiment's configuration, as for chaos run; K:int=V, K:float=V, too.",
)  # fmt: skip
@click.option(
    "--var-file", "var_files", multiple=True, type=click.Path(exists=True), metavar="F",
    help="The same from a file, as for chaos run: .yaml or .json with configuration and secrets, or .env.",
)  # fmt: skip
@click.option(
    "--control-file", "controls", multiple=True, type=click.Path(exists=True, resolve_path=True), metavar="F",
    help="Controls for this run, as for chaos run.",
)  # fmt: skip
@click.option(
    "--server", type=ADDRESS, help="A running console that is to do it, http://127.0.0.1:8000 for example."
)
@click.option(
    "--wait/--no-wait",
    default=True,
    help="Wait for the verdict, or leave a console to it.  [default: --wait]",
)
@click.option("--check", is_flag=True, help="Say what preflight finds, and start nothing.")
@click.option(
    "--accept",
    multiple=True,
    type=click.Choice(["unproven", "cost"]),
    help="A refusal of preflight that you take upon yourself.",
)
@click.option(
    "--queue", is_flag=True, help="Wait while another run uses the same store, or works in the same folder."
)
@click.option(
    "--key", metavar="K", help="The same command with the same key is the same run, not a second one."
)
@click.option(
    "--stop-if", multiple=True, metavar="'SIGNAL>20 for 60s'",
    help="End the run with a rollback as soon as it is so. 'SIGNAL<1', 'no data for 30s', 'alarm:NAME', too.",
)  # fmt: skip
@click.option(
    "--dry", type=click.Choice(["probes", "actions", "activities", "pause"]), help="Play it without these."
)
@click.option(
    "--rollback-strategy", type=click.Choice(["always", "default", "never", "deviated"]),
    help="[default: the experiment's, else always]",
)  # fmt: skip
@click.option(
    "--hypothesis-frequency", type=SECONDS, metavar="SECONDS", help="Between two looks during the method."
)
@click.option("--fail-fast", is_flag=True, help="End with the first look during the method that misses.")
@click.option("--junit", type=FILE, metavar="F", help="Leave a JUnit test suite there.")
@click.option("--journal", type=FILE, metavar="F", help="Leave Chaos Toolkit's journal there, byte for byte.")
@click.option(
    "--report", type=FILE, metavar="F", help="Leave a report there: .html, .md or .json, by the suffix."
)
@click.option(
    "--output", type=click.Choice(["text", "json"]), default="text", help="json: one document, at the end."
)
@WHERE
def run(
    *, server: str | None, check: bool, variables: tuple[str, ...], var_files: tuple[str, ...], stop_if: tuple[str, ...],
    folder: Path, **words: Any,
) -> int:  # fmt: skip
    """Run an experiment and wait for its verdict. Ctrl-C rolls back, and waits.

    ID is an experiment under experiments/, FILE any file (or address) that `chaos run` takes; a file runs where you
    are, with your own environment variables. With --server a console does it; without, it is done right here, as
    safely: ledger, guardian, deadline and preflight are the same, and need no console.

    \b
    Exit codes: 0 held
      1    deviated
      2    a mistake in what was asked; nothing was played
      3    not started: refused, or not steady before; nothing was armed
      4    inconclusive: the fault never armed or never fired, for example
      5    stopped, and rolled back
      6    failed: the experiment itself broke
      7    lost sight of: A FAULT MAY STILL BE ARMED; stderr has the next command
      69   the console or AWS does not answer; nothing was played
      70   Game day itself broke, or a file could not be written
      130  interrupted before anything was started

    \b
    Examples:
      gameday run serverless-etl/exp_2-strict --check
      gameday run serverless-etl/exp_2-strict --stop-if 'messages-in-flight>20 for 60s' --junit junit.xml
      gameday run serverless-etl/exp_2-strict --server https://gameday.internal --environment staging
    """  # noqa: D301  click wants the sign itself
    from dataclasses import replace

    from app.cli.run import main, unplayed
    from app.cli.run.asked import Asked
    from app.cli.run.asked import variables as read_variables
    from app.cli.run.stop_if import condition
    from app.cli.run.var_files import read

    asked = Asked(folder=folder.resolve(), **words)
    with unplayed.told(asked, server):
        stop = tuple(condition(one) for one in stop_if)
        given = read(var_files, read_variables(variables), server=server)
        asked = replace(asked, **vars(given), stop=stop)
        if server:
            return main.check_there(asked, server) if check else main.run_there(asked, server)
        return main.check_here(asked) if check else main.run_here(asked)
