"""Lines without what signs a request or lets somebody in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "…"
SHORTEST = 8  # characters: shorter values stand in every other word
SECRETS = re.compile(
    r"(?:AKIA|ASIA)[A-Z0-9]{12,}"
    r"|(?i:(?:signature|credential|securitytoken|security-token)[=:]\s*\S+)"
    r"|\bgd_[\w-]{16,}"  # the console's own links and tokens
    r"|(?i:(?<=bearer )[\w.~+/=-]{8,})"
    r"|(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"  # the name and password in an address
)
NAMED = re.compile(r"(?i)secret|token|password|access_key|database_url|api_key")


def redacted(text: str) -> str:
    return SECRETS.sub(HIDDEN, text)


def secrets_of(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Values of variables whose names say that they are secret; the longest first, since one may hold another."""
    found = {value for name, value in environ.items() if NAMED.search(name) and len(value) >= SHORTEST}
    return tuple(sorted(found, key=len, reverse=True))


class Hiding:
    """Takes known secrets, and what looks like one, out of whatever is logged."""

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        self._secrets = secrets

    def text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return redacted(text)

    def anything(self, value: Any) -> Any:
        """The same inside lists and objects."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {name: self.anything(one) for name, one in value.items()}
        return [self.anything(one) for one in value] if isinstance(value, list | tuple) else value
