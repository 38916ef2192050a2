"""The safety lever: engaged, it refuses all arming until a person disengages it. The words are those of AWS FIS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.clock import Clock
from app.errors import Conflict
from app.notifications import Kind, Notice, tell
from app.storage import Storage
from app.storage.tables import LeverRow

Facts = Callable[[], Mapping[str, Any]]
EVERYWHERE = ""  # the scope of the lever of all environments


@dataclass(frozen=True, kw_only=True)
class Lever:
    """One lever as it stands. Without an environment it is that of all of them."""

    environment: str | None
    engaged: bool
    by: str
    why: str
    at: datetime

    @property
    def sentence(self) -> str:
        where = f"of {self.environment}" if self.environment else "of all environments"
        why = f": {self.why}" if self.why else ""
        state = "engaged" if self.engaged else "disengaged"
        return f"The safety lever {where} was {state} by {self.by} at {self.at:%Y-%m-%d %H:%M} UTC{why}"


class SafetyLever:
    """Durable: a restart does not disengage it."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    def all(self) -> list[Lever]:
        """Every lever that was ever touched; that of all environments first."""
        with self._storage.reading() as session:
            return [_lever(row) for row in session.scalars(select(LeverRow).order_by(LeverRow.scope))]

    def engaged(self, environment: str) -> Lever | None:
        """The lever that forbids arming in an environment."""
        with self._storage.reading() as session:
            return engaged(session, environment)

    def set(self, environment: str | None, *, engaged: bool, by: str, why: str, facts: Facts = dict) -> Lever:
        """Committed when this returns. Engaging an engaged lever keeps who, when and why of the first time.

        `facts`: what people are told besides, of what is armed at that moment.
        """
        scope = environment or EVERYWHERE
        with self._storage.writing() as session:
            row = session.get(LeverRow, scope)
            if row is None or row.engaged != engaged:
                row = session.merge(
                    LeverRow(scope=scope, engaged=engaged, by=by, why=why, at=self._clock.now())
                )
                moved = _lever(row)
                tell(session, lambda: _notice(moved, facts()))
            return _lever(row)


def engaged(session: Session, environment: str) -> Lever | None:
    """The same, in a transaction: nothing can be engaged between this look and what is written in it."""
    row = session.scalars(select(LeverRow).where(_holds_in(environment))).first()
    return _lever(row) if row else None


def is_engaged(environment: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """As a condition on rows of an environment."""
    return exists().where(_holds_in(environment))


def _holds_in(environment: str | InstrumentedAttribute[str]) -> ColumnElement[bool]:
    return and_(LeverRow.engaged, or_(LeverRow.scope == EVERYWHERE, LeverRow.scope == environment))


def forbidden(lever: Lever) -> Conflict:
    return Conflict(
        f"{lever.sentence}. Nothing is armed until a person disengages it.", lever=lever.environment
    )


def _notice(lever: Lever, facts: Mapping[str, Any]) -> Notice:
    state = "engaged" if lever.engaged else "disengaged"
    data = {**facts, "state": state, "by": lever.by, "why": lever.why}
    return Notice(
        kind=Kind.LEVER, environment=lever.environment or "", subject="lever", at=lever.at, data=data
    )


def _lever(row: LeverRow) -> Lever:
    return Lever(environment=row.scope or None, engaged=row.engaged, by=row.by, why=row.why, at=row.at)
