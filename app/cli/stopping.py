"""`gameday stop-all`: the safety lever by hand, through a running console or without one."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

import click
import httpx

from app.cli.rooms import let_in, signed
from app.errors import Invalid, Unavailable

STILL_ARMED = 1  # exit code
PATIENCE = 60.0  # seconds; disarming asks AWS


def there(server: str, *, environment: str | None, why: str) -> int:
    """Through a running console. Unavailable where it does not answer."""
    body = {"engaged": True, "why": why, "environment": environment}
    try:
        answer = httpx.put(
            f"{server.rstrip('/')}/api/safety-lever", json=body, timeout=PATIENCE, headers=signed()
        )
    except httpx.HTTPError as error:
        raise Unavailable(
            f"{server} does not answer ({error}). Leave --server out, and name its working folder: --folder."
        ) from error
    if answer.status_code == HTTPStatus.UNAUTHORIZED:
        raise Invalid(let_in(server))
    told = answer.json()
    if answer.is_error:
        raise Unavailable(f"{server} refused: {told.get('detail') or told}")
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
