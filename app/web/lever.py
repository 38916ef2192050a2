"""The safety lever: engaged, everything is disarmed and interrupted, and nothing arms until a person disengages it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, RedirectResponse, Response

from app.access import Need
from app.console import Console
from app.errors import Invalid
from app.faults import Lever
from app.runs import Run
from app.web import shapes
from app.web.answers import SEE_OTHER, answered, lever_json
from app.web.asked import Form, Rooms, Shown, Who
from app.web.errors import is_fragment
from app.web.etags import IfMatch, etag_of, require_match
from app.web.guards import needs, require
from app.web.words import plural

LONGEST_WHY = 500  # characters
api = APIRouter(prefix="/api/safety-lever", tags=["safety lever"])
pages = APIRouter(include_in_schema=False)


class Pull(BaseModel):
    """`environment` null: the lever of all environments."""

    model_config = ConfigDict(extra="forbid", strict=True)

    engaged: bool
    why: Annotated[str, Field(max_length=LONGEST_WHY)] = ""
    environment: str | None = None


@api.get("", dependencies=[needs(Need.SEE)], response_model=list[shapes.Lever])
def levers(console: Rooms) -> JSONResponse:
    """Every lever that was ever touched, as it stands."""
    answer = answered([lever_json(lever) for lever in console.faults.lever.all()])
    answer.headers["ETag"] = _etag(console)
    return answer


@api.put("", dependencies=[needs(Need.DISARM)], response_model=shapes.Pulled)
def pull(request: Request, asked: Pull, console: Rooms, who: Who, if_match: IfMatch = None) -> JSONResponse:
    """Engage: disarms all that is armed, interrupts every run, refuses what would arm. Or disengage.

    `If-Match` is looked at for disengaging only: nothing stands in the way of engaging.
    """
    del if_match  # described by it; read by `require_match`
    if not asked.engaged:
        require_match(request, _etag(console), needed=False)
    _require(request, asked)
    lever, stopped = _pull(console, asked, who)
    active = console.faults.active(asked.environment)
    return answered(
        {
            **lever_json(lever),
            "interrupted": [run.id for run in stopped],
            "still_armed": [str(entry.store) for entry in active],
        }
    )


@pages.post("/safety-lever", dependencies=[needs(Need.DISARM)])
def pull_by_form(request: Request, fields: Form, console: Rooms, show: Shown, who: Who) -> Response:
    state = fields.get("state")
    if state not in ("engaged", "disengaged"):
        raise Invalid("A safety lever is engaged or disengaged.")
    asked = Pull(
        engaged=state == "engaged",
        why=fields.get("why", "")[:LONGEST_WHY],
        environment=fields.get("environment") or None,
    )
    _require(request, asked)
    lever, stopped = _pull(console, asked, who)
    if not is_fragment(request):
        return RedirectResponse("/faults", status_code=SEE_OTHER)
    left = console.faults.active(asked.environment)
    told = _told(lever, stopped, [str(entry.store) for entry in left])
    return show.fragment("components/_said.html", sentence=told, seconds=None, safe=not left)


def _etag(console: Console) -> str:
    return etag_of([lever_json(lever) for lever in console.faults.lever.all()])


def _require(request: Request, asked: Pull) -> None:
    """Everybody may engage it; to let things start again takes who may arm."""
    if not asked.engaged:
        require(request, Need.ARM)


def _pull(console: Console, asked: Pull, who: str) -> tuple[Lever, list[Run]]:
    words = {"by": who, "why": asked.why.strip()}
    if asked.engaged:
        return console.runs.stop_all(asked.environment, **words)
    return console.faults.disengage(asked.environment, **words), []


def _told(lever: Lever, stopped: list[Run], left: list[str]) -> str:
    if not lever.engaged:
        return f"{lever.sentence}."
    runs = f"{plural(len(stopped), 'run')} told to end. " if stopped else ""
    armed = (
        f"Not disarmed yet: {', '.join(left)}. The guardian keeps trying." if left else "Nothing is armed."
    )
    return f"{lever.sentence}. {runs}{armed}"
