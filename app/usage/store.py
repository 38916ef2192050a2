"""All SQL about usage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.storage.tables import UsageRow
from app.usage.amounts import Amounts, Kind

Key = tuple[str, str, Kind, str]  # environment, day, kind, subject
INSERTS: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def add(session: Session, amounts: Mapping[Key, float]) -> None:
    """Onto what is there, whoever else adds at the same time."""
    insert = INSERTS[session.get_bind().dialect.name]
    for (environment, day, kind, subject), amount in amounts.items():
        row = {"environment": environment, "day": day, "kind": kind, "subject": subject, "amount": amount}
        statement = insert(UsageRow).values(**row)
        key = [UsageRow.environment, UsageRow.day, UsageRow.kind, UsageRow.subject]
        session.execute(
            statement.on_conflict_do_update(index_elements=key, set_={"amount": UsageRow.amount + amount})
        )


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


def of_subject(session: Session, subject: str) -> Amounts:
    query = (
        select(UsageRow.kind, func.sum(UsageRow.amount))
        .where(UsageRow.subject == subject)
        .group_by(UsageRow.kind)
    )
    return Amounts({Kind(kind): amount for kind, amount in session.execute(query)})
