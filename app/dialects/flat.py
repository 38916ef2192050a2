"""The flat format of failure-lambda before 1.0: one fault at a time, nothing validated."""

from __future__ import annotations

import re
from typing import Any

from app.dialects.documents import document, number, over, text_of, unsayable
from app.dialects.fault import Fault, FaultMode

INTERCEPTED = re.compile(r"\bIntercepted network connection to (?P<host>\S+)")
INJECTING = {
    FaultMode.LATENCY: re.compile(r"\bInjecting \S+ ms latency"),
    FaultMode.EXCEPTION: re.compile(r"\bInjecting exception message: "),
    FaultMode.STATUSCODE: re.compile(r"\bInjecting status code: "),
    FaultMode.DISKSPACE: re.compile(r"\bInjecting disk space: "),
}
MODES = frozenset({*INJECTING, FaultMode.DENYLIST})


def is_armed(text: str) -> bool:
    """Whether containers may be hit, or stay hit: `isEnabled` is strictly true, since a rate of 0 clears none."""
    read = document(text)
    return read is not None and read.get("isEnabled") is True


def parse(text: str, *, network: str) -> Fault | None:
    """The fault that a library whose network mode is called `network` would inject. None: nothing."""
    read = document(text)
    if read is None or read.get("isEnabled") is not True:
        return None
    mode = _mode(read.get("failureMode"), network)
    return None if mode is None else _fault(mode, read, network)


def write(fault: Fault, onto: str | None, *, dialect: str, network: str) -> str:
    """Invalid for what the format has no words for."""
    _refuse(fault, dialect)
    mode = network if fault.mode is FaultMode.DENYLIST else fault.mode.value
    fields = {"isEnabled": True, "failureMode": mode, "rate": fault.rate, **_fields(fault, network)}
    return over(onto, fields)


def off(onto: str | None = None) -> str:
    """What clears the most: `isEnabled` must be there and false. Everything else in `onto` stays."""
    return over(onto, {"isEnabled": False})


def struck(line: str) -> FaultMode | None:
    """The fault that a log line says has struck. Announcing a deny list is not striking."""
    if INTERCEPTED.search(line):
        return FaultMode.DENYLIST
    return next((mode for mode, pattern in INJECTING.items() if pattern.search(line)), None)


def _refuse(fault: Fault, dialect: str) -> None:
    if fault.also:
        raise unsayable(dialect, "injects one fault at a time", "Arm one of them, or use failure-lambda 1.x.")
    if fault.mode not in MODES:
        raise unsayable(dialect, f"has no {fault.mode} fault", "It came with failure-lambda 1.0.")
    if fault.match:
        raise unsayable(dialect, "can not choose invocations by their event", "Leave `match` out.")


def _mode(word: object, network: str) -> FaultMode | None:
    if word == network:
        return FaultMode.DENYLIST
    known = {mode.value for mode in INJECTING}
    return FaultMode(word) if isinstance(word, str) and word in known else None


def _fault(mode: FaultMode, read: dict[str, Any], network: str) -> Fault:
    # The library has no default: without a rate, `Math.random() < undefined` never fires. Above 1 is always.
    rate = min(1, max(0, number(read.get("rate")) or 0))
    match mode:
        case FaultMode.DENYLIST:
            hosts = read.get(network)
            listed = tuple(str(host) for host in hosts) if isinstance(hosts, list) else ()
            return Fault(mode=mode, rate=rate, deny_list=listed)
        case FaultMode.LATENCY:
            low, high = number(read.get("minLatency")), number(read.get("maxLatency"))
            return Fault(mode=mode, rate=rate, min_latency=low, max_latency=high)
        case FaultMode.EXCEPTION:
            return Fault(mode=mode, rate=rate, message=text_of(read.get("exceptionMsg")))
        case FaultMode.STATUSCODE:
            code = number(read.get("statusCode"))
            return Fault(mode=mode, rate=rate, status_code=None if code is None else int(code))
        case _:
            return Fault(mode=mode, rate=rate, disk_space=number(read.get("diskSpace")))


def _fields(fault: Fault, network: str) -> dict[str, Any]:
    match fault.mode:
        case FaultMode.DENYLIST:
            return {network: list(fault.deny_list)}
        case FaultMode.LATENCY:
            fields: dict[str, Any] = {"minLatency": fault.min_latency, "maxLatency": fault.max_latency}
        case FaultMode.EXCEPTION:
            fields = {"exceptionMsg": fault.message}
        case FaultMode.STATUSCODE:
            fields = {"statusCode": fault.status_code}
        case _:
            fields = {"diskSpace": fault.disk_space}
    return {key: value for key, value in fields.items() if value is not None}
