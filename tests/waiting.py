"""The one way in which a test waits for what another thread or process brings about."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx

PATIENCE = 120.0  # seconds: on a machine that does much else. Only a test that fails waits for so long.
NOT_UP = (httpx.TransportError, sqlite3.OperationalError)


def until(condition: Callable[[], Any], what: str = "it happens", seconds: float = PATIENCE) -> Any:
    """The first true answer; the test fails with `what` where there is none. Whoever does not answer yet is asked again."""
    ends, problem, pause = time.monotonic() + seconds, "", 0.01
    while time.monotonic() < ends:
        try:
            if found := condition():
                return found
        except NOT_UP as error:
            problem = f" ({error!r})"
        threading.Event().wait(pause)
        pause = min(1.3 * pause, 0.25)  # what takes long is not worth the machine's time
    raise AssertionError(f"not within {seconds:g} s: {what}{problem}")
