"""Schedules as the API takes and tells them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.runs import RunStatus, Verdict
from app.schedules.definition import LONGEST_NAME, LONGEST_TEXT, Missed
from app.schedules.rule import Kind
from app.schedules.schedule import FireState
from app.web.shapes import Shape

NIGHTLY: dict[str, Any] = {
    "name": "nightly", "experiment": "serverless-etl/exp_2-strict", "cron": "0 3 * * 1-5", "time_zone": "Europe/Berlin",
}  # fmt: skip
Text = Annotated[str | None, Field(max_length=LONGEST_TEXT)]
Strategy = Literal["always", "default", "deviated", "never"]


class Change(BaseModel):
    """Some fields of a schedule; null takes one away. Times are local to `time_zone`, lengths like `30m`, `2h`, `1d`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str | None, Field(max_length=LONGEST_NAME)] = None
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
        list[str] | None,
        Field(description="Names of channels that hear of it, besides the environment's own."),
    ] = None
    variables: dict[str, Any] | None = None
    rollback_strategy: Strategy | None = None
    accept: list[str] | None = None


class Asked(Change):
    """A whole schedule, with one of cron, every and at."""

    name: Annotated[str, Field(max_length=LONGEST_NAME)]
    experiment: Annotated[str, Field(max_length=LONGEST_TEXT)]


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


class Upcoming(Shape):
    """`at` as the rule names it, `due_at` with jitter. `hindered`: why it would be refused; empty where nothing is known."""

    at: datetime
    due_at: datetime
    hindered: str


class UpcomingThere(Upcoming):
    """`local`: `due_at` in the schedule's own time zone."""

    local: datetime


class Preview(Shape):
    """`troubles`: freeze calendars that can not be read, so that nothing would start."""

    words: str
    time_zone: str
    fires: list[UpcomingThere]
    troubles: list[str]


class Schedule(Shape):
    """What runs by itself. `file`: where it comes from, null where a person made it here; `trouble`: what is wrong there."""

    id: int
    name: str
    experiment: str
    environment: str
    cron: str | None
    every: str | None
    at: str | None
    time_zone: str | None
    start: str | None
    end: str | None
    jitter: str | None
    only_on_business_days: bool
    missed: Missed
    queue: bool
    paused: bool
    tell: list[str] | None
    variables: dict[str, Any] | None
    rollback_strategy: Strategy | None
    accept: list[str] | None
    kind: Kind
    paused_by: str | None
    file: str | None
    trouble: str | None
    next_at: datetime | None
    due_at: datetime | None
    created_by: str
    created_at: datetime
    changed_at: datetime


class WholeSchedule(Schedule):
    """With its next ten fires; none where it is paused or over."""

    upcoming: list[Upcoming]


class Fire(Shape):
    """One time of a schedule, and what came of it. `by`: who ran it by hand; null: it was due. `sentence`: why no run came of it."""

    id: int
    schedule: int
    at: datetime
    due_at: datetime
    state: FireState
    sentence: str
    by: str | None
    run: int | None
    status: RunStatus | None
    verdict: Verdict | None
    verdict_reason: str | None
