"""`gameday run`: start an experiment on a running console, and wait for what it teaches."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import click
import httpx

from app.cli.rooms import signed
from app.errors import Conflict, GamedayError, Invalid, NotFound, Unavailable

# One exit code a verdict. 1 is "the hypothesis did not hold", as for `chaos run`; 2 is a mistake in what was asked.
CODES = {"held": 0, "deviated": 1, "not started": 3, "inconclusive": 4, "stopped": 5, "failed": 6}
SIGNS = {"ok": "✓", "warning": "▲", "refusal": "✕"}
LOOK_EVERY = 1.0  # seconds
PATIENCE = 60.0
ERRORS: Mapping[int, type[GamedayError]] = {
    401: Invalid,
    403: Invalid,
    404: NotFound,
    409: Conflict,
    422: Invalid,
}


def run(server: str, experiment: str, body: Mapping[str, Any], *, wait: bool) -> int:
    """The exit code: one a verdict; 0 where nobody waits for it."""
    started = _asked("POST", server, f"/experiments/{experiment}/run", json=dict(body))
    click.echo(
        f"Run {started['id']} of {experiment} in {started['environment']}: {server}/runs/{started['id']}"
    )
    if not wait:
        return 0
    try:
        over = _ended(server, int(started["id"]))
    except KeyboardInterrupt:
        click.echo("Rolling back…", err=True)
        done = _asked("POST", server, f"/runs/{started['id']}/rollback")
        click.echo(done["sentence"], err=True)
        over = _ended(server, int(started["id"]))
    click.echo(f"{over['verdict']}: {over['verdict_reason']}")
    for fault in over["faults"]:
        click.echo(
            f"  {fault['sentence']}: {fault['state']}, {fault['phase']}. {fault['outcome'] or ''}".rstrip()
        )
    return CODES[over["verdict"]]


def check(server: str, experiment: str, environment: str | None) -> int:
    """Preflight alone. 0 where it may start, 3 where it would be refused."""
    query = {"environment": environment} if environment else {}
    told = _asked("GET", server, f"/api/experiments/{experiment}/preflight", params=query)
    for finding in told["findings"]:
        remedy = f" {finding['remedy']}" if finding["remedy"] and finding["level"] != "ok" else ""
        click.echo(f"{SIGNS[finding['level']]} {finding['sentence']}{remedy}")
    accept = (
        f" Or take it upon yourself: --accept {' --accept '.join(told['accept'])}" if told["accept"] else ""
    )
    click.echo("It may start." if told["ready"] else f"It would be refused.{accept}")
    return 0 if told["ready"] else CODES["not started"]


def _ended(server: str, run_id: int) -> dict[str, Any]:
    """Wait for the verdict; each step of the run's journal is told as it comes."""
    seen = ""
    while True:
        run: dict[str, Any] = _asked("GET", server, f"/api/runs/{run_id}")
        if run["status"] != seen:
            seen = run["status"]
            click.echo(f"  {seen}")
        if run["verdict"] is not None:
            return run
        time.sleep(LOOK_EVERY)


def _asked(method: str, server: str, path: str, **given: Any) -> Any:
    try:
        answer = httpx.request(
            method, f"{server.rstrip('/')}{path}", timeout=PATIENCE, headers=signed(), **given
        )
    except httpx.HTTPError as error:
        raise Unavailable(f"{server} does not answer ({error}). Start one: gameday serve") from error
    if answer.is_success:
        return answer.json()
    raise ERRORS.get(answer.status_code, Unavailable)(_why(answer))


def _why(answer: httpx.Response) -> str:
    try:
        told = answer.json()
    except ValueError:
        return f"The console answered {answer.status_code}."
    accept: Sequence[str] = told.get("accept") or ()
    more = f" Take it upon yourself with --accept {accept[0]}." if accept else ""
    return f"{told.get('detail') or told.get('title')}{more}"
