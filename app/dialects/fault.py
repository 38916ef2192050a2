"""A fault in no dialect: what it does to invocations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class FaultMode(StrEnum):
    LATENCY = "latency"
    EXCEPTION = "exception"
    STATUSCODE = "statuscode"
    DISKSPACE = "diskspace"
    DENYLIST = "denylist"  # refused network connections; `blacklist` in failure-lambda 0.2


@dataclass(frozen=True, kw_only=True)
class Fault:
    """`rate` is the share of invocations asked for, 0 to 1; the other fields belong to one mode each."""

    mode: FaultMode
    rate: float
    deny_list: tuple[str, ...] = ()  # regular expressions of host names
    min_latency: float | None = None  # milliseconds
    max_latency: float | None = None
    message: str | None = None
    status_code: int | None = None
    disk_space: float | None = None  # megabytes


def ineffective(fault: Fault) -> str | None:
    """Why arming `fault` would do nothing, or something else than it says: a sentence. None: it is sound."""
    if not 0 < fault.rate <= 1:
        return f"A rate lies above 0 and is at most 1; this one is {fault.rate:g}. 0.5 strikes half of the invocations."
    if fault.mode is not FaultMode.DENYLIST:
        return None
    if not any(pattern.strip() for pattern in fault.deny_list):
        return "The deny list is empty, so nothing would be refused. Add one, for example: dynamodb.*.amazonaws.com"
    return next((trouble for pattern in fault.deny_list if (trouble := _unreadable(pattern))), None)


def _unreadable(pattern: str) -> str | None:
    try:
        re.compile(pattern)
    except re.error as error:
        return (
            f"{pattern} is not a regular expression ({error}): the function would fail, not the connection."
        )
    return None
