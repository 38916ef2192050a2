"""Is it us? What game days do to an environment right now, for other teams' bots."""

from __future__ import annotations

from datetime import datetime
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
Filter = Annotated[str | None, Query(max_length=300)]


SAME: dict[int | str, dict[str, Any]] = {304: {"description": "Nothing has changed since that ETag."}}


class Somewhere(Shape):
    """`account` and `region` are null where AWS has not told. `link`: the console's page."""

    id: int
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
    """`settling`: disarmed, and maybe still in warm containers."""

    active: bool
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

    `active` is false where nothing is armed or running. With a filter: of that environment, function (name or ARN)
    or account alone. Good for five seconds; `If-None-Match` is answered with 304 while nothing changed.
    """
    wanted = {"environment": environment, "account": account, "function": _name(function)}
    faults = [_fault(console, entry) for entry in console.faults.active()]
    settling = [
        _fault(console, entry)
        for entry in console.faults.settling()
        if entry.phase(console.clock.now()) in NOT_QUIET
    ]
    runs = [_run(console, run) for run in console.runs.active()]
    told = {
        "faults": [one for one in faults if _matches(one, wanted)],
        "settling": [one for one in settling if _matches(one, wanted)],
        "runs": [one for one in runs if _matches(one, wanted)],
    }
    answer = {"active": bool(told["faults"] or told["runs"]), **told}
    headers = {"ETag": etag_of(answer), "Cache-Control": FRESH}
    del if_none_match  # described by it; read by `unchanged`
    if unchanged(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    found = answered(answer)
    found.headers.update(headers)
    return found


def _name(function: str | None) -> str | None:
    """Of a function's ARN, with or without a version behind it."""
    return None if function is None else function.rpartition(":function:")[2].partition(":")[0]


def _matches(one: dict[str, Any], wanted: dict[str, str | None]) -> bool:
    if wanted["function"] is not None and wanted["function"] not in one["functions"]:
        return False
    return all(wanted[name] in (None, one[name]) for name in ("environment", "account"))


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
        "functions": list(entry.functions), "sentence": entry.sentence, "share": share(entry),
        "phase": str(entry.phase(console.clock.now())), "since": entry.armed_at or entry.created_at,
        "until": entry.disarm_by if entry.active else entry.settles_at, "by": entry.by,
        "run": None if entry.run_id is None else int(entry.run_id), "link": f"{console.settings.address}{page}",
    }  # fmt: skip


def _run(console: Console, run: Run) -> dict[str, Any]:
    entries = console.faults.for_run(str(run.id))
    return {
        "id": run.id, **_where(console, run.environment), "experiment": run.experiment, "title": run.title,
        "functions": sorted({name for entry in entries for name in entry.functions}), "status": str(run.status),
        "since": run.started_at or run.created_at, "by": run.requested_by,
        "link": f"{console.settings.address}/runs/{run.id}",
    }  # fmt: skip
