"""Named places where a test ends this process, as a power cut would. Outside of tests they do nothing."""

from __future__ import annotations

import os
import signal

from app.errors import SettingsError

VARIABLE, ALLOWED = "CRASH_AT", "GAMEDAY_TESTING"
POINT = os.environ.get(VARIABLE, "")


def here(name: str) -> None:
    """SIGKILL, where CRASH_AT names this place."""
    if name == POINT:
        os.kill(os.getpid(), signal.SIGKILL)


def refuse_outside_tests() -> None:
    """SettingsError where somebody's environment names a place by accident."""
    if POINT and os.environ.get(ALLOWED) != "1":
        raise SettingsError(f"{VARIABLE} is set, which ends the console at a named place: unset it.")
