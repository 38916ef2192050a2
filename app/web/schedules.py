"""Schedules by the API: what runs by itself, when, and what came of it."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from app.access import Need
from app.console import Console
from app.errors import Conflict, Unavailable
from app.runs import Run
from app.schedules import Fire, FireState, Preview, Schedule, WantedFires
from app.web import schedule_shapes, shapes
from app.web.answers import answered, outcome_json
from app.web.asked import Rooms, RowId, Time, Who
from app.web.etags import IfMatch, etag_of, require_match
from app.web.guards import needs
from app.web.keys import IdempotencyKey, begun, key_of, replayed
from app.web.paging import PAGED, Cursor, Limit, page_of
from app.web.runs import told
from app.web.schedule_shapes import Asked, Change, Previewed

looking = APIRouter(prefix="/api/schedules", tags=["schedules"], dependencies=[needs(Need.SEE)])
changing = APIRouter(prefix="/api/schedules", tags=["schedules"], dependencies=[needs(Need.RUN)])
LOCATED: dict[str, Any] = {
    "headers": {"Location": {"description": "Where it is.", "schema": {"type": "string"}}}
}
# What only some operations of the API answer with.
MADE: dict[int | str, dict[str, Any]] = {201: LOCATED}
State = Annotated[FireState | None, Query(description="What came of it.")]
Since = Annotated[Time | None, Query(description="Due at or after that time.")]
Until = Annotated[Time | None, Query(description="Due before that time.")]
CONDITIONAL: dict[int | str, dict[str, Any]] = {428: {}}


@looking.get("", response_model=list[schedule_shapes.Schedule], responses=PAGED)
def listed(  # noqa: PLR0917  FastAPI passes them by name
    request: Request,
    console: Rooms,
    after: Cursor,
    limit: Limit = 50,
    experiment: str | None = None,
    environment: str | None = None,
) -> JSONResponse:
    """What runs by itself, in the order in which it was made. `Link: …; rel="next"` where there are more."""
    found = console.schedules.list(
        experiment=experiment, environment=environment, after=after or 0, limit=limit + 1
    )
    return page_of(request, found, limit, lambda one: one.id, lambda one: one.as_json)


@looking.get("/problems", response_model=list[shapes.Mistake])
def problems(console: Rooms) -> JSONResponse:
    """What is wrong with files of schedules, by line. While a file has a mistake nothing of it fires."""
    return answered([asdict(one) for one in console.schedules.files.problems])


@looking.get("/preview", response_model=schedule_shapes.Preview)
def preview(console: Rooms, asked: Annotated[Previewed, Query()]) -> JSONResponse:
    """The next ten fires of a schedule that need not be there yet. 422 names the field, and says why."""
    return answered(preview_json(console.schedules.preview(asked.model_dump())))


@looking.get("/{schedule_id:int}", response_model=schedule_shapes.WholeSchedule)
def one(schedule_id: RowId, console: Rooms) -> JSONResponse:
    """One, with its next ten fires. The `ETag` is what a change has to name in `If-Match`."""
    return _one(console, console.schedules.get(schedule_id))


@looking.get("/fires", response_model=list[schedule_shapes.Fire], responses=PAGED)
def all_fires(  # noqa: PLR0917  FastAPI passes them by name
    request: Request,
    console: Rooms,
    before: Cursor,
    state: State = None,
    since: Since = None,
    until: Until = None,
    environment: str | None = None,
    limit: Limit = 50,
) -> JSONResponse:
    """What came of all schedules, deleted ones, too, the newest first. `Link: …; rel="next"` where there are more."""
    wanted = WantedFires(environment=environment, state=state, since=since, until=until)
    return _fires(request, console, wanted, before, limit)


@looking.get("/{schedule_id:int}/fires", response_model=list[schedule_shapes.Fire], responses=PAGED)
def fires(  # noqa: PLR0917  FastAPI passes them by name
    request: Request,
    schedule_id: RowId,
    console: Rooms,
    before: Cursor,
    state: State = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
) -> JSONResponse:
    """What came of it, the newest first, with the verdicts of its runs. `Link: …; rel="next"` where there are more."""
    schedule = console.schedules.get(schedule_id)
    wanted = WantedFires(schedule=schedule.id, state=state, since=since, until=until)
    return _fires(request, console, wanted, before, limit)


def _fires(
    request: Request, console: Console, wanted: WantedFires, before: int | None, limit: int
) -> JSONResponse:
    found = console.schedules.find_fires(wanted, before=before, limit=limit + 1)
    runs = console.runs.those([fire.run_id for fire in found if fire.run_id])
    return page_of(
        request, found, limit, lambda fire: fire.id, lambda fire: fire_json(fire, runs.get(fire.run_id or 0))
    )


@changing.post("", status_code=201, response_model=schedule_shapes.WholeSchedule, responses=MADE)
def create(asked: Asked, console: Rooms, who: Who) -> JSONResponse:
    """A new one. 404 for an unknown experiment; 422 with a problem for each field that is wrong."""
    made = console.schedules.create(asked.model_dump(exclude_none=True), by=who)
    return _one(console, made, status=HTTPStatus.CREATED, location=f"/api/schedules/{made.id}")


@changing.put("/{schedule_id:int}", response_model=schedule_shapes.WholeSchedule, responses=CONDITIONAL)
def replace(
    request: Request, schedule_id: RowId, asked: Asked, console: Rooms, if_match: IfMatch = None
) -> JSONResponse:
    """The whole definition anew. 428 without `If-Match`, 412 where it was changed meanwhile, 409 where it comes from a file."""
    del if_match  # described by it; read by `require_match`
    version = version_of(request, console, schedule_id)
    return _one(
        console, console.schedules.replace(schedule_id, asked.model_dump(exclude_none=True), version=version)
    )


@changing.patch("/{schedule_id:int}", response_model=schedule_shapes.WholeSchedule, responses=CONDITIONAL)
def amend(
    request: Request, schedule_id: RowId, asked: Change, console: Rooms, if_match: IfMatch = None
) -> JSONResponse:
    """Some fields. 428, 412 and 409 as for PUT."""
    del if_match  # described by it; read by `require_match`
    version = version_of(request, console, schedule_id)
    return _one(
        console, console.schedules.amend(schedule_id, asked.model_dump(exclude_unset=True), version=version)
    )


@changing.delete("/{schedule_id:int}", status_code=204, response_class=Response)
def delete(request: Request, schedule_id: RowId, console: Rooms, if_match: IfMatch = None) -> Response:
    """Take it away; what it ran stays. With `If-Match`, only as it was read."""
    version = version_of(request, console, schedule_id) if if_match else None
    console.schedules.delete(schedule_id, version=version)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@changing.post("/{schedule_id:int}/pause", response_model=schedule_shapes.WholeSchedule)
def pause(schedule_id: RowId, console: Rooms, who: Who) -> JSONResponse:
    """Hold it: nothing fires until it is resumed. A second time changes nothing."""
    return _one(console, console.schedules.pause(schedule_id, by=who))


@changing.delete("/{schedule_id:int}/pause", response_model=schedule_shapes.WholeSchedule)
def resume(schedule_id: RowId, console: Rooms) -> JSONResponse:
    """Let it go on, from now on; what was due meanwhile is not made up for. 409 where its file says that it is paused."""
    return _one(console, console.schedules.resume(schedule_id))


@changing.post(
    "/{schedule_id:int}/run", status_code=202, response_model=shapes.Run, responses=begun(202, "run")
)
def run(
    request: Request, schedule_id: RowId, console: Rooms, who: Who, given: IdempotencyKey = None
) -> Response:
    """Run it now, as it would run by itself. 409 with the reason where nothing was started."""
    key = key_of(request, given, by=who, asked=None)
    started, again = run_now(console, schedule_id, who, key.key)
    answer = answered(told(console, started), status=HTTPStatus.ACCEPTED, location=f"/runs/{started.id}")
    return replayed(answer, again=again)


def run_now(console: Console, schedule_id: int, who: str, key: str | None = None) -> tuple[Run, bool]:
    """The run, and whether an earlier call with that key began it. Conflict, Unavailable with its sentence where nothing was started."""
    fire = console.schedules.run_now(schedule_id, by=who, key=key)
    if fire.run_id is None:
        kind = Unavailable if fire.retryable else Conflict
        raise kind(fire.sentence or f"The fire is {fire.state}.", fire=fire.id)
    return console.runs.get(fire.run_id), fire.replayed


def version_of(request: Request, console: Console, schedule_id: int) -> int:
    """The version that a change was made from. Unconditional (428) without If-Match, Changed (412) where it is another one."""
    schedule = console.schedules.get(schedule_id)
    require_match(request, etag(schedule))
    return schedule.version


def etag(schedule: Schedule) -> str:
    """Of what people wrote, not of what has come of it since."""
    return etag_of([schedule.id, schedule.version])


def fire_json(fire: Fire, run: Run | None) -> dict[str, Any]:
    return {**fire.as_json, **outcome_json(run)}


def preview_json(shown: Preview) -> dict[str, Any]:
    zone = shown.definition.rule.zone
    return {
        "words": shown.words,
        "time_zone": zone.key,
        "fires": [one.as_json | {"local": one.due_at.astimezone(zone)} for one in shown.upcoming],
        "troubles": shown.troubles,
    }


def _one(
    console: Console, schedule: Schedule, *, status: int = 200, location: str | None = None
) -> JSONResponse:
    upcoming = [one.as_json for one in console.schedules.upcoming(schedule)]
    answer = answered({**schedule.as_json, "upcoming": upcoming}, status=status, location=location)
    answer.headers["ETag"] = etag(schedule)
    return answer
