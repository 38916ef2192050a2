"""chaos_lambda 0.3 for Python: one decorator, `fault_type`, snake_case, one latency and no range."""

from __future__ import annotations

import re
from typing import Any

from app.dialects.documents import document, number, over, unsayable
from app.dialects.fault import Fault, FaultMode

__all__ = ["LIBRARY", "NAME", "STICKINESS", "announced", "is_armed", "off", "parse", "struck", "write"]

NAME = "chaos_lambda/0.3"
LIBRARY = "chaos_lambda"
STICKINESS = ""
TYPES = {
    FaultMode.LATENCY: "latency",
    FaultMode.EXCEPTION: "exception",
    FaultMode.STATUSCODE: "status_code",
}
# What the library writes at DEBUG, once its dice have fallen.
STRUCK = {
    FaultMode.LATENCY: re.compile(r"\bsleeping now\b"),
    FaultMode.STATUSCODE: re.compile(r"\bcorrupting now\b"),
}
ALWAYS = re.compile(r" a rate of 1(?:\.0+)?\s*\Z")
# What it writes at INFO before them, struck or not.
ANNOUNCED = {
    FaultMode.LATENCY: re.compile(r"\bInjecting \d+ ms of delay with a rate of "),
    FaultMode.EXCEPTION: re.compile(r"\bInjecting exception_type .* with message .* a rate of "),
    FaultMode.STATUSCODE: re.compile(r"\bInjecting Error \S+ at a rate of "),
}


def parse(text: str) -> Fault | None:
    """The fault that functions would inject; None where the library passes the invocation through, or fails."""
    read = document(text)
    rate = number((read or {}).get("rate"))  # without a default: missing, every invocation fails
    if read is None or not read.get("is_enabled") or rate is None:
        return None
    mode = next((mode for mode, name in TYPES.items() if read.get("fault_type") == name), None)
    fields = _fields(mode, read)
    return None if mode is None or fields is None else Fault(mode=mode, rate=min(1, max(0, rate)), **fields)


def write(fault: Fault, onto: str | None = None) -> str:
    """`fault`, over the document `onto` whose other fields are kept. Invalid for what can not be said."""
    _refuse(fault)
    fields: dict[str, Any] = {"is_enabled": True, "fault_type": TYPES[fault.mode], "rate": fault.rate}
    match fault.mode:
        case FaultMode.LATENCY:
            fields["delay"] = _delay(fault)
        case FaultMode.EXCEPTION:
            fields["exception_msg"] = fault.message or ""
        case _:
            fields["error_code"] = fault.status_code
    return over(onto, fields)


def off(onto: str | None = None) -> str:
    """`is_enabled` must stay: without it, or without the parameter, every invocation fails."""
    return over(onto, {"is_enabled": False})


def is_armed(text: str) -> bool:
    """Also at a rate of 0, which fires five times in a million."""
    return bool((document(text) or {}).get("is_enabled"))


def struck(line: str) -> FaultMode | None:
    """The fault that a log line says has struck: DEBUG lines, since the others come before the dice; all at a rate of 1."""
    certain = announced(line) if ALWAYS.search(line) else None
    return certain or next((mode for mode, pattern in STRUCK.items() if pattern.search(line)), None)


def announced(line: str) -> FaultMode | None:
    """The fault that a log line says may strike this invocation; at a rate of 1 it does."""
    return next((mode for mode, pattern in ANNOUNCED.items() if pattern.search(line)), None)


def _fields(mode: FaultMode | None, read: dict[str, Any]) -> dict[str, Any] | None:
    delay, code, message = read.get("delay"), read.get("error_code"), read.get("exception_msg")
    match mode:
        case FaultMode.LATENCY:
            return {"min_latency": int(delay), "max_latency": int(delay)} if isinstance(delay, int) else None
        case FaultMode.EXCEPTION:
            return {"message": message} if isinstance(message, str) else None
        case FaultMode.STATUSCODE:
            return {"status_code": int(code)} if isinstance(code, int) else None
        case _:
            return None


def _refuse(fault: Fault) -> None:
    if fault.also:
        raise unsayable(NAME, "injects one fault at a time", "Arm one of them.")
    if fault.mode not in TYPES:
        raise unsayable(NAME, f"has no {fault.mode} fault", f"It has {', '.join(TYPES)}.")
    if fault.mode is FaultMode.STATUSCODE and fault.status_code is None:
        raise unsayable(NAME, "has no status code that is left out", "Choose one, for example 500.")
    if fault.match:
        raise unsayable(NAME, "can not choose invocations by their event", "Leave `match` out.")


def _delay(fault: Fault) -> int:
    low, high = fault.min_latency or 0, fault.max_latency or 0
    if low != high:
        raise unsayable(NAME, f"has one delay, not a range from {low:g} to {high:g} ms", "Choose one value.")
    if low != int(low):
        raise unsayable(NAME, f"ignores a delay of {low} ms", "It takes whole milliseconds.")
    return int(low)
