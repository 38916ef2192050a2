"""A run and what happened in it, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.faults import Entry


class RunStatus(StrEnum):
    QUEUED = "queued"  # waits for a supervisor, or in line for a busy store
    RUNNING = "running"  # its child is alive, or about to be
    COMPLETED = "completed"  # Chaos Toolkit's four from here on
    FAILED = "failed"
    ABORTED = "aborted"
    INTERRUPTED = "interrupted"  # stopped before its end; every fault it armed is disarmed

    @property
    def ended(self) -> bool:
        return self not in (RunStatus.QUEUED, RunStatus.RUNNING)


class Verdict(StrEnum):
    """What a run taught. Chaos Toolkit's `status` and `deviated` stand beside it unchanged."""

    NOT_STARTED = "not started"  # refused, or not steady before: nothing was learnt
    FAILED = "failed"  # the experiment itself broke
    STOPPED = "stopped"  # a person, a deadline or a crash ended it
    INCONCLUSIVE = "inconclusive"  # the fault never armed or never fired, or nobody saw what it did
    DEVIATED = "deviated"  # a tolerance was missed after or during the method
    HELD = "held"  # steady before and after, with the fault armed, fired and disarmed


class JournalState(StrEnum):
    NONE = "none"  # the run has not ended
    KEPT = "kept"  # as Chaos Toolkit wrote it
    REBUILT = "rebuilt"  # from the run's events, since its process was killed
    LOST = "lost"  # there is none, and nothing to rebuild it from


@dataclass(frozen=True, kw_only=True)
class Run:
    """One execution of a snapshot of an experiment in an environment."""

    id: int
    experiment: str  # its id: the path under experiments/ without suffix
    title: str
    environment: str
    account: str | None = None
    region: str | None = None
    requested_by: str
    variables: Mapping[str, Any] = field(default_factory=dict)  # as `chaos run --var`
    rollback_strategy: str = "always"
    dry: str | None = None
    hypothesis_frequency: float | None = None  # seconds between two looks during the method
    fail_fast: bool = False
    accept: tuple[str, ...] = ()  # refusals that a person takes upon themselves
    fingerprint: str | None = None  # of the request that a key came with
    replayed: bool = False  # told again: another start with the same key was the first
    schedule: int | None = None  # the id of the one that asked for it
    status: RunStatus
    deviated: bool | None = None
    verdict: Verdict | None = None  # None after the end: settling, at most 60 s
    verdict_reason: str | None = None  # a sentence
    stopped_by: str | None = None
    snapshot: str  # folder, relative to the data folder
    sha256: str
    git_commit: str | None = None
    git_dirty: bool | None = None
    document: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(
        default_factory=dict
    )  # file, signals, intents, steps, stores, expected_seconds
    proof: Mapping[str, Any] | None = None
    journal_state: JournalState = JournalState.NONE
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def ended(self) -> bool:
        return self.status.ended

    @property
    def waiting(self) -> bool:
        """In line for a busy store: nothing of it has begun."""
        return self.status is RunStatus.QUEUED and bool(self.facts.get("waits"))

    @property
    def settling(self) -> bool:
        return self.ended and self.verdict is None

    @property
    def signals(self) -> list[dict[str, Any]]:
        """What the hypothesis measures: key, id, name, tolerance (text), unit, query (id)."""
        signals: list[dict[str, Any]] = self.facts.get("signals", [])
        return signals

    @property
    def topic(self) -> str:
        return f"run:{self.id}"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How many runs came to the same."""

    environment: str
    status: RunStatus
    verdict: str | None  # None: not over, or settling
    count: int


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which runs a list is to have; None: whichever. `since` and `until` are of `created_at`, the latter left out."""

    experiment: str | None = None
    environment: str | None = None
    status: RunStatus | None = None
    verdict: Verdict | None = None
    requested_by: str | None = None
    schedule: int | None = None  # that started it
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class InLine:
    """An unfinished run, as far as those behind it are concerned."""

    id: int
    environment: str
    stores: frozenset[str]  # that it arms, or will
    waiting: bool  # else it has begun, or is about to

    def shares(self, other: InLine) -> bool:
        """Whether both arm the same store."""
        return self.environment == other.environment and bool(self.stores & other.stores)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a run stands that waits for a busy store."""

    position: int  # counted from 1, among those that wait for the same store
    run: int | None = None  # that it is behind
    fault: int | None = None  # that it is behind, where no run is: armed by hand, or not put back yet

    @property
    def sentence(self) -> str:
        behind = f"behind run {self.run}" if self.run is not None else f"until fault {self.fault} is over"
        return f"Number {self.position} in line, {behind}."


@dataclass(frozen=True, kw_only=True)
class Event:
    """`seq` counts from 1 without a gap within a run; `at` is aware, in UTC."""

    run_id: int
    seq: int
    at: datetime
    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Rollback:
    """What pressing the rollback button came to. `disarmed`: nothing of the run is armed any more."""

    run: Run
    entries: tuple[Entry, ...]  # of every fault of the run
    disarmed: bool
    sentence: str
