"""Open pages want samples: each query is watched once, however many pages look at it, and not a moment longer."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any

from app.metrics import PAGE, Metrics


class Watching:
    """Thread-safe."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._lock = threading.Lock()
        self._pages: Counter[str] = Counter()
        self._wanted: dict[str, list[Any]] = {}

    def open(self, environment: str, name: str, queries: Sequence[Any]) -> str:
        """Have `queries` polled until `close` is called with the subject that is returned."""
        subject = f"{PAGE}{environment}:{name}"
        with self._lock:
            self._pages[subject] += 1
            if queries and self._wanted.get(subject) != list(
                queries
            ):  # a file has changed, or it is the first
                self._wanted[subject] = list(queries)
                self._metrics.watch(subject, environment, queries)
        return subject

    def close(self, subject: str) -> None:
        with self._lock:
            self._pages[subject] -= 1
            if self._pages[subject] <= 0:
                del self._pages[subject]
                if self._wanted.pop(subject, None):
                    self._metrics.unwatch(subject)
