"""One invocation's lines, at a click."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from app.access import Need
from app.web.asked import Place, Rooms, Shown
from app.web.errors import is_fragment
from app.web.guards import needs
from app.web.panels import Page

pages = APIRouter(include_in_schema=False, dependencies=[needs(Need.SEE)])


@pages.get("/requests/{function}/{request_id}")
def request_lines(  # noqa: PLR0917  FastAPI passes them by name
    request: Request,
    function: str,
    request_id: str,
    since: datetime,
    place: Place,
    console: Rooms,
    show: Shown,
) -> HTMLResponse:
    lines = console.evidence.request(place.name, function, request_id, since)
    words: dict[str, Any] = {"lines": lines, "function": function, "request_id": request_id}
    if is_fragment(request):
        return show.fragment("evidence/_request.html", **words)
    return show.page(request, "evidence/request.html", Page(name="request", environment=place.name), **words)
