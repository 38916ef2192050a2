"""Runs: the list, one of them, what it left behind, its events as they happen, and its end."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.encoders import jsonable_encoder
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from app.access import Need
from app.errors import NotFound
from app.runs import Run
from app.web.answers import fault_json, run_json
from app.web.asked import Place, Rooms, RowId, Shown, Streamed, Who, row_id
from app.web.console import Console
from app.web.errors import is_fragment, wants_page
from app.web.guards import needs, still_allowed
from app.web.panels import Page
from app.web.usage import run_cost

pages = APIRouter(include_in_schema=False, dependencies=[needs(Need.SEE)])
api = APIRouter(prefix="/api/runs", tags=["runs"], dependencies=[needs(Need.SEE)])
ending = APIRouter(tags=["runs"], dependencies=[needs(Need.DISARM)])
SEE_OTHER = 303


def _found(run_id: RowId, console: Rooms) -> Run:
    return console.runs.get(run_id)


def _after(last_event_id: Annotated[str, Header()] = "") -> int:
    return row_id(last_event_id) if last_event_id else 0


After = Annotated[int, Depends(_after)]
FoundRun = Annotated[Run, Depends(_found)]


@pages.get("/runs")
def index(request: Request, place: Place, show: Shown) -> HTMLResponse:
    return show.page(request, "runs/index.html", Page(name="runs", environment=place.name))


@pages.get("/runs/{run_id:int}")
def page(request: Request, run_id: RowId, show: Shown, console: Rooms) -> HTMLResponse:
    run = console.runs.get(run_id)
    known = run.environment in console.settings.environments
    environment = run.environment if known else console.settings.default_environment
    log = console.runs.console_log(run_id) or b""
    page = Page(name="run", environment=environment, subject=str(run_id))
    return show.page(
        request, "runs/show.html", page, run=run, log=log[-20_000:].decode(errors="replace"),
        cost=run_cost(console, run.id, run.environment),
    )  # fmt: skip


@api.get("")
def listed(
    console: Rooms,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    experiment: str | None = None,
    environment: str | None = None,
) -> list[dict[str, Any]]:
    """The newest first."""
    found = console.runs.list(limit, experiment=experiment, environment=environment)
    return [told(console, run) for run in found]


@api.get("/{run_id:int}")
def one(run_id: RowId, console: Rooms) -> dict[str, Any]:
    return told(console, console.runs.get(run_id))


@api.get("/{run_id:int}/journal")
def journal(run_id: RowId, console: Rooms) -> Response:
    """Chaos Toolkit's journal, byte for byte. 404 before the run's end."""
    kept = console.runs.journal(run_id)
    if kept is None:
        raise NotFound(f"Run {run_id} has no journal: it is written once, at the run's end.")
    return Response(kept, media_type="application/json")


@api.get("/{run_id:int}/console")
def console_log(run_id: RowId, console: Rooms) -> Response:
    """What the run has printed so far."""
    log = console.runs.console_log(run_id) or b""
    return Response(log, media_type="text/plain; charset=utf-8")


@api.get("/{run_id:int}/events", response_class=EventSourceResponse)  # noqa: FAST003  the run is found by it
async def events(
    request: Request, streams: Streamed, run: FoundRun, after: After
) -> AsyncIterator[ServerSentEvent]:
    """Events after `Last-Event-ID`, from the table; then as they happen, until the verdict."""
    async for event in streams.run(run, after, still_allowed(request)):
        yield event


@ending.post("/runs/{run_id:int}/rollback")
def rollback(request: Request, run_id: RowId, console: Rooms, show: Shown, who: Who) -> Response:
    """Disarm first, then end the run. Any number of times, at any moment; says what happened."""
    began = time.monotonic()
    done = console.runs.rollback(run_id, by=who)
    seconds = time.monotonic() - began
    if is_fragment(request):
        return show.fragment(
            "components/_said.html", sentence=done.sentence, seconds=seconds, safe=done.disarmed
        )
    if wants_page(request):
        return RedirectResponse(f"/runs/{run_id}", status_code=SEE_OTHER)
    entries = [fault_json(entry) for entry in done.entries]
    words = {"sentence": done.sentence, "disarmed": done.disarmed, "seconds": round(seconds, 3)}
    return answered({**words, "faults": entries, "run": told(console, done.run)})


def told(console: Console, run: Run) -> dict[str, Any]:
    entries = console.faults.for_run(str(run.id))
    return {**run_json(run, entries), "cost": run_cost(console, run.id, run.environment)}


def answered(body: Any, *, status: int = 200, location: str | None = None) -> JSONResponse:
    return JSONResponse(
        jsonable_encoder(body), status_code=status, headers={"Location": location} if location else None
    )
