"""The environment now: what is armed, what is outside, where the run is. And every page's stream."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.responses import HTMLResponse

from app.access import Need
from app.web.asked import COOKIE, Place, Rooms, Shown, Streamed, row_id
from app.web.guards import needs, still_allowed
from app.web.panels import Page
from app.web.story import what_they_arm

routes = APIRouter(include_in_schema=False, dependencies=[needs(Need.SEE)])
PAGES = (
    "live",
    "experiments",
    "experiment",
    "runs",
    "run",
    "faults",
    "sandbox",
    "docs",
    "error",
    "request",
    "notifications",
    "usage",
    "schedules",
    "schedule",
    "calendar",
)


@routes.get("/")
def live(
    request: Request, place: Place, show: Shown, console: Rooms, experiment: str | None = None
) -> HTMLResponse:
    page = Page(name="live", environment=place.name, subject=experiment)
    answer = show.page(
        request,
        "live/show.html",
        page,
        experiments=console.catalog.all(),
        faults=what_they_arm(console, place),
    )
    if "environment" in request.query_params:
        answer.set_cookie(COOKIE, place.name, httponly=True, samesite="strict")
    return answer


def _page(
    place: Place,
    console: Rooms,
    page: Annotated[str, Query(pattern=f"^({'|'.join(PAGES)})$")],
    subject: str | None = None,
) -> Page:
    """NotFound before the stream begins, where its subject is not there."""
    if page == "run":
        console.runs.get(row_id(subject or ""))
    elif page == "experiment":
        console.catalog.load(subject or "")
    return Page(name=page, environment=place.name, subject=subject or None)


@routes.get("/stream", response_class=EventSourceResponse)
async def stream(
    request: Request, streams: Streamed, page: Annotated[Page, Depends(_page)]
) -> AsyncIterator[ServerSentEvent]:
    """What changes on a page, as named events: fragments, and data for charts and title."""
    async for event in streams.page(page, still_allowed(request)):
        yield event
