"""Fault configuration formats, one pure module each: read, write, disarm plan, log patterns."""

from app.dialects.disarming import DisarmPlan, disarm_plan
from app.dialects.fault import SWITCHES, Fault, FaultMode, Match, ineffective
from app.dialects.feature_flags import meaning, same
from app.dialects.registry import (
    DIALECTS,
    Dialect,
    any_armed,
    for_version,
    read_as,
    recognise,
    stickiness,
    switched_off,
    translate,
)
from app.dialects.switches import SWITCHED
from app.dialects.words import measured, sentence, share_of

__all__ = [
    "DIALECTS",
    "SWITCHED",
    "SWITCHES",
    "Dialect",
    "DisarmPlan",
    "Fault",
    "FaultMode",
    "Match",
    "any_armed",
    "disarm_plan",
    "for_version",
    "ineffective",
    "meaning",
    "measured",
    "read_as",
    "recognise",
    "same",
    "sentence",
    "share_of",
    "stickiness",
    "switched_off",
    "translate",
]
