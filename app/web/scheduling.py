"""The pages of schedules: the list, one of them, the form with its next fires while one types, and the buttons."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.access import Need
from app.console import Console
from app.errors import Invalid
from app.schedules import Schedule, zones
from app.schedules.definition import FIELDS, WHENS
from app.web.answers import SEE_OTHER
from app.web.asked import Form, Place, Rooms, RowId, Shown, Who, row_id
from app.web.errors import is_fragment
from app.web.guards import needs
from app.web.panels import Page
from app.web.schedules import run_now
from app.web.story import what_they_arm

pages = APIRouter(include_in_schema=False, dependencies=[needs(Need.SEE)])
changing = APIRouter(include_in_schema=False, dependencies=[needs(Need.RUN)])
SHOWN, LAST_FIRES = 100, 50
LOCAL_MINUTE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")  # as the browser's own field reads and writes it
FLAGS = ("only_on_business_days", "queue")


@pages.get("/schedules")
def index(request: Request, place: Place, show: Shown, console: Rooms, after: str = "0") -> HTMLResponse:
    found = console.schedules.list(after=row_id(after), limit=SHOWN + 1)
    return show.page(
        request, "schedules/index.html", Page(name="schedules", environment=place.name), schedules=found[:SHOWN],
        more=found[SHOWN - 1].id if len(found) > SHOWN else None, problems=console.schedules.files.problems,
        troubles=console.schedules.calendars.troubles(place), faults=what_they_arm(console, place),
    )  # fmt: skip


@pages.get("/schedules/preview")
def preview(request: Request, show: Shown, console: Rooms) -> HTMLResponse:
    """A fragment: the next fires of what is being typed, or what is wrong with it."""
    return show.fragment("schedules/_preview.html", **previewed(console, fields(dict(request.query_params))))


@pages.get("/schedules/{schedule_id:int}")
def page(request: Request, schedule_id: RowId, place: Place, show: Shown, console: Rooms) -> HTMLResponse:
    schedule = console.schedules.get(schedule_id)
    fires = console.schedules.fires(schedule_id, limit=LAST_FIRES)
    return show.page(
        request, "schedules/show.html", Page(name="schedule", environment=place.name), schedule=schedule,
        upcoming=console.schedules.upcoming(schedule), fires=fires,
        faults=what_they_arm(console, console.settings.environments.get(schedule.environment, place)),
        runs=console.runs.those([fire.run_id for fire in fires if fire.run_id]), **form_of(console, dict(schedule.fields)),
    )  # fmt: skip


@changing.post("/schedules")
def create(request: Request, form: Form, console: Rooms, who: Who) -> Response:
    return _to(request, console.schedules.create(fields(form), by=who))


@changing.post("/schedules/{schedule_id:int}")
def replace(request: Request, schedule_id: RowId, form: Form, console: Rooms) -> Response:
    """Fields that the form does not show stay."""
    version = row_id(form.pop("version", ""))
    hidden = {"variables", "rollback_strategy", "accept", "paused"}
    kept = {key: value for key, value in console.schedules.get(schedule_id).fields.items() if key in hidden}
    return _to(request, console.schedules.replace(schedule_id, kept | fields(form), version=version))


@changing.post("/schedules/{schedule_id:int}/pause")
def pause(request: Request, schedule_id: RowId, console: Rooms, who: Who) -> Response:
    return _to(request, console.schedules.pause(schedule_id, by=who))


@changing.post("/schedules/{schedule_id:int}/resume")
def resume(request: Request, schedule_id: RowId, console: Rooms) -> Response:
    return _to(request, console.schedules.resume(schedule_id))


@changing.post("/schedules/{schedule_id:int}/delete")
def delete(schedule_id: RowId, form: Form, console: Rooms) -> Response:
    """As it was shown: 412 where it has changed since."""
    version = row_id(form["version"]) if "version" in form else None
    console.schedules.delete(schedule_id, version=version)
    return RedirectResponse("/schedules", status_code=SEE_OTHER)


@changing.post("/schedules/{schedule_id:int}/run")
def run(schedule_id: RowId, console: Rooms, who: Who) -> Response:
    started, _ = run_now(console, schedule_id, who)
    return RedirectResponse(f"/runs/{started.id}", status_code=SEE_OTHER)


def form_of(console: Console, known: Mapping[str, Any]) -> dict[str, Any]:
    """What the form shows: the fields so far, and what they would do."""
    shown = dict(known) or {"cron": "0 3 * * 1-5"}
    kind = next((when for when in WHENS if shown.get(when)), "cron")
    return {
        "fields": dict.fromkeys(FIELDS) | shown,
        "kind": kind,
        "local_minutes": [value for value in shown.values() if LOCAL_MINUTE.fullmatch(str(value))],
        "zones": zones.names(),
        "preview": previewed(console, shown),
    }


def previewed(console: Console, given: Mapping[str, Any]) -> dict[str, Any]:
    """The preview, or the problems that prevent it."""
    matters = {key: value for key, value in given.items() if key != "tell"}
    try:
        return {"shown": console.schedules.preview(matters), "problems": ()}
    except Invalid as error:
        return {"shown": None, "problems": error.problems}


def fields(form: Mapping[str, str]) -> dict[str, Any]:
    """A form's texts as a definition's fields; of cron, every and at the one that was chosen."""
    given: dict[str, Any] = {
        key: value.strip() for key, value in form.items() if value.strip() and key != "version"
    }
    kind = given.pop("kind", None)
    if kind in WHENS:
        given = {key: value for key, value in given.items() if key not in WHENS or key == kind}
        given.setdefault(kind, "")
    for flag in FLAGS:
        if flag in given:
            given[flag] = given[flag] == "true"
    if "tell" in given:
        given["tell"] = [name.strip() for name in given["tell"].split(",") if name.strip()]
    return given


def _to(request: Request, schedule: Schedule) -> Response:
    address = f"/schedules/{schedule.id}"
    if is_fragment(request):
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": address})
    return RedirectResponse(address, status_code=SEE_OTHER)
