"""The samples' SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.metrics.sample import Sample
from app.storage.tables import SampleRow


def add(session: Session, samples: Sequence[Sample]) -> None:
    session.add_all(
        SampleRow(environment=s.environment, query=s.query, at=s.at, value=s.value, parts=dict(s.parts))
        for s in samples
    )


def since(session: Session, environment: str, query: str, begin: datetime, limit: int) -> list[Sample]:
    """The newest `limit`, the oldest first."""
    rows = session.scalars(
        select(SampleRow)
        .where(SampleRow.environment == environment, SampleRow.query == query, SampleRow.at >= begin)
        .order_by(SampleRow.at.desc())
        .limit(limit)
    )
    return [_sample(row) for row in reversed(rows.all())]


def begin_with(session: Session, environment: str, query: str, begin: datetime, limit: int) -> list[Sample]:
    """The oldest `limit` from `begin` on, the oldest first."""
    rows = session.scalars(
        select(SampleRow)
        .where(SampleRow.environment == environment, SampleRow.query == query, SampleRow.at >= begin)
        .order_by(SampleRow.at)
        .limit(limit)
    )
    return [_sample(row) for row in rows]


def latest(session: Session, environment: str, query: str) -> Sample | None:
    row = session.scalars(
        select(SampleRow)
        .where(SampleRow.environment == environment, SampleRow.query == query)
        .order_by(SampleRow.at.desc())
        .limit(1)
    ).first()
    return _sample(row) if row else None


def forget(session: Session, before: datetime) -> None:
    session.execute(delete(SampleRow).where(SampleRow.at < before))


def _sample(row: SampleRow) -> Sample:
    return Sample(environment=row.environment, query=row.query, at=row.at, value=row.value, parts=row.parts)
