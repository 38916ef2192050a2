"""All SQL about runs and their events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session, defer

from app.runs.run import Event, InLine, JournalState, Outcome, Run, RunStatus, Verdict, Wanted
from app.storage.tables import RunEventRow, RunRow

UNFINISHED = (RunStatus.QUEUED, RunStatus.RUNNING)


def insert(session: Session, run: Mapping[str, Any]) -> int:
    """A new row, of the given columns. Returns its id."""
    row = RunRow(**run)
    session.add(row)
    session.flush()
    return row.id


def read(session: Session, run_id: int) -> Run | None:
    row = session.get(RunRow, run_id)
    return None if row is None else to_run(row)


def with_key(session: Session, key: str) -> Run | None:
    row = session.scalar(select(RunRow).where(RunRow.key == key))
    return None if row is None else to_run(row)


def latest(session: Session, wanted: Wanted, *, limit: int, before: int | None = None) -> list[Run]:
    """The newest first, of those with a smaller id than `before`. Without their documents."""
    same = ("experiment", "environment", "status", "verdict", "requested_by")
    conditions = [
        getattr(RunRow, name) == value for name in same if (value := getattr(wanted, name)) is not None
    ]
    if wanted.schedule is not None:
        conditions.append(RunRow.request["schedule"].as_integer() == wanted.schedule)
    if wanted.since is not None:
        conditions.append(RunRow.created_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(RunRow.created_at < wanted.until)
    if before is not None:
        conditions.append(RunRow.id < before)
    return _brief(session, select(RunRow).where(*conditions).limit(limit))


def last_of_each(
    session: Session, experiments: Sequence[str], environment: str | None, *, limit: int
) -> dict[str, list[Run]]:
    """By experiment: the newest first. Without their documents."""
    place = func.row_number().over(partition_by=RunRow.experiment, order_by=RunRow.id.desc()).label("place")
    numbered = select(RunRow.id, place).where(RunRow.experiment.in_(experiments))
    if environment is not None:
        numbered = numbered.where(RunRow.environment == environment)
    newest = select((rows := numbered.subquery()).c.id).where(rows.c.place <= limit)
    found: dict[str, list[Run]] = {experiment: [] for experiment in experiments}
    for run in _brief(session, select(RunRow).where(RunRow.id.in_(newest))):
        found[run.experiment].append(run)
    return found


def _brief(session: Session, query: Select[RunRow]) -> list[Run]:
    """The newest first. Without their documents, which are long, and which no list shows."""
    rows = session.scalars(query.order_by(RunRow.id.desc()).options(defer(RunRow.document)))
    return [to_run(row, document={}) for row in rows]


def those(session: Session, ids: Sequence[int]) -> list[Run]:
    return [to_run(row) for row in session.scalars(select(RunRow).where(RunRow.id.in_(ids)))]


def marks(
    session: Session, environment: str, *, begin: datetime, end: datetime, newest: bool, limit: int
) -> list[tuple[datetime, int]]:
    """When runs were asked for by hand, and their ids: not the whole rows, of which there may be many."""
    query = select(RunRow.created_at, RunRow.id).where(
        RunRow.environment == environment, RunRow.created_at >= begin, RunRow.created_at < end,
        RunRow.request["schedule"].as_integer().is_(None),
    )  # fmt: skip
    order = (RunRow.created_at.desc(), RunRow.id.desc()) if newest else (RunRow.created_at, RunRow.id)
    return [(at, run) for at, run in session.execute(query.order_by(*order).limit(limit))]


def unfinished(session: Session, environment: str | None = None) -> list[Run]:
    query = select(RunRow).where(RunRow.status.in_(UNFINISHED)).order_by(RunRow.id)
    if environment is not None:
        query = query.where(RunRow.environment == environment)
    return [to_run(row) for row in session.scalars(query)]


def outcomes(session: Session) -> list[Outcome]:
    """Counted by the database, on an index that has all that is asked for."""
    query = select(RunRow.environment, RunRow.status, RunRow.verdict, func.count()).group_by(
        RunRow.environment, RunRow.status, RunRow.verdict
    )
    return [
        Outcome(environment=environment, status=RunStatus(status), verdict=verdict, count=count)
        for environment, status, verdict, count in session.execute(query)
    ]


def count_waiting(session: Session, environment: str) -> int:
    query = select(func.count()).where(
        RunRow.status == RunStatus.QUEUED,
        RunRow.environment == environment,
        RunRow.facts["waits"].as_boolean(),
    )
    return session.scalar(query) or 0


def in_line(session: Session) -> list[InLine]:
    """All unfinished runs, the first one first: not the whole rows, which every step of the line would read."""
    facts = RunRow.facts
    query = select(
        RunRow.id, RunRow.environment, RunRow.status, facts["stores"], facts["waits"].as_boolean()
    ).where(RunRow.status.in_(UNFINISHED))
    return [
        InLine(
            id=number, environment=environment, stores=frozenset(stores or ()),
            waiting=status == RunStatus.QUEUED and bool(waits),
        )
        for number, environment, status, stores, waits in session.execute(query.order_by(RunRow.id))
    ]  # fmt: skip


def unsettled(session: Session) -> list[Run]:
    query = (
        select(RunRow).where(RunRow.status.not_in(UNFINISHED), RunRow.verdict.is_(None)).order_by(RunRow.id)
    )
    return [to_run(row) for row in session.scalars(query)]


def verdict_before(session: Session, run_id: int) -> tuple[int | None, str | None]:
    """The schedule that started a run, if one did, and the verdict of its run before that."""
    request = session.scalar(select(RunRow.request).where(RunRow.id == run_id)) or {}
    mine = request.get("schedule")
    if mine is None:
        return None, None
    earlier = (
        select(RunRow.verdict)
        .where(
            RunRow.id < run_id, RunRow.request["schedule"].as_integer() == mine, RunRow.verdict.is_not(None)
        )
        .order_by(RunRow.id.desc())
        .limit(1)
    )
    return mine, session.scalar(earlier)


def claim(session: Session, run_id: int, *, supervisor: str, at: datetime | None) -> bool:
    """Compare and swap: True for exactly one of those who try. `at` None: to end it before it begins."""
    changed = session.execute(
        update(RunRow)
        .where(RunRow.id == run_id, RunRow.status == RunStatus.QUEUED)
        .values(status=RunStatus.RUNNING, supervisor=supervisor, started_at=at)
        .returning(RunRow.id)
    )
    return changed.first() is not None


def change(session: Session, run_id: int, **columns: Any) -> None:
    session.execute(update(RunRow).where(RunRow.id == run_id).values(**columns))


def child_of(session: Session, run_id: int) -> tuple[int | None, float | None]:
    """The process id and start time recorded for the run's child."""
    row = session.execute(select(RunRow.child_pid, RunRow.child_started).where(RunRow.id == run_id)).one()
    return row[0], row[1]


def append(
    session: Session, run_id: int, told: Iterable[tuple[str, Mapping[str, Any]]], *, at: datetime
) -> list[Event]:
    """Add events after the last one. The transaction that writes is alone, so numbers have no gaps."""
    last = session.scalar(select(func.max(RunEventRow.seq)).where(RunEventRow.run_id == run_id)) or 0
    events = [
        Event(run_id=run_id, seq=last + number, at=at, kind=kind, data=dict(data))
        for number, (kind, data) in enumerate(told, start=1)
    ]
    session.add_all(
        RunEventRow(run_id=run_id, seq=event.seq, at=event.at, kind=event.kind, data=dict(event.data))
        for event in events
    )
    session.flush()
    return events


def events_after(session: Session, run_id: int, seq: int) -> list[Event]:
    query = (
        select(RunEventRow)
        .where(RunEventRow.run_id == run_id, RunEventRow.seq > seq)
        .order_by(RunEventRow.seq)
    )
    return [
        Event(run_id=row.run_id, seq=row.seq, at=row.at, kind=row.kind, data=row.data)
        for row in session.scalars(query)
    ]


def users_of(session: Session, environment: str, stores: Sequence[str]) -> list[Run]:
    """Unfinished runs that arm one of these stores, or will, the first one first."""
    return [run for run in unfinished(session, environment) if set(run.facts.get("stores", ())) & set(stores)]


def to_run(row: RunRow, *, document: Mapping[str, Any] | None = None) -> Run:
    return Run(
        id=row.id,
        experiment=row.experiment,
        title=row.title,
        environment=row.environment,
        account=row.account,
        region=row.region,
        requested_by=row.requested_by,
        variables=row.request.get("variables", {}),
        rollback_strategy=row.request.get("rollback_strategy", "always"),
        dry=row.request.get("dry"),
        hypothesis_frequency=row.request.get("hypothesis_frequency"),
        fail_fast=bool(row.request.get("fail_fast")),
        accept=tuple(row.request.get("accept", ())),
        fingerprint=row.request.get("fingerprint"),
        schedule=row.request.get("schedule"),
        status=RunStatus(row.status),
        deviated=row.deviated,
        verdict=Verdict(row.verdict) if row.verdict else None,
        verdict_reason=row.verdict_reason,
        stopped_by=row.stopped_by,
        snapshot=row.snapshot,
        sha256=row.sha256,
        git_commit=row.git_commit,
        git_dirty=row.git_dirty,
        document=row.document if document is None else document,
        facts=row.facts,
        proof=row.proof,
        journal_state=JournalState(row.journal_state),
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )
