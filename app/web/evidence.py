"""What the logs show of a run's fault, and one invocation's lines, at a click."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, JSONResponse

from app.access import Need
from app.web.answers import answered, evidence_json, line_json
from app.web.asked import Place, Rooms, RowId, Shown, Time
from app.web.errors import is_fragment
from app.web.evidenced import evidence_card
from app.web.guards import needs
from app.web.panels import Page
from app.web.shapes import Shape

pages = APIRouter(include_in_schema=False, dependencies=[needs(Need.SEE)])
api = APIRouter(prefix="/api", tags=["evidence"], dependencies=[needs(Need.SEE)])
Since = Annotated[Time, Query(description="Where the log is begun to be read, such as a fault's armed_at.")]


class LogLine(Shape):
    at: datetime
    request_id: str | None
    text: str
    intercepted: bool
    function: str


class Invocation(Shape):
    request_id: str
    ms: float | None
    intercepted: int
    function: str


class Evidence(Shape):
    """What the functions' logs show of the run's newest fault. `can_see` false: nothing is proven either way; `why` says it."""

    run: int
    since: datetime | None
    invocations: int
    hit: int
    can_see: bool
    why: str
    lines: list[LogLine]
    expensive: list[Invocation]


@api.get("/runs/{run_id:int}/evidence", response_model=Evidence)
def of_run(run_id: RowId, console: Rooms) -> JSONResponse:
    """Invocations hit, the newest lines, the most expensive invocations; once the run has ended, as it kept them."""
    run = console.runs.get(run_id)
    return answered(evidence_json(run, evidence_card(console, run.environment, run)))


@api.get("/requests/{function}/{request_id}", response_model=list[LogLine])
def lines(function: str, request_id: str, since: Since, place: Place, console: Rooms) -> JSONResponse:
    """Every line that the log has of one invocation, the oldest first."""
    found = console.evidence.request(place.name, function, request_id, since)
    return answered([line_json(line) for line in found])


@pages.get("/requests/{function}/{request_id}")
def request_lines(  # noqa: PLR0917  FastAPI passes them by name
    request: Request,
    function: str,
    request_id: str,
    since: Time,
    place: Place,
    console: Rooms,
    show: Shown,
) -> HTMLResponse:
    lines = console.evidence.request(place.name, function, request_id, since)
    words: dict[str, Any] = {"lines": lines, "function": function, "request_id": request_id}
    if is_fragment(request):
        return show.fragment("evidence/_request.html", **words)
    return show.page(request, "evidence/request.html", Page(name="request", environment=place.name), **words)
