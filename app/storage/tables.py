"""The whole schema on one page. Rooms own their tables; only a room's `store.py` queries them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in, aware datetimes in UTC out, on databases that forget the zone too."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
    }


class RunRow(Base):
    """One execution of a snapshot of an experiment in an environment."""

    __tablename__ = "runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    experiment: Mapped[str] = mapped_column(String(400), index=True)
    title: Mapped[str] = mapped_column(Text)
    environment: Mapped[str] = mapped_column(String(100), index=True)
    account: Mapped[str | None] = mapped_column(String(20))
    region: Mapped[str | None] = mapped_column(String(40))
    requested_by: Mapped[str] = mapped_column(String(200))
    request: Mapped[dict[str, Any]]  # variables, rollback_strategy, dry
    status: Mapped[str] = mapped_column(String(20), index=True)
    deviated: Mapped[bool | None]
    verdict: Mapped[str | None] = mapped_column(String(20))
    verdict_reason: Mapped[str | None] = mapped_column(Text)
    stopped_by: Mapped[str | None] = mapped_column(Text)  # who or what ended it before its end
    snapshot: Mapped[str] = mapped_column(Text)  # folder, relative to the data folder
    sha256: Mapped[str] = mapped_column(String(64))  # of the experiment file in the snapshot
    git_commit: Mapped[str | None] = mapped_column(String(64))
    git_dirty: Mapped[bool | None]
    document: Mapped[dict[str, Any]]  # the experiment as it was run
    facts: Mapped[dict[str, Any]]  # what was known at start: signals, intents, expected_seconds, variant …
    proof: Mapped[dict[str, Any] | None]  # the evidence as it stood when the verdict was given
    journal_state: Mapped[str] = mapped_column(String(20))  # none, kept, rebuilt, lost
    journal_sha256: Mapped[str | None] = mapped_column(String(64))
    supervisor: Mapped[str | None] = mapped_column(String(100))  # new at every start of a server
    child_pid: Mapped[int | None]
    child_started: Mapped[float | None]  # the child's start time as the system tells it, against reused pids
    created_at: Mapped[datetime] = mapped_column(index=True)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    key: Mapped[str | None] = mapped_column(
        String(200), index=True, unique=True
    )  # a second start with it is the first one

    # Counted at every scrape: without it, that reads every run's documents.
    __table_args__ = (Index("runs_by_outcome", "environment", "status", "verdict"),)


class RunEventRow(Base):
    """What happened in a run, in the order that its stream replays."""

    __tablename__ = "run_events"

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)  # 1..n without a gap
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(60))
    data: Mapped[dict[str, Any]]


class LedgerRow(Base):
    """A fault armed through the console: committed before its store is written."""

    __tablename__ = "ledger"

    id: Mapped[int] = mapped_column(primary_key=True)
    environment: Mapped[str] = mapped_column(String(100), index=True)
    store: Mapped[str] = mapped_column(String(400))  # `ssm:failureLambdaConfig`
    run_id: Mapped[str | None] = mapped_column(String(40), index=True)  # opaque here
    by: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(20), index=True)
    dialect: Mapped[str] = mapped_column(String(40))
    fault: Mapped[dict[str, Any]]  # the neutral fault, for sentences
    functions: Mapped[list[Any]]  # names of the functions that read the store
    translated_from: Mapped[str | None] = mapped_column(String(40))
    previous: Mapped[bytes | None] = mapped_column(LargeBinary)  # byte for byte; None: absent before
    previous_meta: Mapped[dict[str, Any]]  # type, tier, version, key id
    value: Mapped[bytes] = mapped_column(LargeBinary)  # what was to be written
    announced: Mapped[list[Any]]  # every value that the run said it would write, its rollbacks' included
    safe_value: Mapped[bytes | None] = mapped_column(LargeBinary)  # where the previous one was armed
    version: Mapped[int | None]  # of the store once armed
    plan: Mapped[dict[str, Any] | None]  # how it is ended: see app.dialects.DisarmPlan
    created_at: Mapped[datetime]
    armed_at: Mapped[datetime | None]
    disarm_by: Mapped[datetime] = mapped_column(index=True)
    lease_until: Mapped[datetime | None] = mapped_column(index=True)
    disarmed_at: Mapped[datetime | None]
    disarmed_by: Mapped[str | None] = mapped_column(String(200))
    outcome: Mapped[str | None] = mapped_column(Text)  # a sentence
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime | None]
    requested_at: Mapped[datetime | None]  # of the first disarm
    flush_until: Mapped[datetime | None]  # while a harmless flag clears warm containers
    settles_at: Mapped[datetime | None]  # when every container has seen the last write
    last_hit_at: Mapped[datetime | None]  # the newest injection that the logs show
    quiet_at: Mapped[datetime | None]  # no injection for one cache period
    clean_at: Mapped[datetime | None]  # the hypothesis within tolerance again
    theirs: Mapped[bytes | None] = mapped_column(LargeBinary)  # what somebody else wrote, where it drifted
    resolved_by: Mapped[str | None] = mapped_column(String(200))  # who chose between the two values
    key: Mapped[str | None] = mapped_column(
        String(200), index=True, unique=True
    )  # a second arming with it is the first one
    fingerprint: Mapped[str | None] = mapped_column(String(64))  # of the request that the key came with


class LeverRow(Base):
    """A safety lever: of one environment, or, without a name, of all of them."""

    __tablename__ = "levers"

    scope: Mapped[str] = mapped_column(String(100), primary_key=True)
    engaged: Mapped[bool]
    by: Mapped[str] = mapped_column(String(200))
    why: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class SampleRow(Base):
    """One value of a query at one instant, with its parts."""

    __tablename__ = "samples"

    id: Mapped[int] = mapped_column(primary_key=True)
    environment: Mapped[str] = mapped_column(String(100))
    query: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    value: Mapped[float | None] = mapped_column(Float)  # None: no data, which is not zero
    parts: Mapped[dict[str, Any]]

    __table_args__ = (Index("samples_by_query", "environment", "query", "at", unique=True),)


class UsageRow(Base):
    """What was asked of CloudWatch in an environment on a day: one row for each kind and whom it was asked for."""

    __tablename__ = "usage"

    environment: Mapped[str] = mapped_column(String(100), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)  # `2026-11-26`, in UTC
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    subject: Mapped[str] = mapped_column(
        String(60), primary_key=True, index=True
    )  # `run:12`; empty: nobody's
    amount: Mapped[float] = mapped_column(Float)


class CredentialRow(Base):
    """What lets somebody in: a link, a session or a token. Of its secret only the hash is here."""

    __tablename__ = "credentials"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), index=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    digest: Mapped[str] = mapped_column(String(64), unique=True)  # sha256 of the secret
    prefix: Mapped[str] = mapped_column(String(20))
    parent: Mapped[int | None] = mapped_column(index=True)  # of a session: the link or token that it came of
    created_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class NoticeRow(Base):
    """Something that people may want to hear of: written with what it tells, delivered later."""

    __tablename__ = "notices"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), index=True)
    environment: Mapped[str] = mapped_column(String(100))
    subject: Mapped[str] = mapped_column(String(60), index=True)  # `fault:3`, `run:12`, `schedule:4`
    data: Mapped[dict[str, Any]]
    channels: Mapped[list[Any] | None]  # names, besides the environment's own; of a test, those alone
    at: Mapped[datetime] = mapped_column(index=True)
    routed_at: Mapped[datetime | None] = mapped_column(index=True)  # when its deliveries were written


class DeliveryRow(Base):
    """A notice on its way to one channel: at least once, under a key by which a receiver knows it again."""

    __tablename__ = "deliveries"

    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"))
    channel: Mapped[str] = mapped_column(String(60), index=True)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    state: Mapped[str] = mapped_column(String(20), index=True)  # pending, sending, sent, given up
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime | None] = mapped_column(
        index=True
    )  # of one being sent: when it counts as lost
    last_error: Mapped[str | None] = mapped_column(Text)  # a sentence without a secret
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]

    __table_args__ = (Index("deliveries_once", "notice_id", "channel", unique=True),)


class ScheduleRow(Base):
    """When an experiment runs by itself. A row stays when its schedule is deleted: its id is in the keys of runs."""

    __tablename__ = "schedules"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    experiment: Mapped[str] = mapped_column(String(400), index=True)
    environment: Mapped[str] = mapped_column(String(100), index=True)
    definition: Mapped[dict[str, Any]]  # as it was written: see app.schedules.definition
    source: Mapped[str | None] = mapped_column(
        String(700), unique=True
    )  # `file#name`; None: made by a person
    trouble: Mapped[str | None] = mapped_column(
        Text
    )  # a mistake in its file: nothing fires until it is mended
    paused_by: Mapped[str | None] = mapped_column(String(200))  # a person, besides what the definition says
    version: Mapped[int]  # of what people change: counts up
    next_at: Mapped[datetime | None]  # the next fire, without jitter; None: paused, over or deleted
    due_at: Mapped[datetime | None] = mapped_column(index=True)  # the same with jitter
    created_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class FireRow(Base):
    """One time of a schedule: committed before its run is asked for, so that no time comes twice."""

    __tablename__ = "fires"

    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("schedules.id"))
    at: Mapped[datetime] = mapped_column(index=True)  # as the rule names it, without jitter
    due_at: Mapped[datetime]
    written_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(20), index=True)
    sentence: Mapped[str] = mapped_column(Text)  # why it was refused or missed, or what it waits for
    run_id: Mapped[int | None]
    by: Mapped[str | None] = mapped_column(String(200))  # who ran it by hand; None: it was due
    asked_key: Mapped[str | None] = mapped_column(
        String(200), index=True, unique=True
    )  # of who ran it by hand

    __table_args__ = (UniqueConstraint("schedule_id", "at", name="fires_once"),)
