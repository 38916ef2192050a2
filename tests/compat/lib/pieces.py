"""What files of the corpus call."""

from __future__ import annotations

import os
import sys
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from chaoslib.exceptions import ActivityFailed, InterruptExecution

KINDS = {kind.__name__: kind for kind in (KeyError, UnicodeError, ValueError)}


def answer(value=42):
    return value


def needs(this):
    return this


def told(configuration=None, secrets=None):
    return {"configuration": configuration, "secrets": secrets}


def broken():
    raise ActivityFailed("as it should")


def raises(kind):
    raise KINDS[kind]("as it should")


def raises_half():
    raise ValueError(half())


def interrupts():
    raise InterruptExecution("an activity had enough")


def leaves():
    sys.exit(3)


def presses():
    raise KeyboardInterrupt


def dies():
    os._exit(7)


def rich():
    return {
        "day": date(2026, 11, 24),
        "moment": datetime(2026, 11, 24, 12, tzinfo=UTC),
        "sum": Decimal("1.10"),
        "id": uuid.UUID(int=7),
        "pair": (1, 2),
    }


def raw():
    return b"\x00\x01"


def lazy():
    return (number for number in range(3))


def half():
    return "half \ud83d"


def infinite():
    return [float("inf"), float("nan")]


def prints():
    sys.stdout.write("to stdout\n")
    sys.stderr.write("to stderr\n")
    return "quiet"


def even(value=None):
    return value % 2 == 0


def fails_on_value(value=None):
    raise ActivityFailed(f"not {value}")


def count(path="counted"):
    """How often it was called, this time included."""
    file = Path(path)
    times = int(file.read_text()) + 1 if file.exists() else 1
    file.write_text(str(times))
    return times
