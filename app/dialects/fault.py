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
    TIMEOUT = "timeout"  # sleeps until shortly before the function's own timeout, then runs
    CORRUPTION = "corruption"  # of what the handler answers
    DECORATED = "decorated"  # chaos_lambda 0.1: the fault is chosen by a decorator in the function's code
    # Of AWS itself, without a library in the function:
    CONCURRENCY = "concurrency"  # reserved concurrency
    MAPPING = "mapping"  # an event source mapping that is switched off
    RULE = "rule"  # an EventBridge rule that is switched off


SWITCHES = frozenset({FaultMode.CONCURRENCY, FaultMode.MAPPING, FaultMode.RULE})


@dataclass(frozen=True, kw_only=True)
class Match:
    """A condition on the event, of failure-lambda 1.x: `path` is split at dots."""

    path: str
    value: str | None = None
    operator: str = "eq"  # eq, exists, startsWith, regex


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
    disk_space: float | None = None  # megabytes of 1,000,000 bytes
    body: str | None = None  # what a corrupted answer is replaced by; None: it is mangled
    timeout_buffer: float | None = None  # milliseconds before the function's timeout
    match: tuple[Match, ...] = ()  # all must hold for the invocation to be struck
    limit: int | None = None  # of concurrent invocations
    also: tuple[Fault, ...] = ()  # further faults of the same value, each with dice of its own

    @property
    def every(self) -> tuple[Fault, ...]:
        """The fault itself, then what comes with it."""
        return (self, *self.also)

    @property
    def is_switch(self) -> bool:
        """A setting of AWS: what is read back is what happens, and no log line tells of it."""
        return self.mode in SWITCHES


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
