"""All SQL about credentials."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from app.access.credential import Credential, Kind
from app.access.roles import Role
from app.storage.tables import CredentialRow


def insert(session: Session, row: CredentialRow) -> Credential:
    session.add(row)
    session.flush()
    return to_credential(row)


def by_digest(session: Session, digest: str, *, held: bool = False) -> Credential | None:
    """`held`: nobody changes it before the end of the transaction."""
    query = select(CredentialRow).where(CredentialRow.digest == digest)
    row = session.scalar(query.with_for_update() if held else query)
    return None if row is None else to_credential(row)


def spend(session: Session, credential_id: int, at: datetime) -> bool:
    """Compare and swap: True for exactly one of those who use a link."""
    changed = session.execute(
        update(CredentialRow)
        .where(CredentialRow.id == credential_id, CredentialRow.used_at.is_(None))
        .values(used_at=at)
        .returning(CredentialRow.id)
    )
    return changed.first() is not None


def revoke(session: Session, credential_id: int, at: datetime) -> bool:
    """With every session that came of it. Whether there was one to revoke."""
    # Whoever is signing in with it has it: on PostgreSQL their session is seen only by what is asked after this.
    session.execute(select(CredentialRow.id).where(CredentialRow.id == credential_id).with_for_update())
    changed = session.execute(
        update(CredentialRow)
        .where(
            or_(CredentialRow.id == credential_id, CredentialRow.parent == credential_id),
            CredentialRow.revoked_at.is_(None),
        )
        .values(revoked_at=at)
        .returning(CredentialRow.id)
    )
    return changed.first() is not None


def every(session: Session) -> list[Credential]:
    return [to_credential(row) for row in session.scalars(select(CredentialRow).order_by(CredentialRow.id))]


def valid(session: Session, now: datetime, *, after: int, limit: int) -> list[Credential]:
    """What lets somebody in at `now`, by id, those with a greater one than `after`: the same as `Credential.valid`."""
    spent = and_(CredentialRow.kind == Kind.LINK, CredentialRow.used_at.is_not(None))
    query = select(CredentialRow).where(
        CredentialRow.id > after, CredentialRow.revoked_at.is_(None), CredentialRow.expires_at > now, ~spent
    )
    return [to_credential(row) for row in session.scalars(query.order_by(CredentialRow.id).limit(limit))]


def to_credential(row: CredentialRow) -> Credential:
    return Credential(
        id=row.id, kind=Kind(row.kind), name=row.name, role=Role(row.role), prefix=row.prefix,
        created_by=row.created_by, created_at=row.created_at, expires_at=row.expires_at, used_at=row.used_at,
        revoked_at=row.revoked_at,
    )  # fmt: skip
