"""The files: what each experiment will do, what it taught so far, and the way to run it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.access import Need
from app.errors import Invalid, Problem
from app.web.answers import experiment_json
from app.web.asked import Place, Rooms, Shown, Who, form
from app.web.before import before
from app.web.errors import is_fragment, wants_page
from app.web.guards import needs
from app.web.panels import Page
from app.web.runs import SEE_OTHER, answered, told
from app.web.scheduling import form_of
from app.web.story import rows, story

pages = APIRouter(include_in_schema=False, dependencies=[needs(Need.SEE)])
api = APIRouter(prefix="/api/experiments", tags=["experiments"], dependencies=[needs(Need.SEE)])
starting = APIRouter(tags=["experiments"], dependencies=[needs(Need.RUN)])


class Asked(BaseModel):
    """How a run is to be: every field is optional."""

    model_config = ConfigDict(extra="forbid")

    environment: str | None = None
    variables: Mapping[str, Any] = {}
    rollback_strategy: str | None = None
    dry: str | None = None
    hypothesis_frequency: Annotated[float | None, Field(gt=0)] = None  # seconds, as for `chaos run`
    fail_fast: bool = False
    stop: list[Mapping[str, Any]] = []  # stop conditions, as the file's `gameday` extension has them
    accept: list[str] = []  # refusals of preflight that the caller takes upon themselves: `unproven`


@pages.get("/experiments")
def index(request: Request, place: Place, show: Shown, console: Rooms) -> HTMLResponse:
    page = Page(name="experiments", environment=place.name)
    return show.page(request, "experiments/index.html", page, rows=rows(console, place))


@pages.get("/experiments/{experiment_id:path}")
def page(request: Request, experiment_id: str, place: Place, show: Shown, console: Rooms) -> HTMLResponse:
    experiment = console.catalog.load(experiment_id)
    told = story(console, experiment, place)
    page = Page(name="experiment", environment=place.name, subject=experiment.id)
    return show.page(
        request, "experiments/show.html", page, experiment=experiment, story=told,
        findings=before(console, told, place),
        schedules=console.schedules.list(experiment=experiment.id, limit=20),
        **form_of(console, {}),
    )  # fmt: skip


@api.get("")
def listed(console: Rooms) -> list[dict[str, Any]]:
    """Invalid ones too, with what is wrong and where."""
    return [experiment_json(one, console.runs.list(5, experiment=one.id)) for one in console.catalog.all()]


@api.get("/{experiment_id:path}/preflight")
def preflight(experiment_id: str, console: Rooms, environment: str | None = None) -> dict[str, Any]:
    """What is to be said before a run: findings `ok`, `warning` or `refusal`, refusals first."""
    findings = console.runs.preflight(experiment_id, environment=environment)
    refused = [finding for finding in findings if finding.level == "refusal"]
    return {
        "experiment": experiment_id,
        "ready": not refused,
        "accept": sorted({finding.accept for finding in refused if finding.accept}),
        "findings": [vars(finding) for finding in findings],
    }


@api.get("/{experiment_id:path}")
def one(experiment_id: str, console: Rooms) -> dict[str, Any]:
    experiment = console.catalog.load(experiment_id)
    last = console.runs.list(20, experiment=experiment.id)
    return {**experiment_json(experiment, last), "document": experiment.document}


async def _asked(request: Request) -> Asked:
    """From a JSON body, a form, or nothing at all."""
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        given: Any = {name: value for name, value in (await form(request)).items() if value}
        if "accept" in given:
            given["accept"] = given["accept"].split(",")
    else:
        given = _json(await request.body())
    try:
        return Asked.model_validate(given)
    except ValidationError as error:
        raise _invalid(error) from error


AskedFor = Annotated[Asked, Depends(_asked)]
BODY = {"content": {"application/json": {"schema": Asked.model_json_schema()}}, "required": False}


@starting.post("/experiments/{experiment_id:path}/run", status_code=202, openapi_extra={"requestBody": BODY})
def run(  # noqa: PLR0917  FastAPI passes them by name
    request: Request, experiment_id: str, console: Rooms, show: Shown, who: Who, asked: AskedFor
) -> Response:
    """Queue a run. 404 unknown, 422 not valid, 409 where its store is in use (`run`: by which)."""
    started = console.runs.start(
        experiment_id, environment=asked.environment, variables=dict(asked.variables),
        rollback_strategy=asked.rollback_strategy, dry=asked.dry,
        hypothesis_frequency=asked.hypothesis_frequency, fail_fast=asked.fail_fast, accept=asked.accept, stop=asked.stop, by=who,
    )  # fmt: skip
    location = f"/runs/{started.id}"
    if is_fragment(request):
        answer: Response = show.fragment("runs/_started.html", status=202, run=started)
        answer.headers["Location"] = location
        return answer
    if wants_page(request):
        return RedirectResponse(location, status_code=SEE_OTHER)
    return answered(told(console, started), status=202, location=location)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError) as error:
        raise Invalid(f"The body is not JSON: {error}.") from error


def _invalid(error: ValidationError) -> Invalid:
    problems = tuple(
        Problem(message=_sentence(one["type"], one["msg"]), path=".".join(map(str, one["loc"])))
        for one in error.errors()
    )
    return Invalid("; ".join(map(str, problems)), problems=problems)


def _sentence(kind: str, message: str) -> str:
    known = ", ".join(Asked.model_fields)
    return f"There is no such field. There are: {known}." if kind == "extra_forbidden" else f"{message}."
