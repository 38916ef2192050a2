"""What may be told, as a value. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    ARMING = "arming"  # a fault is about to be armed
    ARMED = "armed"
    EXTENDED = "extended"  # its deadline was moved
    DISARMED = "disarmed"
    CLEAN = "clean"  # quiet, and the hypothesis within tolerance again
    STUCK = "stuck"  # it can not be disarmed, or still fires
    VERDICT = "verdict"  # of a run
    LEVER = "lever"  # the safety lever was engaged or disengaged
    SCHEDULE_REFUSED = "schedule refused"  # a fire came to nothing, and why
    TEST = "test"  # somebody tries a channel


@dataclass(frozen=True, kw_only=True)
class Notice:
    kind: Kind
    environment: str
    subject: str  # `fault:3`, `run:12`, `schedule:4`
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)
    channels: tuple[str, ...] | None = None  # names, besides the environment's own; of a test, those alone
