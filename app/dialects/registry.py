"""Which dialects are spoken, and which one a value or a version of the library belongs to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from app.dialects import failure_lambda_0x, failure_lambda_02, flat
from app.dialects.fault import Fault, FaultMode


class Dialect(Protocol):
    """What each module of a format offers."""

    NAME: str
    STICKY: bool  # whether containers stay hit after a miss of the dice
    STICKINESS: str  # that, as half a sentence

    def parse(self, text: str) -> Fault | None: ...
    def write(self, fault: Fault) -> str: ...
    def off(self) -> str: ...
    def is_armed(self, text: str) -> bool: ...
    def interception(self, line: str) -> str | None: ...
    def fired(self, line: str) -> bool: ...


DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {module.NAME: module for module in (failure_lambda_02, failure_lambda_0x)}
)
VERSION = re.compile(r"(?P<major>\d+)\.(?P<minor>\d+)\.")


def recognise(text: str) -> str | None:
    """The dialect that a value is written in, by the names it uses. None: not a fault's configuration."""
    read = flat.document(text)
    if read is None or not read.keys() & {"isEnabled", "failureMode"}:
        return None
    mode = read.get("failureMode")
    if mode in (failure_lambda_02.NETWORK, failure_lambda_0x.NETWORK):
        old = mode == failure_lambda_02.NETWORK
    else:
        old = failure_lambda_02.NETWORK in read and failure_lambda_0x.NETWORK not in read
    return failure_lambda_02.NAME if old else failure_lambda_0x.NAME


def translate(text: str, to: str) -> str:
    """The same fault in dialect `to`. A value that is obeyed there already, or is off, comes back as it is."""
    if DIALECTS[to].parse(text) is not None:
        return text
    found = recognise(text)
    fault = DIALECTS[found].parse(text) if found else None
    return text if fault is None else DIALECTS[to].write(fault)


def for_version(version: str) -> str | None:
    """The dialect of a published version of failure-lambda; None where it is not spoken here."""
    found = VERSION.match(version)
    if not found or found["major"] != "0" or found["minor"] in ("0", "1"):
        return None
    return failure_lambda_02.NAME if found["minor"] == "2" else failure_lambda_0x.NAME


def any_armed(text: str) -> bool:
    """Whether a value arms functions of any dialect."""
    return any(dialect.is_armed(text) for dialect in DIALECTS.values())


def stickiness(fault: Fault, dialect: str) -> str | None:
    """Why more may be hit than was asked for, as half a sentence; None where the rate is what happens."""
    spoken = DIALECTS.get(dialect)
    sticks = spoken is not None and spoken.STICKY and fault.mode is FaultMode.DENYLIST and 0 < fault.rate < 1
    return spoken.STICKINESS if spoken is not None and sticks else None
