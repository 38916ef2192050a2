"""All SQL about notices and their deliveries."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.notifications.notice import Notice
from app.storage.tables import NoticeRow


def enqueue(session: Session, notice: Notice) -> int:
    """Write a notice in the transaction of what it tells, so that neither is lost without the other. Its id."""
    row = NoticeRow(
        kind=notice.kind, environment=notice.environment, subject=notice.subject, data=dict(notice.data),
        channels=None if notice.channels is None else list(notice.channels), at=notice.at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id
