"""The flat format of failure-lambda before 1.0: one fault at a time, nothing validated."""

from __future__ import annotations

import json
import re
from typing import Any

from app.dialects.fault import Fault, FaultMode

INTERCEPTED = re.compile(r"\bIntercepted network connection to (?P<host>\S+)")
INJECTING = re.compile(
    r"\bInjecting (?:\S+ ms latency|exception message|status code|disk space|dependency failure)"
)
OFF = '{"isEnabled": false}'


def document(text: str) -> dict[str, Any] | None:
    """The JSON object in `text`; None where the library would fail to read one."""
    try:
        read = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


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


def write(fault: Fault, *, network: str) -> str:
    mode = network if fault.mode is FaultMode.DENYLIST else fault.mode.value
    return json.dumps({"isEnabled": True, "failureMode": mode, "rate": fault.rate, **_fields(fault, network)})


def _mode(word: object, network: str) -> FaultMode | None:
    if word == network:
        return FaultMode.DENYLIST
    known = {mode.value for mode in FaultMode} - {FaultMode.DENYLIST.value}
    return FaultMode(word) if isinstance(word, str) and word in known else None


def _fault(mode: FaultMode, read: dict[str, Any], network: str) -> Fault:
    # The library has no default: without a rate, `Math.random() < undefined` never fires.
    rate = _number(read.get("rate")) or 0.0
    match mode:
        case FaultMode.DENYLIST:
            hosts = read.get(network)
            listed = tuple(str(host) for host in hosts) if isinstance(hosts, list) else ()
            return Fault(mode=mode, rate=rate, deny_list=listed)
        case FaultMode.LATENCY:
            low, high = _number(read.get("minLatency")), _number(read.get("maxLatency"))
            return Fault(mode=mode, rate=rate, min_latency=low, max_latency=high)
        case FaultMode.EXCEPTION:
            message = read.get("exceptionMsg")
            return Fault(mode=mode, rate=rate, message=None if message is None else str(message))
        case FaultMode.STATUSCODE:
            code = _number(read.get("statusCode"))
            return Fault(mode=mode, rate=rate, status_code=None if code is None else int(code))
        case FaultMode.DISKSPACE:
            return Fault(mode=mode, rate=rate, disk_space=_number(read.get("diskSpace")))


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
        case FaultMode.DISKSPACE:
            fields = {"diskSpace": fault.disk_space}
    return {key: value for key, value in fields.items() if value is not None}


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def off() -> str:
    """What clears the most: `isEnabled` must be there and false."""
    return OFF


def interception(line: str) -> str | None:
    """The host that a log line says was refused."""
    found = INTERCEPTED.search(line)
    return found["host"] if found else None


def fired(line: str) -> bool:
    """Whether a log line says that a fault struck. Announcing a deny list is not striking."""
    if INTERCEPTED.search(line):
        return True
    found = INJECTING.search(line)
    return found is not None and "dependency failure" not in found[0]
