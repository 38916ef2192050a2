"""A schedule and its fires as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.schedules.definition import FIELDS, Definition


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
    def times(self) -> tuple[object, ...]:
        """What its fires go by: while that is the same, so is the next one."""
        return self.definition.rule, self.definition.seed, self.paused, self.deleted_at is None

    @property
    def fields(self) -> Mapping[str, Any]:
        return self.definition.fields

    @property
    def as_json(self) -> dict[str, Any]:
        """Its fields as they were written, and what has become of it: what the API and the command line tell."""
        definition = self.definition
        return {
            "id": self.id,
            **dict.fromkeys(FIELDS),
            **self.fields,
            "kind": str(definition.rule.kind),
            "only_on_business_days": definition.rule.only_on_business_days,
            "missed": str(definition.missed),
            "queue": definition.queue,
            "paused": self.paused,
            "paused_by": self.paused_by,
            "file": self.file,
            "trouble": self.trouble,
            "next_at": self.next_at,
            "due_at": self.due_at,
            "created_by": self.created_by,
            "created_at": self.created_at,
            "changed_at": self.changed_at,
        }


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
    replayed: bool = False  # an earlier call with the same key made it
    retryable: bool = False  # refused by what did not answer: asked for once more it may start

    @property
    def early(self) -> bool:
        """It was written before it was due, since its schedule was changed while it waited for its jitter."""
        return self.written_at < self.due_at

    @property
    def key(self) -> str:
        """By which a start of its run is known: a second one is the first one's run."""
        return f"schedule:{self.schedule_id}:{self.at.isoformat()}"

    @property
    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "schedule": self.schedule_id,
            "at": self.at,
            "due_at": self.due_at,
            "state": str(self.state),
            "sentence": self.sentence,
            "by": self.by,
            "run": self.run_id,
        }


@dataclass(frozen=True, kw_only=True)
class WantedFires:
    """Which fires a list is to have; None: whichever. `since` and `until` are of `due_at`, the latter left out."""

    schedule: int | None = None
    environment: str | None = None
    state: FireState | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Upcoming:
    """A fire that is to come. `hindered`: why it would be refused, as far as is known; empty where nothing is."""

    at: datetime
    due_at: datetime
    hindered: str = ""
    schedule: Schedule | None = field(default=None, repr=False)

    @property
    def as_json(self) -> dict[str, Any]:
        return {"at": self.at, "due_at": self.due_at, "hindered": self.hindered}
