"""Which dialects are spoken, and which one a value or a version of the library belongs to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from app.dialects import (
    chaos_lambda_01,
    chaos_lambda_03,
    failure_lambda_0x,
    failure_lambda_02,
    failure_lambda_1x,
)
from app.dialects.documents import document, handed_out, is_envelope, unsayable
from app.dialects.fault import Fault, FaultMode
from app.dialects.feature_flags import VARIANTS
from app.dialects.switches import SWITCHED


class Dialect(Protocol):
    """What each module of a format offers."""

    NAME: str
    LIBRARY: str
    STICKINESS: (
        str  # why containers stay hit after a miss of the dice, as half a sentence; empty: they do not
    )

    def parse(self, text: str) -> Fault | None: ...
    def write(self, fault: Fault, onto: str | None = None) -> str: ...
    def off(self, onto: str | None = None) -> str: ...
    def is_armed(self, text: str) -> bool: ...
    def struck(self, line: str) -> FaultMode | None: ...


DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        module.NAME: module
        for module in (
            failure_lambda_02, failure_lambda_0x, failure_lambda_1x, chaos_lambda_03, chaos_lambda_01,
        )
    }
)  # fmt: skip
VERSION = re.compile(r"(?P<major>\d+)\.(?P<minor>\d+)\b")


def recognise(text: str) -> str | None:
    """The dialect that a value is written in, by the names it uses. None: not a fault's configuration."""
    read = document(text)
    if read is None:
        return None
    if "is_enabled" in read:
        return chaos_lambda_03.NAME
    if read.keys() & {"isEnabled", "failureMode"}:
        return _camel_case(read)
    seen = handed_out(text)
    flags = [seen.get(mode.value) for mode in failure_lambda_1x.MODES]
    named = any(isinstance(f, dict) and f.keys() & {"enabled", VARIANTS} for f in flags)
    return failure_lambda_1x.NAME if named else None


def _camel_case(read: Mapping[str, object]) -> str:
    mode = read.get("failureMode")
    if mode is None and read.keys() & {"delay", "error_code", "exception_msg"}:
        return chaos_lambda_01.NAME
    if mode in (failure_lambda_02.NETWORK, failure_lambda_0x.NETWORK):
        old = mode == failure_lambda_02.NETWORK
    else:
        old = failure_lambda_02.NETWORK in read and failure_lambda_0x.NETWORK not in read
    return failure_lambda_02.NAME if old else failure_lambda_0x.NAME


def translate(text: str, to: str) -> str:
    """The same fault in dialect `to`. A value that is obeyed there already, or is off, comes back as it is.

    Invalid for a fault that `to` has no words for, and for AppConfig's feature flags where `to` can not read them.
    """
    if is_envelope(document(text)) and to != failure_lambda_1x.NAME:
        raise unsayable(
            to,
            "can not be said in AppConfig's feature flags",
            "Use a freeform profile, or failure-lambda 1.x.",
        )
    if DIALECTS[to].parse(text) is not None:
        return text
    found = recognise(text)
    fault = DIALECTS[found].parse(text) if found else None
    return text if fault is None else DIALECTS[to].write(fault)


def switched_off(text: str) -> str:
    """`text` with every fault in it off, whatever dialect obeys it; other fields stay."""
    found = recognise(text)
    return DIALECTS[found or failure_lambda_0x.NAME].off(text)


def for_version(version: str, library: str = failure_lambda_0x.LIBRARY) -> str | None:
    """The dialect of a published version of a library; None where it is not spoken here."""
    found = VERSION.match(version)
    if not found:
        return None
    major, minor = int(found["major"]), int(found["minor"])
    if library == chaos_lambda_03.LIBRARY:
        return chaos_lambda_03.NAME if (major, minor) >= (0, 3) else chaos_lambda_01.NAME
    if major == 0:
        return {0: None, 1: None, 2: failure_lambda_02.NAME}.get(minor, failure_lambda_0x.NAME)
    return failure_lambda_1x.NAME if major == 1 else None


def any_armed(text: str) -> bool:
    """Whether a value arms functions of any dialect."""
    return any(dialect.is_armed(text) for dialect in DIALECTS.values())


def read_as(name: str, text: str) -> Fault | None:
    """The fault that `text` is in a dialect, or for a kind of switch; None: it is none there."""
    spoken = SWITCHED.get(name) or DIALECTS.get(name)
    return spoken.parse(text) if spoken else None


def stickiness(fault: Fault, dialect: str) -> str | None:
    """Why more may be hit than was asked for, as half a sentence; None where the rate is what happens."""
    spoken = DIALECTS.get(dialect)
    sticks = spoken is not None and fault.mode is FaultMode.DENYLIST and 0 < fault.rate < 1
    return (spoken.STICKINESS or None) if spoken is not None and sticks else None
