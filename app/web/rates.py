"""How much one caller may ask for: moving windows in memory, each for one kind of call.

What ends a fault or a run, and the safety lever, is in none of them: nobody waits for a window to stop a game day.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from enum import StrEnum

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app.access import Need
from app.access.roles import UNHINDERED
from app.web.errors import TooMany
from app.web.lanes import is_start


class Kind(StrEnum):
    LOGIN = "attempts to sign in"
    STARTS = "starts"
    CHANGES = "changes"
    STREAMS = "streams"
    READS = "reads"


DEFAULTS: Mapping[Kind, str] = {
    Kind.LOGIN: "10 per minute",
    Kind.STARTS: "300 per minute",
    Kind.CHANGES: "300 per minute",
    Kind.STREAMS: "600 per minute",
    Kind.READS: "6000 per minute",
}


def kind_of(method: str, path: str, need: Need, *, stream: bool) -> Kind | None:
    """Which window a call counts in; None for what is never limited."""
    if need in UNHINDERED:
        return None  # of attempts to sign in, the login itself counts those that fail
    if stream:
        return Kind.STREAMS
    if method in ("GET", "HEAD"):
        return Kind.READS
    return Kind.STARTS if is_start(method, path) else Kind.CHANGES


class Rates:
    """Threads share it. One console, one process: nothing to be shared between machines."""

    def __init__(self, limits: Mapping[Kind, str] = DEFAULTS, now: Callable[[], float] = time.time) -> None:
        self._items: dict[Kind, RateLimitItem] = {kind: parse(text) for kind, text in limits.items()}
        self._windows = MovingWindowRateLimiter(MemoryStorage())
        self._now = now

    def count(self, kind: Kind, caller: str) -> None:
        """TooMany, with the seconds until there is room again, where `caller` has used up the window."""
        item = self._items.get(kind)
        if item is None or self._windows.hit(item, kind, caller):
            return
        reset = self._windows.get_window_stats(item, kind, caller).reset_time
        seconds = max(1, math.ceil(reset - self._now()))
        raise TooMany(
            f"More than {item.amount} {kind} in {item.get_expiry()} seconds. Try again in {seconds} seconds. "
            "What ends a fault or a run is not limited.",
            seconds=seconds,
        )
