"""The files: what each experiment will do, what it taught so far, and the way to run it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from app.access import Need
from app.console import Console
from app.errors import Invalid, Problem, together
from app.experiments import matching
from app.runs import Run, Wish
from app.runs.finding import Finding
from app.runs.request import mistakes as mistaken
from app.settings import Settings
from app.web import mistakes, shapes
from app.web.answers import SEE_OTHER, answered, experiment_json, story_json
from app.web.asked import Place, Rooms, Shown, Streamed, Who, form
from app.web.before import before
from app.web.errors import is_fragment, wants_page
from app.web.etags import etag_of
from app.web.guards import needs
from app.web.keys import IdempotencyKey, Key, begun, key_of, replayed
from app.web.paging import PAGED, Limit, NameCursor, page_of
from app.web.panels import Page
from app.web.runs import Wait, told
from app.web.scheduling import form_of
from app.web.story import rows, story

pages = APIRouter(include_in_schema=False, dependencies=[needs(Need.SEE)])
api = APIRouter(prefix="/api/experiments", tags=["experiments"], dependencies=[needs(Need.SEE)])
starting = APIRouter(tags=["experiments"], dependencies=[needs(Need.RUN)])


class Asked(BaseModel):
    """How a run is to be: every field is optional."""

    model_config = ConfigDict(extra="forbid", strict=True)

    environment: str | None = None
    variables: Mapping[str, Any] = {}
    rollback_strategy: str | None = None
    dry: str | None = None
    hypothesis_frequency: Annotated[float | None, Field(gt=0)] = None  # seconds, as for `chaos run`
    fail_fast: bool = False
    stop: list[Mapping[str, Any]] = []  # stop conditions, as the file's `gameday` extension has them
    accept: list[
        Literal["unproven", "cost"]
    ] = []  # refusals of preflight that the caller takes upon themselves: `unproven`, `cost`

    @property
    def wish(self) -> Wish:
        """As `Runs` takes it."""
        return Wish(**dict(self))


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


@api.get("", response_model=list[shapes.Experiment], responses=PAGED)
def listed(  # noqa: PLR0917  FastAPI passes them by name
    request: Request,
    console: Rooms,
    after: NameCursor,
    tag: Annotated[str | None, Query(description="That it has.")] = None,
    text: Annotated[
        str | None, Query(description="In its id, title or description; in small letters or not.")
    ] = None,
    limit: Limit = 50,
) -> JSONResponse:
    """The experiments of the folder by id; invalid ones too, with what is wrong and where.

    `Link: …; rel="next"` where there are more.
    """
    known = matching(console.catalog.all(), tag=tag, text=text)
    found = [one for one in known if one.id > (after or "")]
    last = console.runs.last_of_each([one.id for one in found[:limit]], 5)
    return page_of(request, found, limit, lambda one: one.id, lambda one: experiment_json(one, last[one.id]))


@api.get("/{experiment_id:path}/preflight", response_model=shapes.Preflight)
def preflight(experiment_id: str, console: Rooms, environment: str | None = None) -> JSONResponse:
    """What is to be said before a run: findings `ok`, `warning` or `refusal`, refusals first."""
    return _findings(experiment_id, console.runs.preflight(experiment_id, Wish(environment=environment)))


@api.get("/{experiment_id:path}", response_model=shapes.WholeExperiment)
def one(experiment_id: str, console: Rooms, place: Place) -> JSONResponse:
    """An experiment, what it would do in an environment, and its last runs. Its ETag is the file's."""
    experiment = console.catalog.load(experiment_id)
    last = console.runs.list(20, experiment=experiment.id)
    found = story(console, experiment, place)
    answer = answered(
        {
            **experiment_json(experiment, last),
            "document": experiment.document,
            **story_json(found),
            "environment": place.name,
        }
    )
    answer.headers["ETag"] = etag_of(found.text)
    return answer


async def _asked(request: Request) -> Asked:
    """From a JSON body, a form, or nothing at all."""
    by_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    if by_form:
        given: Any = {name: value for name, value in (await form(request)).items() if value}
        accepted = ",".join(given.pop(name, "") for name in ("accept", "accept_cost"))
        given["accept"] = [word for word in accepted.split(",") if word]
        request.state.queue = given.pop("queue", "") == "true"
    else:
        given = _json(await request.body())
    try:
        return Asked.model_validate(given, strict=not by_form)  # a form has nothing but text
    except ValidationError as error:
        raise _invalid(error, given, request.app.state.console.settings) from error


AskedFor = Annotated[Asked, Depends(_asked)]
BODY = {"content": {"application/json": {"schema": Asked.model_json_schema()}}, "required": False}
ACCEPTED = 202
LOOK_AGAIN = 5  # seconds
Queue = Annotated[bool, Query(description="Wait in line where its store is busy.")]


# Whoever may start it: variables choose the store that is looked into.
@api.post(
    "/{experiment_id:path}/preflight",
    dependencies=[needs(Need.RUN)],
    response_model=shapes.Preflight,
    openapi_extra={"requestBody": BODY},
)
def preflight_as_asked(
    experiment_id: str,
    console: Rooms,
    asked: AskedFor,
    queue: Queue = False,  # noqa: FBT002  a query is no position
) -> JSONResponse:
    """What is to be said before such a run: the body is that of a start, and nothing is started.

    A refusal here is one there; 404 and 422 are a start's, too. With `queue` what a run in line waits for is a warning.
    """
    return _findings(experiment_id, console.runs.preflight(experiment_id, asked.wish, queue=queue))


@starting.post(
    "/experiments/{experiment_id:path}/run",
    status_code=202,
    response_model=shapes.Run,
    responses={
        200: {"model": shapes.Run, "description": "With `wait`: its verdict is given."},
        **begun(202, "run"),
    },
    openapi_extra={"requestBody": BODY},
)
async def run(  # noqa: PLR0917  FastAPI passes them by name
    request: Request,
    experiment_id: str,
    console: Rooms,
    show: Shown,
    streams: Streamed,
    who: Who,
    asked: AskedFor,
    given: IdempotencyKey = None,
    queue: Queue = False,  # noqa: FBT002
    wait: Wait = None,
) -> Response:
    """Start a run. With `queue` it waits in line for a busy store, with `wait` the answer waits for the verdict.

    404 unknown, 422 not valid, 409 where its store is in use (`run` or `fault`: by which). 202 with Retry-After where
    the verdict took longer than `wait`; the run goes on, whether somebody waits or not.
    """
    queue = queue or getattr(request.state, "queue", False)  # a form's tick is a field
    key = key_of(request, given, by=who, asked=[asked.model_dump(), queue])
    started = await to_thread.run_sync(
        partial(_start, console, experiment_id, asked, key, queue=queue, by=who), limiter=streams.starts
    )
    if is_fragment(request) or wants_page(request):
        return _shown(request, show, started)
    over = started
    if wait is not None:
        over = await streams.verdict(started.id, wait, request.is_disconnected)
    body = await to_thread.run_sync(told, console, over)
    status = 202 if wait is None or over.verdict is None else 200
    answer = answered(body, status=status, location=f"/runs/{started.id}")
    if status == ACCEPTED and wait is not None:
        answer.headers["Retry-After"] = str(LOOK_AGAIN)
    return replayed(answer, again=started.replayed)


def _start(console: Console, experiment_id: str, asked: Asked, key: Key, *, queue: bool, by: str) -> Run:
    return console.runs.start(
        experiment_id, asked.wish, key=key.key, fingerprint=key.fingerprint, queue=queue, by=by
    )


def _findings(experiment_id: str, findings: Sequence[Finding]) -> JSONResponse:
    refused = [finding for finding in findings if finding.level == "refusal"]
    return answered(
        {
            "experiment": experiment_id,
            "ready": not refused,
            "accept": sorted({finding.accept for finding in refused if finding.accept}),
            "findings": [vars(finding) for finding in findings],
        }
    )


def _shown(request: Request, show: Shown, started: Run) -> Response:
    location = f"/runs/{started.id}"
    if not is_fragment(request):
        return RedirectResponse(location, status_code=SEE_OTHER)
    answer: Response = show.fragment("runs/_started.html", status=202, run=started)
    answer.headers["Location"] = location
    return answer


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError) as error:
        raise Invalid(f"The body is not JSON: {mistakes.quoted(str(error))}.") from error


def _invalid(error: ValidationError, given: Any, settings: Settings) -> Invalid:
    """With what is wrong in fields that are well-formed, too."""
    found = error.errors()
    wrong = {one["loc"][0] for one in found if one["loc"]}
    whole = given if isinstance(given, dict) else {}
    sound = {name: whole[name] for name in Asked.model_fields if name in whole and name not in wrong}
    problems = (
        *(Problem(message=_sentence(one), path=mistakes.place(one)) for one in found),
        *mistaken(settings, Asked.model_validate(sound, strict=False).wish),
    )
    return Invalid(together(problems), problems=problems)


def _sentence(one: Mapping[str, Any]) -> str:
    there = f" There are: {', '.join(Asked.model_fields)}." if one["type"] == "extra_forbidden" else ""
    return f"{mistakes.sentence(one)}{there}"
