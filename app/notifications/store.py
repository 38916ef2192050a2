"""All SQL about notices and their deliveries."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from app.notifications.delivery import Delivery, DeliveryState
from app.notifications.notice import Kind, Notice
from app.storage.tables import DeliveryRow, NoticeRow, RunRow, ScheduleRow

OPEN = (DeliveryState.PENDING.value, DeliveryState.SENDING.value)
LOGGER = logging.getLogger(__name__)
AT_ONCE = 200  # notices routed in one transaction


def enqueue(session: Session, notice: Notice) -> int:
    """Write a notice in the transaction of what it tells, so that neither is lost without the other. Its id."""
    row = NoticeRow(
        kind=notice.kind, environment=notice.environment, subject=notice.subject, data=dict(notice.data),
        channels=_besides(session, notice), at=notice.at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def _besides(session: Session, notice: Notice) -> list[str] | None:
    """Channels that the notice names; of a scheduled run, and of its faults, those of its schedule."""
    run = str(notice.data.get("run") or "")
    if notice.channels is not None or not run.isdecimal():
        return None if notice.channels is None else list(notice.channels)
    same = RunRow.request["schedule"].as_integer() == ScheduleRow.id
    written = session.scalar(select(ScheduleRow.definition).join(RunRow, same).where(RunRow.id == int(run)))
    return (written or {}).get("tell") or None


def tell(session: Session, make: Callable[[], Notice | None]) -> None:
    """Write a notice, where there is one, and never break what it tells: a mistake in it is logged, and the rest stands."""
    try:
        with session.begin_nested():
            if (notice := make()) is not None:
                enqueue(session, notice)
    except Exception:
        LOGGER.exception("Nobody is told of something that is so all the same.")


# A kind that only a newer release knows waits for that release.
_UNROUTED = (NoticeRow.routed_at.is_(None), NoticeRow.kind.in_(list(Kind)))


def any_unrouted(session: Session) -> bool:
    return session.scalar(select(NoticeRow.id).where(*_UNROUTED).limit(1)) is not None


def route(
    session: Session, to: Callable[[Notice], Sequence[str]], *, now: datetime, new_key: Callable[[], str]
) -> int:
    """Write the deliveries of new notices, to the channels that `to` names. How many notices were routed."""
    query = select(NoticeRow).where(*_UNROUTED).order_by(NoticeRow.id).limit(AT_ONCE)
    rows = session.scalars(query.with_for_update(skip_locked=True)).all()
    for row in rows:
        row.routed_at = now
        session.add_all(
            DeliveryRow(
                notice_id=row.id, channel=channel, key=new_key(), state=DeliveryState.PENDING.value, attempts=0,
                next_attempt_at=now, created_at=now,
            )
            for channel in to(_notice(row))
        )  # fmt: skip
    session.flush()
    return len(rows)


def due(session: Session, now: datetime) -> list[str]:
    """Channels with something to send."""
    query = select(DeliveryRow.channel).where(*_is_due(now)).distinct()
    return list(session.scalars(query))


def claim(session: Session, channel: str, *, now: datetime, until: datetime) -> Delivery | None:
    """Take the delivery that waits longest; for exactly one of those who try. `until`: then it counts as lost."""
    query = (
        select(DeliveryRow)
        .where(DeliveryRow.channel == channel, *_is_due(now))
        .order_by(DeliveryRow.next_attempt_at, DeliveryRow.id)
    )
    row = session.scalars(query.limit(1).with_for_update(skip_locked=True)).first()
    if row is None:
        return None
    row.state, row.next_attempt_at, row.attempts = DeliveryState.SENDING.value, until, row.attempts + 1
    session.flush()
    notice = session.get(NoticeRow, row.notice_id)
    return _delivery(row, notice) if notice is not None else None


def mark(session: Session, delivery_id: int, **columns: Any) -> None:
    session.execute(update(DeliveryRow).where(DeliveryRow.id == delivery_id).values(**columns))


def let_go(session: Session, now: datetime) -> None:
    """What a killed console had in hand is sent again: nobody knows whether it arrived."""
    session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.state == DeliveryState.SENDING.value)
        .values(state=DeliveryState.PENDING.value, next_attempt_at=now)
    )


def give_up_others(session: Session, channels: Sequence[str], why: str) -> None:
    """Deliveries to channels that are named no more."""
    session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.state.in_(OPEN), DeliveryRow.channel.not_in(channels))
        .values(state=DeliveryState.GIVEN_UP.value, next_attempt_at=None, last_error=why)
    )


def give_up_tests(session: Session, channel: str, why: str) -> None:
    """Tests that did not arrive so far: whoever tests again wants to know of now."""
    tests = select(NoticeRow.id).where(NoticeRow.kind == Kind.TEST)
    session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.state == DeliveryState.PENDING.value, DeliveryRow.channel == channel)
        .where(DeliveryRow.notice_id.in_(tests))
        .values(state=DeliveryState.GIVEN_UP.value, next_attempt_at=None, last_error=why)
    )


def forget(session: Session, before: datetime) -> None:
    """Notices of long ago whose deliveries are over."""
    still = select(DeliveryRow.notice_id).where(DeliveryRow.state.in_(OPEN))
    old = select(NoticeRow.id).where(NoticeRow.at < before, NoticeRow.id.not_in(still))
    session.execute(delete(DeliveryRow).where(DeliveryRow.notice_id.in_(old)))
    session.execute(delete(NoticeRow).where(NoticeRow.at < before, NoticeRow.id.not_in(still)))


def latest(
    session: Session,
    *,
    limit: int,
    channel: str | None = None,
    state: str | None = None,
    kind: str | None = None,
    before: int | None = None,
) -> list[Delivery]:
    """The newest first, those with a smaller id than `before`."""
    query = (
        select(DeliveryRow, NoticeRow).join(NoticeRow, NoticeRow.id == DeliveryRow.notice_id)
    ).order_by(DeliveryRow.id.desc())  # fmt: skip
    if channel is not None:
        query = query.where(DeliveryRow.channel == channel)
    if state is not None:
        query = query.where(DeliveryRow.state == state)
    if kind is not None:
        query = query.where(NoticeRow.kind == kind)
    if before is not None:
        query = query.where(DeliveryRow.id < before)
    return [_delivery(row, notice) for row, notice in session.execute(query.limit(limit))]


def counted(session: Session) -> dict[tuple[str, str], int]:
    """How many deliveries of each channel are in each state."""
    query = select(DeliveryRow.channel, DeliveryRow.state, func.count()).group_by(
        DeliveryRow.channel, DeliveryRow.state
    )
    return {(channel, state): count for channel, state, count in session.execute(query)}


def failing(session: Session) -> dict[str, int]:
    """How many deliveries of each channel were tried in vain, and will be tried again."""
    query = select(DeliveryRow.channel, func.count()).where(
        DeliveryRow.state.in_(OPEN), DeliveryRow.last_error.is_not(None)
    )
    return dict(session.execute(query.group_by(DeliveryRow.channel)).all())


def _is_due(now: datetime) -> Sequence[Any]:
    ready = or_(DeliveryRow.next_attempt_at.is_(None), DeliveryRow.next_attempt_at <= now)
    return DeliveryRow.state.in_(OPEN), ready


def _notice(row: NoticeRow) -> Notice:
    return Notice(
        kind=Kind(row.kind), environment=row.environment, subject=row.subject, at=row.at, data=row.data,
        channels=None if row.channels is None else tuple(row.channels),
    )  # fmt: skip


def _delivery(row: DeliveryRow, notice: NoticeRow) -> Delivery:
    return Delivery(
        id=row.id, key=row.key, channel=row.channel, notice_id=row.notice_id, notice=_notice(notice),
        state=DeliveryState(row.state), attempts=row.attempts, next_attempt_at=row.next_attempt_at,
        last_error=row.last_error, created_at=row.created_at, sent_at=row.sent_at,
    )  # fmt: skip
