"""A secret that lets somebody in, as a value; the secret itself is shown once and never kept."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.access.roles import Role

SHOWN = 8  # characters of a secret by which people tell one from another


class Kind(StrEnum):
    LINK = "link"  # good for one sign-in
    SESSION = "session"  # a browser's
    TOKEN = "token"  # noqa: S105  a program's


@dataclass(frozen=True, kw_only=True)
class Credential:
    id: int
    kind: Kind
    name: str  # whose it is; what they do is recorded under it
    role: Role
    prefix: str  # the first characters of the secret
    created_by: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None  # a link's only sign-in
    revoked_at: datetime | None = None

    def valid(self, now: datetime) -> bool:
        spent = self.kind is Kind.LINK and self.used_at is not None
        return not spent and self.revoked_at is None and now < self.expires_at


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A new credential with its secret, which nobody can read again."""

    secret: str
    credential: Credential


def new_secret() -> str:
    """256 random bits, under a prefix by which scanners for leaked secrets can find them."""
    return f"gd_{secrets.token_urlsafe(32)}"


def digest(secret: str) -> str:
    """What is stored. Unsalted is enough: there is nothing to guess in 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()
