"""Lets people and programs in: one-time links, sessions, tokens."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from app.access import store
from app.access.credential import SHOWN, Credential, Issued, Kind, digest, new_secret
from app.access.roles import Need, Role, may
from app.clock import Clock
from app.errors import Invalid, NotFound
from app.storage import Storage
from app.storage.tables import CredentialRow

SETUP = timedelta(hours=1)
SESSION = timedelta(hours=12)
LONGEST = timedelta(days=366)
LONGEST_NAME = 100  # characters
FIRST = "the first admin"
REFUSED = (
    "That is no link or token of this console, or it was used, revoked, or has expired. "
    "Ask an admin for a new one; on the console's machine: gameday token link NAME --role viewer"
)


class Access:
    """Threads share it."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    def issue(self, kind: Kind, *, name: str, role: Role, lifetime: timedelta, by: str) -> Issued:
        """A new credential. Invalid where it has no name, or would live longer than a year."""
        if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
            raise Invalid(f"A name has 1 to {LONGEST_NAME} characters that can be printed.")
        if not timedelta(0) < lifetime <= LONGEST:
            raise Invalid(f"It can be good for at most {LONGEST.days} days.")
        with self._storage.writing() as session:
            return self._insert(session, kind, name=name.strip(), role=role, lifetime=lifetime, by=by)

    def setup_link(self) -> str | None:
        """The secret that makes the first admin; None where an admin can still come in.

        An earlier link is revoked: there is one at a time, and it is good for an hour.
        """
        now = self._clock.now()
        with self._storage.writing() as session:
            known = [one for one in store.every(session) if one.valid(now) and may(one.role, Need.ADMIT)]
            if any(one.kind is not Kind.LINK for one in known):
                return None
            for link in known:
                store.revoke(session, link.id, now)
            made = self._insert(
                session, Kind.LINK, name=FIRST, role=Role.ADMIN, lifetime=SETUP, by="the console"
            )
        return made.secret

    def sign_in(self, secret: str) -> Issued:
        """A session for a link, which is spent by it, or for a token. Invalid for anything else.

        One transaction: a session that came after its token was revoked would outlive it.
        """
        with self._storage.writing() as session:
            now = self._clock.now()
            found = store.by_digest(session, digest(secret.strip()), held=True)
            if found is None or found.kind is Kind.SESSION or not found.valid(now):
                raise Invalid(REFUSED)
            if found.kind is Kind.LINK and not store.spend(session, found.id, now):
                raise Invalid(REFUSED)
            left = found.expires_at - now if found.kind is Kind.TOKEN else SESSION
            return self._insert(
                session, Kind.SESSION, name=found.name, role=found.role, lifetime=min(left, SESSION),
                by=found.name, parent=found.id,
            )  # fmt: skip

    def find(self, secret: str) -> Credential | None:
        """Whose session or token it is; None where it lets nobody in."""
        with self._storage.reading() as session:
            found = store.by_digest(session, digest(secret))
        good = found is not None and found.kind is not Kind.LINK and found.valid(self._clock.now())
        return found if good else None

    def revoke(self, credential_id: int) -> None:
        """With every session that came of it, at once. NotFound where there is none to revoke."""
        with self._storage.writing() as session:
            if not store.revoke(session, credential_id, self._clock.now()):
                raise NotFound(f"There is no link, session or token {credential_id} to revoke.")

    def all(self) -> list[Credential]:
        """What lets somebody in now, the oldest first."""
        with self._storage.reading() as session:
            return [one for one in store.every(session) if one.valid(self._clock.now())]

    def some(self, *, after: int = 0, limit: int = 50) -> list[Credential]:
        """The same, those with a greater id than `after`."""
        with self._storage.reading() as session:
            return store.valid(session, self._clock.now(), after=after, limit=limit)

    def _insert(
        self, session: Session, kind: Kind, *, name: str, role: Role, lifetime: timedelta, by: str,
        parent: int | None = None,
    ) -> Issued:  # fmt: skip
        secret, now = new_secret(), self._clock.now()
        row = CredentialRow(
            kind=kind, name=name, role=role, digest=digest(secret), prefix=secret[:SHOWN], parent=parent,
            created_by=by, created_at=now, expires_at=now + lifetime, used_at=None, revoked_at=None,
        )  # fmt: skip
        return Issued(secret=secret, credential=store.insert(session, row))
