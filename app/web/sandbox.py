"""The example pipeline: its counts, its traffic, its handler, and the lab walked step by step."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.access import Need
from app.errors import Invalid, NotFound
from app.sandbox.control import Control
from app.web.asked import Form, Place, Rooms, Shown
from app.web.console import Console
from app.web.errors import is_fragment
from app.web.guards import needs
from app.web.panels import Page
from app.web.runs import SEE_OTHER

pages = APIRouter(include_in_schema=False, dependencies=[needs(Need.SEE)])
changing = APIRouter(include_in_schema=False, dependencies=[needs(Need.SANDBOX)])


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
