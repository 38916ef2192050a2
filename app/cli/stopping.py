"""`gameday stop-all`: the safety lever by hand, through a running console or without one."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.run.asking import Api, Away

STILL_ARMED = 1  # exit code


def there(server: str, *, environment: str | None, why: str) -> int:
    """Through a running console. Away where it does not answer."""
    body = {"engaged": True, "why": why, "environment": environment}
    try:
        told = Api(server).json("PUT", "/api/safety-lever", json=body)
    except Away as error:
        raise Away(
            f"{error.details.get('said') or error} Whether the lever is engaged is not known. Leave --server out, on its "
            "machine, and name its working folder: --folder."
        ) from error
    for run in told["interrupted"]:
        click.echo(f"Run {run} is being ended.")
    return _over(f"The safety lever is engaged, by {told['by']}.", told["still_armed"])


def here(folder: Path, *, environment: str | None, why: str) -> int:
    """On the folder's own ledger, whether a console runs there or not."""
    from app.cli.rooms import faults_of
    from app.settings import person

    with faults_of(folder) as (_, faults):
        lever = faults.engage(environment, by=person(), why=why)
        left = [str(entry.store) for entry in faults.active(environment) if entry.may_fire]
        return _over(f"{lever.sentence}.", left)


def _over(sentence: str, left: list[str]) -> int:
    click.echo(sentence)
    if not left:
        click.echo("Nothing is armed.")
        return 0
    click.echo(
        f"STILL ARMED: {', '.join(left)}. A console that runs keeps trying; its page has the command.",
        err=True,
    )
    return STILL_ARMED
