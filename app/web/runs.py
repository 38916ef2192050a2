"""Runs: the list, one of them, what it left behind, its events as they happen, and its end."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from app.access import Need
from app.console import Console
from app.errors import NotFound
from app.runs import Run, RunStatus, Verdict, Wanted
from app.runs.kept import LARGEST_JOURNAL
from app.web import shapes
from app.web.answers import SEE_OTHER, answered, fault_json, run_json
from app.web.asked import LARGEST_ID, Place, Rooms, RowId, Shown, Streamed, Time, Who, row_id
from app.web.costs import run_costs
from app.web.errors import is_fragment, wants_page
from app.web.guards import needs, still_allowed
from app.web.paging import PAGED, Cursor, Limit, page_of
from app.web.panels import Page

pages = APIRouter(include_in_schema=False, dependencies=[needs(Need.SEE)])
api = APIRouter(prefix="/api/runs", tags=["runs"], dependencies=[needs(Need.SEE)])
ending = APIRouter(tags=["runs"], dependencies=[needs(Need.DISARM)])
Wait = Annotated[
    int | None, Query(ge=1, le=3600, description="Seconds to wait for the verdict before answering.")
]


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
    page = Page(name="run", environment=environment, subject=str(run_id))
    return show.page(request, "runs/show.html", page, run=run)


def _wanted(  # noqa: PLR0917  FastAPI passes them by name
    experiment: str | None = None,
    environment: str | None = None,
    status: RunStatus | None = None,
    verdict: Verdict | None = None,
    requested_by: str | None = None,
    schedule: Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="Started by that one.")] = None,
    since: Annotated[Time | None, Query(description="Asked for at or after that time.")] = None,
    until: Annotated[Time | None, Query(description="Asked for before that time.")] = None,
) -> Wanted:
    return Wanted(
        experiment=experiment, environment=environment, status=status, verdict=verdict, requested_by=requested_by,
        schedule=schedule, since=since, until=until,
    )  # fmt: skip


@api.get("", response_model=list[shapes.Run], responses=PAGED)
def listed(
    request: Request,
    console: Rooms,
    wanted: Annotated[Wanted, Depends(_wanted)],
    before: Cursor,
    limit: Limit = 50,
) -> JSONResponse:
    """Runs, the newest first. `Link: …; rel="next"` where there are more."""
    found = console.runs.find(wanted, limit=limit + 1, before=before)
    rows = all_told(console, found[:limit])
    return page_of(request, found, limit, lambda run: run.id, lambda run: rows[run.id])


@api.get("/{run_id:int}", response_model=shapes.Run)
async def one(
    request: Request, run_id: RowId, console: Rooms, streams: Streamed, wait: Wait = None
) -> Response:
    """A run; with `wait`, once its verdict is given, or as it is after that many seconds."""
    if wait is not None:
        await to_thread.run_sync(console.runs.get, run_id)
        await streams.verdict(run_id, wait, request.is_disconnected)
    return await to_thread.run_sync(lambda: answered(told(console, console.runs.get(run_id))))


@api.get("/{run_id:int}/timeline", response_model=list[shapes.Step])
def timeline(run_id: RowId, console: Rooms) -> JSONResponse:
    """What was done, what is happening, what comes next."""
    return answered([asdict(step) for step in console.runs.timeline(console.runs.get(run_id))])


@api.get(
    "/{run_id:int}/journal",
    response_class=Response,
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}},
)
def journal(run_id: RowId, console: Rooms) -> Response:
    """Chaos Toolkit's journal, byte for byte. 404 before the run's end, and where what it left is not read."""
    kept = console.runs.journal(run_id)
    if kept is None:
        raise NotFound(
            f"Run {run_id} has no journal that is read: it is written once, at the run's end, as a regular file of at "
            f"most {LARGEST_JOURNAL // 1024**2} MiB."
        )
    return Response(kept, media_type="application/json")


@api.get("/{run_id:int}/console", response_class=PlainTextResponse)
def console_log(run_id: RowId, console: Rooms) -> Response:
    """What the run has printed so far; of more than 8 MiB the end, which the first line says then."""
    log = console.runs.console_log(console.runs.get(run_id)) or b""
    return Response(log, media_type="text/plain; charset=utf-8")


@api.get("/{run_id:int}/events", response_class=EventSourceResponse)  # noqa: FAST003  the run is found by it
async def events(
    request: Request, streams: Streamed, run: FoundRun, after: After
) -> AsyncIterator[ServerSentEvent]:
    """Events after `Last-Event-ID`, from the table; then as they happen, until the verdict."""
    async for event in streams.run(run, after, still_allowed(request)):
        yield event


@ending.post("/runs/{run_id:int}/rollback", response_model=shapes.Rollback)
def rollback(request: Request, run_id: RowId, console: Rooms, show: Shown, who: Who) -> Response:
    """Disarm first, then end the run. Any number of times, at any moment; says what happened."""
    began = time.monotonic()
    by_button = is_fragment(request) or wants_page(request)
    done = console.runs.rollback(run_id, by=who, told=None if by_button else f"{who} asked for a rollback.")
    seconds = time.monotonic() - began
    if is_fragment(request):
        return show.fragment(
            "components/_said.html", sentence=done.sentence, seconds=seconds, safe=done.disarmed
        )
    if wants_page(request):
        return RedirectResponse(f"/runs/{run_id}", status_code=SEE_OTHER)
    now = console.clock.now()
    entries = [fault_json(entry, now) for entry in done.entries]
    words = {"sentence": done.sentence, "disarmed": done.disarmed, "seconds": round(seconds, 3)}
    return answered({**words, "faults": entries, "run": told(console, done.run)})


def told(console: Console, run: Run) -> dict[str, Any]:
    return all_told(console, [run])[run.id]


def all_told(console: Console, runs: Sequence[Run]) -> dict[int, dict[str, Any]]:
    """By run; asks as often for many as for one."""
    faults = console.faults.for_runs([str(run.id) for run in runs])
    places, costs, now = console.runs.line.places(runs), run_costs(console, runs), console.clock.now()
    return {
        run.id: {**run_json(run, faults[str(run.id)], places.get(run.id), now=now), "cost": costs[run.id]}
        for run in runs
    }
