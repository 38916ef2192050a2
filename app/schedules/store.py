"""All SQL about schedules and their fires."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.schedules.definition import LONGEST_JITTER, Definition, parse
from app.schedules.rule import Kind, Rule
from app.schedules.schedule import OPEN, Fire, FireState, Schedule, WantedFires
from app.storage.tables import FireRow, ScheduleRow


def insert(session: Session, definition: Definition, **columns: Any) -> int:
    """A new row, of the definition and the given columns. Its id."""
    row = ScheduleRow(**_columns(definition), version=1, **columns)
    session.add(row)
    session.flush()
    return row.id


def read(session: Session, schedule_id: int) -> Schedule | None:
    """Deleted ones, too."""
    row = session.get(ScheduleRow, schedule_id, populate_existing=True)
    return None if row is None else to_schedule(row)


def listed(
    session: Session, *, experiment: str | None, environment: str | None, after: int, limit: int
) -> list[Schedule]:
    """By id, those with a greater one than `after`."""
    query = select(ScheduleRow).where(ScheduleRow.deleted_at.is_(None), ScheduleRow.id > after)
    if experiment is not None:
        query = query.where(ScheduleRow.experiment == experiment)
    if environment is not None:
        query = query.where(ScheduleRow.environment == environment)
    return [to_schedule(row) for row in session.scalars(query.order_by(ScheduleRow.id).limit(limit))]


def of_files(session: Session) -> list[Schedule]:
    """Deleted ones, too: one that comes back to its file is the same schedule."""
    return [
        to_schedule(row)
        for row in session.scalars(select(ScheduleRow).where(ScheduleRow.source.is_not(None)))
    ]


def soonest(
    session: Session, *, environment: str | None = None, before: datetime | None = None, limit: int
) -> list[Schedule]:
    query = (
        select(ScheduleRow)
        .where(ScheduleRow.due_at.is_not(None))
        .order_by(ScheduleRow.due_at, ScheduleRow.id)
    )
    if environment is not None:
        query = query.where(ScheduleRow.environment == environment)
    if before is not None:
        query = query.where(ScheduleRow.due_at < before)
    return [to_schedule(row) for row in session.scalars(query.limit(limit))]


def due(session: Session, now: datetime, *, limit: int) -> list[Schedule]:
    query = select(ScheduleRow).where(ScheduleRow.due_at <= now).order_by(ScheduleRow.due_at, ScheduleRow.id)
    return [to_schedule(row) for row in session.scalars(query.limit(limit))]


def earliest(session: Session, now: datetime) -> datetime | None:
    """When a schedule is due next, or a fire that was written early."""
    early = select(func.min(FireRow.due_at)).where(FireRow.state == FireState.INTENDED, FireRow.due_at > now)
    found = (session.scalar(select(func.min(ScheduleRow.due_at))), session.scalar(early))
    return min(filter(None, found), default=None)


def change(
    session: Session, schedule: Schedule, definition: Definition | None = None, **columns: Any
) -> bool:
    """Compare and swap by the version: False where somebody else was first."""
    values = columns | (_columns(definition) if definition else {}) | {"version": schedule.version + 1}
    changed = session.execute(
        update(ScheduleRow)
        .where(ScheduleRow.id == schedule.id, ScheduleRow.version == schedule.version)
        .values(**values)
        .returning(ScheduleRow.id)
    )
    return changed.first() is not None


def advance(
    session: Session, schedule: Schedule, *, next_at: datetime | None, due_at: datetime | None
) -> bool:
    """On to its next fire, for exactly one of those who try. It is no change of what people wrote."""
    changed = session.execute(
        update(ScheduleRow)
        .where(
            ScheduleRow.id == schedule.id, ScheduleRow.version == schedule.version, ScheduleRow.next_at == schedule.next_at
        )
        .values(next_at=next_at, due_at=due_at)
        .returning(ScheduleRow.id)
    )  # fmt: skip
    return changed.first() is not None


def last_fire(session: Session, schedule_id: int) -> datetime | None:
    """Of those that were due."""
    return session.scalar(
        select(func.max(FireRow.at)).where(FireRow.schedule_id == schedule_id, FireRow.by.is_(None))
    )


def written(session: Session, ids: Sequence[int], since: datetime) -> Mapping[int, set[datetime]]:
    """By schedule: which times from then on have a fire already."""
    query = select(FireRow.schedule_id, FireRow.at).where(FireRow.schedule_id.in_(ids), FireRow.at >= since)
    found: dict[int, set[datetime]] = defaultdict(set)
    for schedule_id, at in session.execute(query):
        found[schedule_id].add(at)
    return found


def write(session: Session, schedule_id: int, **columns: Any) -> int:
    """A fire. Its id."""
    row = FireRow(schedule_id=schedule_id, **({"sentence": "", "run_id": None, "by": None} | columns))
    session.add(row)
    session.flush()
    return row.id


def with_key(session: Session, key: str) -> Fire | None:
    """The one that was asked for under that key."""
    row = session.scalar(select(FireRow).where(FireRow.asked_key == key))
    return None if row is None else to_fire(row)


def free_key(session: Session, fire_id: int) -> None:
    """Of one that came to nothing: the same call may be tried again."""
    session.execute(update(FireRow).where(FireRow.id == fire_id).values(asked_key=None))


def write_all(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Fires that were due."""
    session.add_all(FireRow(run_id=None, by=None, **row) for row in rows)


def opened(session: Session, now: datetime, *, limit: int) -> list[Fire]:
    """Those whose run is to be asked for by now: the longest due first, and after them those that wait.

    What was due once stays so, where the clock steps back.
    """
    due = or_(FireRow.due_at <= now, FireRow.due_at <= FireRow.written_at, FireRow.state == FireState.WAITING)
    query = (
        select(FireRow)
        .where(FireRow.state.in_(OPEN), due)
        .order_by(FireRow.state, FireRow.due_at, FireRow.id)
    )
    return [to_fire(row) for row in session.scalars(query.limit(limit))]


def followed(session: Session, fire: Fire, now: datetime) -> bool:
    """Whether a later time of its schedule has come, and was not missed."""
    later = (FireRow.schedule_id == fire.schedule_id, FireRow.at > fire.at, FireRow.due_at <= now)
    query = select(FireRow.id).where(*later, FireRow.by.is_(None), FireRow.state != FireState.MISSED)
    return session.scalar(query.limit(1)) is not None


def fire(session: Session, fire_id: int) -> Fire | None:
    row = session.get(FireRow, fire_id, populate_existing=True)
    return None if row is None else to_fire(row)


def settle(
    session: Session, fire_id: int, *, state: FireState, sentence: str = "", run_id: int | None = None
) -> bool:
    """Compare and swap: True for exactly one of those who try, while it is open."""
    changed = session.execute(
        update(FireRow)
        .where(FireRow.id == fire_id, FireRow.state.in_(OPEN))
        .values(state=state, sentence=sentence, run_id=run_id)
        .returning(FireRow.id)
    )
    return changed.first() is not None


def found_fires(session: Session, wanted: WantedFires, *, before: int | None, limit: int) -> list[Fire]:
    """The newest first, those with a smaller id than `before`."""
    query = select(FireRow)
    if wanted.schedule is not None:
        query = query.where(FireRow.schedule_id == wanted.schedule)
    if wanted.environment is not None:
        there = select(ScheduleRow.id).where(ScheduleRow.environment == wanted.environment)
        query = query.where(FireRow.schedule_id.in_(there))
    if wanted.state is not None:
        query = query.where(FireRow.state == wanted.state)
    if wanted.since is not None:
        query = query.where(FireRow.due_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(FireRow.due_at < wanted.until)
    if before is not None:
        query = query.where(FireRow.id < before)
    return [to_fire(row) for row in session.scalars(query.order_by(FireRow.id.desc()).limit(limit))]


def marks(
    session: Session, environment: str, *, begin: datetime, end: datetime, newest: bool, limit: int
) -> list[tuple[datetime, int, int]]:
    """When fires of that time were due, their ids and their schedules': not the whole rows, of which there may be many."""
    query = (
        select(FireRow.due_at, FireRow.id, FireRow.schedule_id)
        .join(ScheduleRow, ScheduleRow.id == FireRow.schedule_id)
        .where(ScheduleRow.environment == environment, FireRow.due_at >= begin, FireRow.due_at < end)
        .where(FireRow.at >= begin - LONGEST_JITTER, FireRow.at < end)  # which has an index
    )
    # Of the newest only some are wanted: in the index's order, which jitter changes little, nothing needs to be sorted.
    order = (FireRow.at.desc(),) if newest else (FireRow.due_at, FireRow.id)
    return [
        (due_at, fire, schedule)
        for due_at, fire, schedule in session.execute(query.order_by(*order).limit(limit))
    ]


def those_fires(session: Session, ids: Sequence[int]) -> Mapping[int, Fire]:
    return {row.id: to_fire(row) for row in session.scalars(select(FireRow).where(FireRow.id.in_(ids)))}


def named(session: Session, ids: Sequence[int]) -> Mapping[int, Schedule]:
    query = select(ScheduleRow).where(ScheduleRow.id.in_(ids))
    return {row.id: to_schedule(row) for row in session.scalars(query)}


def to_schedule(row: ScheduleRow) -> Schedule:
    definition, trouble = _definition(row)
    return Schedule(
        id=row.id, definition=definition, source=row.source, trouble=row.trouble or trouble, paused_by=row.paused_by,
        version=row.version, next_at=row.next_at, due_at=row.due_at, created_by=row.created_by,
        created_at=row.created_at, changed_at=row.changed_at, deleted_at=row.deleted_at,
    )  # fmt: skip


def _definition(row: ScheduleRow) -> tuple[Definition, str | None]:
    """What can not be read any more, a time zone that is gone, fires nothing and breaks no other schedule."""
    try:
        return parse(row.definition), None
    except Invalid as error:
        never = Rule(kind=Kind.ONCE)
        return Definition(
            name=row.name, experiment=row.experiment, environment=row.environment, rule=never, fields=row.definition
        ), str(error)  # fmt: skip


def to_fire(row: FireRow) -> Fire:
    return Fire(
        id=row.id, schedule_id=row.schedule_id, at=row.at, due_at=row.due_at, written_at=row.written_at,
        state=FireState(row.state), sentence=row.sentence, run_id=row.run_id, by=row.by,
    )  # fmt: skip


def _columns(definition: Definition) -> dict[str, Any]:
    fields = json.loads(json.dumps(definition.fields, default=str))
    return {
        "name": definition.name,
        "experiment": definition.experiment,
        "environment": definition.environment,
        "definition": fields,
    }
