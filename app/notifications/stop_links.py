"""Links that end one run or one fault, and nothing else, for whoever holds them: no login, and not for ever.

A link is signed, not stored: it can be written again at every attempt of a delivery, and a copy of the database
holds none. The key stands in the data folder; without it every link is void.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.errors import GamedayError, NotFound

FILE = "stop-links.key"
WORDS = re.compile(
    r"(?P<noun>run|fault):(?P<id>[1-9]\d{0,17})\|(?P<channel>[\w-]{1,60})\|(?P<until>\d{1,12})"
)


class Expired(GamedayError):  # noqa: N818  it reads as a sentence
    status = 410
    title = "Too late for this link"


@dataclass(frozen=True, kw_only=True)
class StopLink:
    """What a link may end, until when, and the channel that it was sent to."""

    noun: str  # run or fault
    id: int
    channel: str
    until: datetime

    @property
    def by(self) -> str:
        """Who ends it, as far as it is known."""
        return f"a stop link sent to {self.channel}"


class StopLinks:
    def __init__(self, key: bytes) -> None:
        self._key = key

    def token(self, link: StopLink) -> str:
        words = f"{link.noun}:{link.id}|{link.channel}|{int(link.until.timestamp())}".encode()
        return f"{_text(words)}.{_text(self._signed(words))}"

    def read(self, token: str, now: datetime) -> StopLink:
        """NotFound for what this console did not sign, Expired for what it signed too long ago."""
        words, signature = _bytes(token)
        match = WORDS.fullmatch(words.decode(errors="replace"))
        if match is None or not hmac.compare_digest(signature, self._signed(words)):
            raise NotFound(
                "That is no stop link of this console. Sign in, and end the run or the fault there."
            )
        until = datetime.fromtimestamp(int(match["until"]), UTC)
        if until <= now:
            raise Expired(
                f"This link was good until {until:%Y-%m-%d %H:%M} UTC. Sign in, and end the run or the fault there."
            )
        return StopLink(noun=match["noun"], id=int(match["id"]), channel=match["channel"], until=until)

    def _signed(self, words: bytes) -> bytes:
        return hmac.digest(self._key, b"gameday stop link 1|" + words, hashlib.sha256)


def key_of(folder: Path) -> bytes:
    """The key of a data folder, made where there is none yet. Two who make it at once get the same one."""
    file = folder / FILE
    with contextlib.suppress(FileNotFoundError):
        return file.read_bytes()
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{FILE}.{secrets.token_hex(8)}"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
        written.write(secrets.token_bytes(32))
        written.flush()
        os.fsync(written.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(draft, file)  # whole, or not there: half a key would be one that can be guessed
    draft.unlink()
    return file.read_bytes()


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _bytes(token: str) -> tuple[bytes, bytes]:
    try:
        words, signature = (
            base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
            for part in token.encode().decode("ascii").split(".")
        )
    except ValueError:  # of the encoding, and of more or fewer parts
        return b"", b""
    return words, signature
