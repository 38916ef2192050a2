"""Where a channel goes, its secrets read at the moment of use; and texts without them. Nothing here is ever shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from app.errors import GamedayError
from app.settings import Channel

SHORTEST_SECRET = 4  # characters: shorter parts of an address are no secrets, and would make texts unreadable
HIDDEN = "****"
LONGEST_ERROR = 400  # characters


class NotSent(GamedayError):  # noqa: N818  it reads as a sentence
    status = 502
    title = "Not sent"
    retryable = True


@dataclass(frozen=True, kw_only=True)
class Target:
    address: str = field(repr=False)
    secret: str = field(default="", repr=False)  # that signs; only a webhook has one
    signed: bool = False

    @property
    def shown(self) -> str:
        scheme = self.address.partition("://")[0]
        return f"{scheme}://{f'{self.host}/' if self.signed and self.host else ''}…"

    @property
    def host(self) -> str:
        try:
            return urlsplit(self.address).hostname or ""
        except ValueError:
            return ""

    def redacted(self, text: str, *also: str) -> str:
        """The text, one line of it, without any part of the address that may be a secret, and without `also`."""
        parts = re.split(r"[/:@?&=#,]+", self.address.partition("://")[2])
        told = {self.host, *self.host.split(".")} if self.signed else set()
        secrets = {self.address, self.secret, *also, *parts, *(unquote(part) for part in parts)} - told
        for one in sorted(secrets, key=len, reverse=True):
            if len(one) >= SHORTEST_SECRET:
                text = re.sub(re.escape(one), HIDDEN, text, flags=re.IGNORECASE)
        return " ".join(text.split())[:LONGEST_ERROR]


def target_of(channel: Channel, folder: Path, environ: Mapping[str, str]) -> Target:
    """NotSent, as a sentence, where a secret is not there: it is looked for again at the next attempt."""
    if channel.webhook:
        secret = _read(channel.secret_env, channel.secret_file, folder, environ)
        return Target(address=channel.webhook, secret=secret, signed=True)
    if channel.url:
        return Target(address=channel.url)
    return Target(address=_read(channel.url_env, channel.url_file, folder, environ))


def _read(variable: str, file: str, folder: Path, environ: Mapping[str, str]) -> str:
    if variable:
        value = environ.get(variable, "")
    else:
        try:
            value = (folder / file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise NotSent(f"{file} can not be read: {type(error).__name__}.") from error
    if not value.strip():
        raise NotSent(f"{f'The variable {variable}' if variable else file} is empty or not set.")
    return value.strip()
