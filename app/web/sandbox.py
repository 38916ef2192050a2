"""The example pipeline: its counts, its traffic, its handler, and the lab walked step by step."""

from __future__ import annotations

import threading
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from app.access import Need
from app.console import Console
from app.errors import Invalid, NotFound
from app.sandbox.control import Control, SandboxState
from app.web.answers import SEE_OTHER, answered
from app.web.asked import Form, Place, Rooms, Shown
from app.web.errors import is_fragment
from app.web.etags import IfMatch, etag_of, require_match
from app.web.guards import needs
from app.web.panels import Page

pages = APIRouter(include_in_schema=False, dependencies=[needs(Need.SEE)])
api = APIRouter(prefix="/api/sandbox", tags=["sandbox"])
changing = APIRouter(include_in_schema=False, dependencies=[needs(Need.SANDBOX)])


CHANGING = threading.Lock()  # what was compared is what is changed


class Change(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", strict=True)

    variant: Annotated[str | None, Field(description="Of the handler.", examples=["waits"])] = None
    rate: Annotated[float | None, Field(ge=0, description="Objects a second.", examples=[20])] = None


@api.get("", dependencies=[needs(Need.SEE)], response_model=SandboxState)
def state(console: Rooms) -> JSONResponse:
    """Counts along the example pipeline, its traffic and its handler. 404 where there is no sandbox."""
    return _told(control(console).state())


@api.patch("", dependencies=[needs(Need.SANDBOX)], response_model=SandboxState)
def change(request: Request, console: Rooms, asked: Change, if_match: IfMatch = None) -> JSONResponse:
    """Another handler, another rate of traffic. Answers once new invocations run the handler.

    With `If-Match`, only where both are as they were read: else 412.
    """
    del if_match  # described by it; read by `require_match`
    sandbox = control(console)
    with CHANGING:
        require_match(request, _etag(sandbox.state()), needed=False)
        if asked.rate is not None:
            sandbox.set_rate(asked.rate)
        if asked.variant is not None:
            sandbox.set_variant(asked.variant)
        return _told(sandbox.state())


def _told(state: SandboxState) -> JSONResponse:
    answer = answered(state)
    answer.headers["ETag"] = _etag(state)
    return answer


def _etag(state: SandboxState) -> str:
    """Of what people choose, not of what flows."""
    return etag_of([state.rate, state.variant])


@pages.get("/sandbox")
def index(request: Request, place: Place, show: Shown) -> HTMLResponse:
    return show.page(request, "sandbox/index.html", Page(name="sandbox", environment=place.name))


@changing.post("/sandbox/variant")
def variant(request: Request, fields: Form, console: Rooms, show: Shown) -> Response:
    """Returns once new invocations run it."""
    name = fields.get("variant", "")
    control(console).set_variant(name)
    return _done(request, show, f"The handler is now {name}.")


@changing.post("/sandbox/rate")
def rate(request: Request, fields: Form, console: Rooms, show: Shown) -> Response:
    try:
        objects = float(fields.get("rate", ""))
    except ValueError:
        raise Invalid("The rate is a number of objects a second.") from None
    control(console).set_rate(objects)
    return _done(request, show, f"Traffic is now {objects:g} objects a second.")


def control(console: Console) -> Control:
    if console.sandbox is None:
        raise NotFound("This console runs without the sandbox. `gameday sandbox` starts both.")
    return console.sandbox


def _done(request: Request, show: Shown, sentence: str) -> Response:
    if is_fragment(request):
        return show.fragment("components/_said.html", sentence=sentence, seconds=None, safe=True)
    return RedirectResponse("/sandbox", status_code=SEE_OTHER)
