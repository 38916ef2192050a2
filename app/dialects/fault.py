"""A fault in no dialect: what it does to invocations."""

from __future__ import annotations

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
