"""All SQL about usage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.storage.tables import UsageRow
from app.usage.amounts import Amounts, Kind

Key = tuple[str, str, Kind, str]
KEY = ("environment", "day", "kind", "subject")
INSERTS: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def add(session: Session, amounts: Mapping[Key, float]) -> None:
    """Onto what is there, whoever else adds at the same time."""
    statement = INSERTS[session.get_bind().dialect.name](UsageRow)
    more = {"amount": UsageRow.amount + statement.excluded.amount}
    rows = [
        dict(zip(KEY, (environment, day, str(kind), subject), strict=True), amount=amount)
        for (environment, day, kind, subject), amount in amounts.items()
    ]
    session.execute(statement.on_conflict_do_update(index_elements=KEY, set_=more), rows)


def of_month(session: Session, month: str) -> dict[str, dict[str, Amounts]]:
    """By environment and day."""
    query = (
        select(UsageRow.environment, UsageRow.day, UsageRow.kind, func.sum(UsageRow.amount))
        .where(UsageRow.day >= f"{month}-01", UsageRow.day <= f"{month}-31")
        .group_by(UsageRow.environment, UsageRow.day, UsageRow.kind)
        .order_by(UsageRow.day)
    )
    found: dict[str, dict[str, Amounts]] = {}
    for environment, day, kind, amount in session.execute(query):
        found.setdefault(environment, {}).setdefault(day, Amounts())[Kind(kind)] = amount
    return found


def of_subjects(session: Session, subjects: Sequence[str]) -> dict[str, Amounts]:
    query = (
        select(UsageRow.subject, UsageRow.kind, func.sum(UsageRow.amount))
        .where(UsageRow.subject.in_(subjects))
        .group_by(UsageRow.subject, UsageRow.kind)
    )
    found = {subject: Amounts() for subject in subjects}
    for subject, kind, amount in session.execute(query):
        found[subject][Kind(kind)] = amount
    return found
