"""The samples' SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.metrics.sample import Sample
from app.storage.tables import SampleRow

COLUMNS = (SampleRow.environment, SampleRow.query, SampleRow.at, SampleRow.value, SampleRow.parts)


def add(session: Session, samples: Sequence[Sample]) -> None:
    session.add_all(
        SampleRow(environment=s.environment, query=s.query, at=s.at, value=s.value, parts=dict(s.parts))
        for s in samples
    )


def newest(
    session: Session, environment: str, query: str, *,
    limit: int | None, since: datetime | None = None, until: datetime | None = None,
) -> list[Sample]:  # fmt: skip
    """The newest `limit` from `since` to `until`, the oldest first."""
    wanted = _wanted(environment, query, since, until).order_by(SampleRow.at.desc()).limit(limit)
    return [Sample(**row._asdict()) for row in reversed(session.execute(wanted).all())]


def oldest(
    session: Session, environment: str, query: str, *, limit: int, since: datetime, until: datetime | None
) -> list[Sample]:
    """The oldest `limit` from `since` to `until`, the oldest first."""
    wanted = _wanted(environment, query, since, until).order_by(SampleRow.at).limit(limit)
    return [Sample(**row._asdict()) for row in session.execute(wanted)]


def latest(session: Session, environment: str, query: str) -> Sample | None:
    return next(iter(newest(session, environment, query, limit=1)), None)


def forget(session: Session, before: datetime) -> None:
    session.execute(delete(SampleRow).where(SampleRow.at < before))


def _wanted(environment: str, query: str, since: datetime | None, until: datetime | None) -> Any:
    wanted = select(*COLUMNS).where(SampleRow.environment == environment, SampleRow.query == query)
    if since is not None:
        wanted = wanted.where(SampleRow.at >= since)
    return wanted if until is None else wanted.where(SampleRow.at <= until)
