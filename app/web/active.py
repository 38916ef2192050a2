"""Is it us? What game days do to an environment right now, for other teams' bots."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from app.access import Need
from app.console import Console
from app.faults import Entry
from app.faults.entry import Phase
from app.faults.telling import share
from app.runs import Run, RunStatus
from app.web.answers import answered
from app.web.asked import Rooms
from app.web.etags import etag_of, unchanged
from app.web.guards import needs
from app.web.shapes import Shape

api = APIRouter(prefix="/api", tags=["active"], dependencies=[needs(Need.SEE)])
NOT_QUIET = (Phase.PROPAGATING, Phase.SETTLING, Phase.STUCK)
FRESH = "private, max-age=5"
NOTE = "Some of it may or may not be what you asked for: an account that AWS has not told, or a store whose readers are not known."
Filter = Annotated[str | None, Query(max_length=300)]


SAME: dict[int | str, dict[str, Any]] = {304: {"description": "Nothing has changed since that ETag."}}


class Certainty(StrEnum):
    """Whether it is of the environment, function and account that were asked for."""

    YES = "yes"
    MAYBE = "not known"  # its account, or who reads its store, is not known


class Somewhere(Shape):
    """`account` and `region` are null where AWS has not told; no `functions`: who reads the store is not known.

    `link`: the console's page.
    """

    id: int
    match: Certainty
    environment: str
    account: str | None
    region: str | None
    functions: list[str]
    since: datetime
    by: str
    link: str


class ActiveFault(Somewhere):
    """`share` of the invocations, such as `50 %`; `until`: its deadline, or when the last warm container is over it."""

    store: str
    sentence: str
    share: str
    phase: Phase
    until: datetime | None
    run: int | None


class ActiveRun(Somewhere):
    experiment: str
    title: str
    status: RunStatus


class Active(Shape):
    """`settling`: disarmed, and maybe still in warm containers; of phase `stuck`: certainly still there.

    `note`: what is not known of it, as a sentence; empty where everything is.
    """

    active: bool
    note: str
    faults: list[ActiveFault]
    settling: list[ActiveFault]
    runs: list[ActiveRun]


@api.get("/active", response_model=Active, responses=SAME)
def active(  # noqa: PLR0917  FastAPI passes them by name
    request: Request,
    console: Rooms,
    environment: Filter = None,
    function: Annotated[str | None, Query(max_length=300, description="name or ARN")] = None,
    account: Filter = None,
    if_none_match: Annotated[str, Header(description="The ETag of what was read.")] = "",
) -> Response:
    """What is armed and running now, and what was disarmed and may still be in warm containers.

    `active` is false where nothing is armed or running, and nothing that was disarmed still fires. With a filter: of that
    environment, function (name or ARN) or account alone, and what may be of it as far as is known: `match` says which.
    Good for five seconds; `If-None-Match` is answered with 304 while nothing changed.
    """
    wanted = {"environment": environment, "account": account, "function": _name(function)}
    now, runs = console.clock.now(), console.runs.active()
    armed = console.faults.for_runs([str(run.id) for run in runs])
    found = {
        "faults": [_fault(console, entry) for entry in console.faults.active()],
        "settling": [
            _fault(console, one) for one in console.faults.settling() if one.phase(now) in NOT_QUIET
        ],
        "runs": [_run(console, run, armed[str(run.id)]) for run in runs],
    }
    answer = _answer({name: _matching(rows, wanted) for name, rows in found.items()})
    headers = {"ETag": etag_of(answer), "Cache-Control": FRESH}
    del if_none_match  # described by it; read by `unchanged`
    if unchanged(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    told = answered(answer)
    told.headers.update(headers)
    return told


def _name(function: str | None) -> str | None:
    """Of a function's ARN, with or without a version behind it."""
    return None if function is None else function.rpartition(":function:")[2].partition(":")[0]


def _answer(told: dict[str, Any]) -> dict[str, Any]:
    fires = any(one["phase"] == Phase.STUCK for one in told["settling"])
    unsure = [one for rows in told.values() for one in rows if one["match"] is Certainty.MAYBE]
    return {"active": bool(told["faults"] or told["runs"] or fires), "note": NOTE if unsure else "", **told}


def _matching(rows: list[dict[str, Any]], wanted: dict[str, str | None]) -> list[dict[str, Any]]:
    """Those that are what is asked for, and those of which that is not known. `readers`: whether all functions are."""
    found = []
    for one in rows:
        whole = one.pop("readers")
        told = {
            "environment": one["environment"] == wanted["environment"],
            "account": None if one["account"] is None else one["account"] == wanted["account"],
            "function": wanted["function"] in one["functions"] or (False if whole else None),
        }
        judged = [told[name] for name, value in wanted.items() if value is not None]
        if False not in judged:
            found.append({**one, "match": Certainty.MAYBE if None in judged else Certainty.YES})
    return found


def _where(console: Console, environment: str) -> dict[str, Any]:
    known = environment in console.settings.environments
    found = console.aws.identity(environment) if known else None
    return {
        "environment": environment,
        "account": found.account if found else None,
        "region": found.region if found else None,
    }


def _fault(console: Console, entry: Entry) -> dict[str, Any]:
    page = f"/runs/{entry.run_id}" if entry.run_id else "/faults"
    return {
        "id": entry.id, **_where(console, entry.environment), "store": str(entry.store),
        "functions": list(entry.functions), "readers": bool(entry.functions), "sentence": entry.sentence, "share": share(entry),
        "phase": str(entry.phase(console.clock.now())), "since": entry.armed_at or entry.created_at,
        "until": entry.disarm_by if entry.active else entry.settles_at, "by": entry.by,
        "run": None if entry.run_id is None else int(entry.run_id), "link": f"{console.settings.address}{page}",
    }  # fmt: skip


def _run(console: Console, run: Run, entries: Sequence[Entry]) -> dict[str, Any]:
    where = _where(console, run.environment)
    where |= {"account": run.account or where["account"], "region": run.region or where["region"]}
    return {
        "id": run.id, **where, "experiment": run.experiment, "title": run.title, "readers": _readers(run, entries),
        "functions": sorted({name for entry in entries for name in entry.functions}), "status": str(run.status),
        "since": run.started_at or run.created_at, "by": run.requested_by,
        "link": f"{console.settings.address}/runs/{run.id}",
    }  # fmt: skip


def _readers(run: Run, entries: Sequence[Entry]) -> bool:
    """Whether every function that it touches is known: what it has yet to arm, and what nobody can undo, is not."""
    if run.waiting:  # it touches nothing yet
        return True
    armed = {str(entry.store) for entry in entries}
    to_come = set(run.facts.get("stores", ())) - armed
    return not (to_come or run.facts.get("unproven")) and all(entry.functions for entry in entries)
