"""What an experiment's secrets resolve to leaves the child in no event and no line of its log.

The journal is Chaos Toolkit's own and stays so: what an activity prints of a secret is in it, as with `chaos run`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

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
        found = {value for value in _strings(secrets) if len(value) >= SHORTEST}
        escaped = {json.dumps(value)[1:-1] for value in found}
        # The longest first: one secret may begin with another.
        self._values = tuple(sorted(found | escaped, key=len, reverse=True))

    def hide(self, text: str) -> str:
        for value in self._values:
            text = text.replace(value, HIDDEN)
        return text


class RedactingFormatter(logging.Formatter):
    def __init__(self, redacting: Redacting) -> None:
        super().__init__("[%(asctime)s %(levelname)s] %(message)s", "%Y-%m-%d %H:%M:%S")
        self._redacting = redacting

    def format(self, record: logging.LogRecord) -> str:
        return self._redacting.hide(super().format(record))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _strings(part)
