"""Fault configuration formats, one pure module each: read, write, disarm plan, log patterns."""

from app.dialects.fault import Fault, FaultMode, ineffective
from app.dialects.registry import (
    DIALECTS,
    Dialect,
    any_armed,
    for_version,
    recognise,
    stickiness,
    translate,
)
from app.dialects.words import measured, sentence

__all__ = [
    "DIALECTS",
    "Dialect",
    "Fault",
    "FaultMode",
    "any_armed",
    "for_version",
    "ineffective",
    "measured",
    "recognise",
    "sentence",
    "stickiness",
    "translate",
]
