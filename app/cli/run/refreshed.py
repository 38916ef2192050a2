"""A slow answer, asked for beside: whoever draws, and hears of Ctrl-C, never waits for AWS or a network."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")


class Refreshed(Generic[T]):
    """The newest answer of `ask`, asked anew at most every `seconds`. What `ask` raises leaves the last one standing."""

    def __init__(self, ask: Callable[[], T], *, seconds: float) -> None:
        self._ask = ask
        self._seconds = seconds
        self._asked = -seconds
        self._newest: T | None = None
        self._pending: Future[T] | None = None
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="progress")

    def newest(self) -> T | None:
        """At once; None before the first answer."""
        if self._pending is not None and self._pending.done():
            if self._pending.exception() is None:
                self._newest = self._pending.result()
            self._pending = None
        now = time.monotonic()
        if self._pending is None and now - self._asked >= self._seconds:
            self._asked = now
            self._pending = self._beside.submit(self._ask)
        return self._newest

    def close(self) -> None:
        """Wait for an answer that is on its way, and ask no more."""
        self._beside.shutdown(wait=True, cancel_futures=True)
