"""What an experiment's secrets resolve to leaves the child in no event and no line of its log.

The journal is Chaos Toolkit's own and stays so: what an activity prints of a secret is in it, as with `chaos run`.
"""

from __future__ import annotations

import io
import json
import logging
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import chaoslib.run

HIDDEN = "*****"
SHORTEST = 4  # characters: shorter ones stand in every other word


class Redacting:
    def __init__(self) -> None:
        self._values: tuple[str, ...] = ()

    def install(self) -> None:
        """Learn the secrets when Chaos Toolkit resolves them, whatever their provider."""
        load = chaoslib.run.load_secrets

        def loading(*given: Any, **named: Any) -> Any:
            secrets = load(*given, **named)
            self.learn(secrets)
            return secrets

        chaoslib.run.load_secrets = loading

    def learn(self, secrets: Any) -> None:
        found = {form for value in _strings(secrets) for form in forms(value)}
        # The longest first: one secret may begin with another.
        self._values = tuple(sorted(found, key=len, reverse=True))

    def hide(self, text: str) -> str:
        for value in self._values:
            text = text.replace(value, HIDDEN)
        return text

    def hidden(self, value: Any) -> Any:
        """The same inside lists and objects of JSON, before they are written as text that escapes once more."""
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, dict):
            return {self.hide(name): self.hidden(part) for name, part in value.items()}
        return [self.hidden(part) for part in value] if isinstance(value, list) else value


class RedactedStream(io.TextIOWrapper):
    """What Python code prints. A process that writes to the descriptor itself is not seen here."""

    def __init__(self, descriptor: int, redacting: Redacting) -> None:
        super().__init__(open(descriptor, "wb", closefd=False), encoding="utf-8", line_buffering=True)  # noqa: SIM115
        self._redacting = redacting

    def write(self, text: str, /) -> int:
        super().write(self._redacting.hide(text))
        return len(text)


class RedactingFormatter(logging.Formatter):
    def __init__(self, redacting: Redacting) -> None:
        super().__init__("[%(asctime)s %(levelname)s] %(message)s", "%Y-%m-%d %H:%M:%S")
        self._redacting = redacting

    def format(self, record: logging.LogRecord) -> str:
        return self._redacting.hide(super().format(record))


def forms(value: str) -> Iterator[str]:
    """As it stands in texts: itself, without the line break of its file, escaped by JSON or Python, in URLs, in base64."""
    for one in (value, value.strip()):
        if len(one) < SHORTEST:
            continue
        yield one
        yield json.dumps(one)[1:-1]
        yield json.dumps(one, ensure_ascii=False)[1:-1]
        yield repr(one)[1:-1]
        raw = one.encode(errors="surrogatepass")
        yield quote(raw)
        yield quote(raw, safe="")
        yield quote_plus(raw)
        yield b64encode(raw).decode().rstrip("=")
        yield urlsafe_b64encode(raw).decode().rstrip("=")


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _strings(part)
