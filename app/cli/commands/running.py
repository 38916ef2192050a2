"""gameday run."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.commands.folder import WHERE

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("experiment", metavar="ID|FILE")
@click.option("--environment", help="Where.  [default: the console's]")
@click.option(
    "--var", "var", multiple=True, metavar="KEY=VALUE", help="For the configuration; KEY:int=VALUE, too."
)
@click.option("--server", help="A running console that is to do it, for example http://127.0.0.1:8000.")
@click.option("--wait/--no-wait", default=True, help="Wait for the verdict.  [default: --wait]")
@click.option("--check", is_flag=True, help="Say what preflight finds, and start nothing.")
@click.option("--accept", multiple=True, help="A refusal of preflight that you take upon yourself: unproven.")
@click.option("--journal", type=FILE, help="Keep Chaos Toolkit's journal there.")
@click.option("--rollback-strategy", type=click.Choice(["always", "default", "never", "deviated"]))
@click.option("--dry", type=click.Choice(["probes", "actions", "activities", "pause"]))
@click.option("--hypothesis-frequency", type=float)
@click.option("--fail-fast", is_flag=True)
@WHERE
def run(
    experiment: str, server: str | None, *, wait: bool, check: bool, var: tuple[str, ...], **words: object
) -> int:
    """Run an experiment and wait for its verdict. Ctrl-C rolls back, and waits.

    Exit codes: 0 held, 1 deviated, 2 a mistake in what was asked, 3 not started, 4 inconclusive (the fault never
    armed or never fired, for example), 5 stopped, 6 failed.
    """
    from app.cli.run.asked import Asked, variables

    folder = Path(str(words.pop("folder"))).resolve()
    asked = Asked(source=experiment, folder=folder, wait=wait, variables=variables(var), **words)  # type: ignore[arg-type]
    if server:
        from app.cli.run.there import check as look
        from app.cli.run.there import run as start

        if check:
            return look(server, experiment, asked.environment)
        return start(server, experiment, asked.body, wait=wait)
    from app.cli.run.main import run as here

    return here(asked)
