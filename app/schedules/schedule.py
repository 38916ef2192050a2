"""A schedule and its fires as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.schedules.definition import Definition


class FireState(StrEnum):
    INTENDED = "intended"  # written; its run is about to be asked for
    WAITING = "waiting"  # for a busy store, or for what does not answer
    STARTED = "started"  # a run has it
    REFUSED = "refused"  # it came to nothing, and the sentence says why
    MISSED = "missed"  # no console was there in time

    @property
    def open(self) -> bool:
        return self in OPEN


OPEN = (FireState.INTENDED, FireState.WAITING)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    id: int
    definition: Definition
    source: str | None = None  # `experiments/lab/schedules.yaml#nightly`; None: made by a person
    trouble: str | None = None  # a mistake in its file
    paused_by: str | None = None
    version: int = 1
    next_at: datetime | None = None
    due_at: datetime | None = None
    created_by: str
    created_at: datetime
    changed_at: datetime
    deleted_at: datetime | None = None

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def experiment(self) -> str:
        return self.definition.experiment

    @property
    def environment(self) -> str:
        return self.definition.environment

    @property
    def file(self) -> str | None:
        return self.source.rpartition("#")[0] if self.source else None

    @property
    def paused(self) -> bool:
        return self.definition.paused or self.paused_by is not None

    @property
    def over(self) -> bool:
        """Nothing is to come, although nobody paused it."""
        return self.next_at is None and not self.paused and self.deleted_at is None

    @property
    def fields(self) -> Mapping[str, Any]:
        return self.definition.fields


@dataclass(frozen=True, kw_only=True)
class Fire:
    """`at`: as the rule names it; `due_at`: with jitter."""

    id: int
    schedule_id: int
    at: datetime
    due_at: datetime
    written_at: datetime
    state: FireState
    sentence: str = ""
    run_id: int | None = None
    by: str | None = None

    @property
    def key(self) -> str:
        """By which a start of its run is known: a second one is the first one's run."""
        return f"schedule:{self.schedule_id}:{self.at.isoformat()}"


@dataclass(frozen=True, kw_only=True)
class Upcoming:
    """A fire that is to come. `hindered`: why it would be refused, as far as is known; empty where nothing is."""

    at: datetime
    due_at: datetime
    hindered: str = ""
    schedule: Schedule | None = field(default=None, repr=False)
