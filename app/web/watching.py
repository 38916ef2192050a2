"""Open pages want samples: each query is watched once, however many pages look at it, and not a moment longer."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from app.web.console import MetricRoom


class Watching:
    """Thread-safe."""

    def __init__(self, metrics: MetricRoom) -> None:
        self._metrics = metrics
        self._lock = threading.Lock()
        self._pages: Counter[str] = Counter()

    @contextlib.contextmanager
    def watched(self, environment: str, name: str, queries: Sequence[Any]) -> Iterator[None]:
        """While the context is open, `queries` are polled under the subject `page:<environment>:<name>`."""
        subject = f"page:{environment}:{name}"
        self._open(subject, environment, queries)
        try:
            yield
        finally:
            self._close(subject)

    def _open(self, subject: str, environment: str, queries: Sequence[Any]) -> None:
        with self._lock:
            self._pages[subject] += 1
            if queries:
                self._metrics.watch(subject, environment, queries)

    def _close(self, subject: str) -> None:
        with self._lock:
            self._pages[subject] -= 1
            if self._pages[subject] <= 0:
                del self._pages[subject]
                self._metrics.unwatch(subject)
