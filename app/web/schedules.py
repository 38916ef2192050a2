"""Schedules by the API: what runs by itself, when, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Header, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from app.access import Need
from app.errors import Conflict, GamedayError
from app.runs import Run
from app.schedules import Changed, Fire, Preview, Schedule
from app.web.asked import LARGEST_ID, Rooms, RowId, Who
from app.web.console import Console
from app.web.guards import needs
from app.web.runs import answered, told

looking = APIRouter(prefix="/api/schedules", tags=["schedules"], dependencies=[needs(Need.SEE)])
changing = APIRouter(prefix="/api/schedules", tags=["schedules"], dependencies=[needs(Need.RUN)])
NIGHTLY: dict[str, Any] = {
    "name": "nightly", "experiment": "serverless-etl/exp_2-strict", "cron": "0 3 * * 1-5", "time_zone": "Europe/Berlin",
}  # fmt: skip
Text = Annotated[str | None, Field(max_length=400)]


class PreconditionRequired(GamedayError):  # noqa: N818  it reads as a sentence
    status = 428
    title = "Say which version you change"


class Change(BaseModel):
    """Some fields of a schedule; null takes one away. Times are local to `time_zone`, lengths like `30m`, `2h`, `1d`."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"cron": "0 4 * * 1-5"}]})

    name: Annotated[str | None, Field(max_length=200)] = None
    experiment: Text = None
    environment: Text = None
    cron: Annotated[Text, Field(description="Five fields, as cron has them.")] = None
    every: Annotated[Text, Field(description="An interval, of a minute at least.")] = None
    at: Annotated[Text, Field(description="Once: `2026-12-24T09:00`.")] = None
    time_zone: Annotated[Text, Field(description="An IANA name; the environment's where it is left out.")] = (
        None
    )
    start: Text = None
    end: Text = None
    jitter: Annotated[Text, Field(description="Each fire comes up to so much later.")] = None
    only_on_business_days: bool | None = None
    missed: Literal["skip", "run_once"] | None = None
    queue: Annotated[bool | None, Field(description="Wait behind a busy store, for an hour at most.")] = None
    paused: bool | None = None
    tell: Annotated[
        list[str] | None, Field(description="Names of channels; the environment's own where it is left out.")
    ] = None
    variables: Mapping[str, Any] | None = None
    rollback_strategy: Literal["always", "default", "deviated", "never"] | None = None
    accept: list[str] | None = None


class Asked(Change):
    """A whole schedule, with one of cron, every and at."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [NIGHTLY]})

    name: Annotated[str, Field(max_length=200)]
    experiment: Annotated[str, Field(max_length=400)]


class Previewed(BaseModel):
    """What is being typed; whatever matters for the times of its fires."""

    model_config = ConfigDict(extra="forbid")

    name: str = ""
    experiment: str = ""
    environment: str = ""
    cron: str = ""
    every: str = ""
    at: str = ""
    time_zone: str = ""
    start: str = ""
    end: str = ""
    jitter: str = ""
    only_on_business_days: bool = False


@looking.get("")
def listed(
    console: Rooms,
    experiment: str | None = None,
    environment: str | None = None,
    after: Annotated[int, Query(ge=0, le=LARGEST_ID)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> JSONResponse:
    """By id. Where there are more, `Link` has the address of the next page."""
    found = console.schedules.list(
        experiment=experiment, environment=environment, after=after, limit=limit + 1
    )
    query = {"experiment": experiment, "environment": environment, "limit": limit}
    more = {**query, "after": found[limit - 1].id} if len(found) > limit else None
    return _paged([one.as_json for one in found[:limit]], "/api/schedules", more)


@looking.get("/preview")
def preview(console: Rooms, asked: Annotated[Previewed, Query()]) -> dict[str, Any]:
    """The next ten fires of a schedule that need not be there yet. 422 names the field, and says why."""
    return preview_json(console.schedules.preview(asked.model_dump()))


@looking.get("/{schedule_id:int}")
def one(schedule_id: RowId, console: Rooms) -> JSONResponse:
    """With its next ten fires. The `ETag` is what a change has to name in `If-Match`."""
    return _one(console, console.schedules.get(schedule_id))


@looking.get("/{schedule_id:int}/fires")
def fires(
    schedule_id: RowId,
    console: Rooms,
    before: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> JSONResponse:
    """What came of it, the newest first, with the verdicts of its runs. `Link` has the address of the next page."""
    found = console.schedules.fires(schedule_id, before=before, limit=limit + 1)
    runs = console.runs.those([fire.run_id for fire in found if fire.run_id])
    more = {"limit": limit, "before": found[limit - 1].id} if len(found) > limit else None
    body = [fire_json(fire, runs.get(fire.run_id or 0)) for fire in found[:limit]]
    return _paged(body, f"/api/schedules/{schedule_id}/fires", more)


@changing.post("", status_code=201)
def create(asked: Asked, console: Rooms, who: Who) -> JSONResponse:
    """404 for an unknown experiment; 422 with a problem for each field that is wrong."""
    made = console.schedules.create(asked.model_dump(exclude_none=True), by=who)
    return _one(console, made, status=HTTPStatus.CREATED, location=f"/api/schedules/{made.id}")


@changing.put("/{schedule_id:int}")
def replace(
    schedule_id: RowId, asked: Asked, console: Rooms, if_match: Annotated[str | None, Header()] = None
) -> JSONResponse:
    """The whole definition anew. 428 without `If-Match`, 412 where it was changed meanwhile, 409 where it comes from a file."""
    version = version_of(console, schedule_id, if_match)
    return _one(
        console, console.schedules.replace(schedule_id, asked.model_dump(exclude_none=True), version=version)
    )


@changing.patch("/{schedule_id:int}")
def amend(
    schedule_id: RowId, asked: Change, console: Rooms, if_match: Annotated[str | None, Header()] = None
) -> JSONResponse:
    """Some fields. 428, 412 and 409 as for PUT."""
    version = version_of(console, schedule_id, if_match)
    return _one(
        console, console.schedules.amend(schedule_id, asked.model_dump(exclude_unset=True), version=version)
    )


@changing.delete("/{schedule_id:int}", status_code=204)
def delete(schedule_id: RowId, console: Rooms, if_match: Annotated[str | None, Header()] = None) -> Response:
    """What it ran stays. With `If-Match`, only at that version."""
    version = version_of(console, schedule_id, if_match) if if_match else None
    console.schedules.delete(schedule_id, version=version)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@changing.post("/{schedule_id:int}/pause")
def pause(schedule_id: RowId, console: Rooms, who: Who) -> JSONResponse:
    """Nothing fires until it is resumed. A second time changes nothing."""
    return _one(console, console.schedules.pause(schedule_id, by=who))


@changing.delete("/{schedule_id:int}/pause")
def resume(schedule_id: RowId, console: Rooms) -> JSONResponse:
    """From now on; what was due meanwhile is not made up for. 409 where its file says that it is paused."""
    return _one(console, console.schedules.resume(schedule_id))


@changing.post("/{schedule_id:int}/run", status_code=202)
def run(schedule_id: RowId, console: Rooms, who: Who) -> JSONResponse:
    """As it would run by itself, at once. 409 with the reason where nothing was started."""
    started = run_now(console, schedule_id, who)
    return answered(told(console, started), status=HTTPStatus.ACCEPTED, location=f"/runs/{started.id}")


def run_now(console: Console, schedule_id: int, who: str) -> Run:
    """Conflict with its sentence where nothing was started."""
    fire = console.schedules.run_now(schedule_id, by=who)
    if fire.run_id is None:
        raise Conflict(fire.sentence or f"The fire is {fire.state}.", fire=fire.id)
    return console.runs.get(fire.run_id)


def version_of(console: Console, schedule_id: int, if_match: str | None) -> int:
    """The version that a change names. PreconditionRequired where it names none, Changed where it is another one's."""
    if if_match is None:
        raise PreconditionRequired(
            "A change names the version that it changes: send If-Match with the ETag of what you read."
        )
    schedule = console.schedules.get(schedule_id)
    named = {one.strip().removeprefix("W/") for one in if_match.split(",")}
    if not named & {"*", etag(schedule)}:
        raise Changed(
            f"“{schedule.name}” was changed meanwhile. Read it again, and change what there is now."
        )
    return schedule.version


def etag(schedule: Schedule) -> str:
    return f'"{schedule.version}"'


def fire_json(fire: Fire, run: Run | None) -> dict[str, Any]:
    return {
        **fire.as_json,
        "status": str(run.status) if run else None,
        "verdict": str(run.verdict) if run and run.verdict else None,
        "verdict_reason": run.verdict_reason if run else None,
    }


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


def _paged(body: Sequence[Any], path: str, more: Mapping[str, Any] | None) -> JSONResponse:
    answer = answered(body)
    if more:
        query = urlencode({name: value for name, value in more.items() if value is not None})
        answer.headers["Link"] = f'<{path}?{query}>; rel="next"'
    return answer
