"""Is it us? What game days do to an environment right now, for other teams' bots."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.encoders import jsonable_encoder
from starlette.responses import Response

from app.access import Need
from app.faults import Entry
from app.faults.entry import Phase
from app.faults.telling import share
from app.runs import Run
from app.web.asked import Rooms
from app.web.console import Console
from app.web.guards import needs

api = APIRouter(prefix="/api", tags=["active"], dependencies=[needs(Need.SEE)])
NOT_QUIET = (Phase.PROPAGATING, Phase.SETTLING, Phase.STUCK)
FRESH = "private, max-age=5"
Filter = Annotated[str | None, Query(max_length=300)]


@api.get("/active")
def active(
    console: Rooms,
    environment: Filter = None,
    function: Annotated[str | None, Query(max_length=300, description="name or ARN")] = None,
    account: Filter = None,
    if_none_match: Annotated[str, Header()] = "",
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
    body = json.dumps(jsonable_encoder({"active": bool(told["faults"] or told["runs"]), **told})).encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": FRESH}
    if tag in if_none_match:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


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
