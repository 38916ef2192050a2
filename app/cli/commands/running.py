"""gameday run."""

from __future__ import annotations

import click


@click.command()
@click.argument("experiment")
@click.option("--server", default="http://127.0.0.1:8000", show_default=True, help="A running console.")
@click.option("--environment", help="Where.  [default: the console's]")
@click.option("--check", is_flag=True, help="Say what preflight finds, and start nothing.")
@click.option(
    "--accept", multiple=True, help="A refusal of preflight that you take upon yourself: unproven, cost."
)
@click.option("--no-wait", is_flag=True, help="Do not wait for the verdict.")
def run(
    experiment: str,
    server: str,
    environment: str | None,
    accept: tuple[str, ...],
    *,
    check: bool,
    no_wait: bool,
) -> int:
    """Run an experiment on a console and wait for its verdict. Ctrl-C rolls back, and waits.

    Exit codes: 0 held, 1 deviated, 2 a mistake in what was asked, 3 not started, 4 inconclusive (the fault never
    armed or never fired, for example), 5 stopped, 6 failed.
    """
    from app.cli.running import check as look
    from app.cli.running import run as start

    if check:
        return look(server, experiment, environment)
    body = {"environment": environment, "accept": list(accept)}
    return start(server, experiment, {k: v for k, v in body.items() if v}, wait=not no_wait)
