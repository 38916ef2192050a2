"""failure-lambda 1.x: flags keyed by mode, several at once, snake_case, each validated or skipped.

As its documentation and source have it at 1.0.0: a flag that breaks one of its rules is skipped with a warning,
so what this module writes keeps all of them, and what it reads obeys none that the library would skip.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from app.dialects import feature_flags
from app.dialects.documents import document, handed_out, is_envelope, number, over, unsayable
from app.dialects.fault import Fault, FaultMode, Match

__all__ = [
    "FLUSH",
    "LIBRARY",
    "NAME",
    "STICKINESS",
    "cleared",
    "flush",
    "is_armed",
    "off",
    "parse",
    "struck",
    "write",
]

NAME = "failure-lambda/1.x"
LIBRARY = "failure-lambda"
STICKINESS = ""  # each flag rolls its dice anew, and a miss is a miss
# In the order in which the library evaluates them.
MODES = (
    FaultMode.LATENCY,
    FaultMode.TIMEOUT,
    FaultMode.DISKSPACE,
    FaultMode.DENYLIST,
    FaultMode.STATUSCODE,
    FaultMode.EXCEPTION,
    FaultMode.CORRUPTION,
)
# A flag that is on and never fires: the library clears what an earlier one left in a warm container.
NEVER_FIRES = {"enabled": True, "percentage": 0}
FLUSH = json.dumps({"latency": NEVER_FIRES})
# Every attribute that a flag may have: one that is armed anew has none left of an earlier fault.
WORDS = frozenset(
    [
        "percentage",
        "match",
        "min_latency",
        "max_latency",
        "timeout_buffer_ms",
        "disk_space",
        "deny_list",
        "status_code",
        "exception_msg",
        "body",
    ]
)
OPERATORS = frozenset({"eq", "exists", "startsWith", "regex"})
MIB = 1_048_576 / 1_000_000  # megabytes in one
LARGEST_DISK = 10_240  # MiB
LONGEST_PATTERN = 512  # characters
NESTED = re.compile(r"\([^)]*[+*][^)]*\)[+*{]")  # quantifiers within quantifiers, which the library refuses
STATUSES = range(100, 600)


Flag = dict[str, Any]
Fields = dict[str, Any]
TOLERANCE = 1e-9  # of floating point


def parse(text: str) -> Fault | None:
    """What functions would inject; None where every flag is off, skipped or unknown."""
    found = [fault for mode in MODES if (fault := _flag(mode, handed_out(text).get(mode.value)))]
    if not found:
        return None
    first, *rest = found
    return _with(first, also=tuple(rest))


def write(fault: Fault, onto: str | None = None) -> str:
    """Flags for `fault` and what comes with it; other flags of `onto` are switched off, other fields kept.

    Into AppConfig's feature flags where `onto` is such. Invalid for what can not be said.
    """
    flags: dict[str, Any] = _switched_off(onto)
    for one in fault.every:
        if isinstance(flags.get(one.mode.value), dict) and flags[one.mode.value].get("enabled"):
            raise unsayable(NAME, f"has one flag for {one.mode}, and two were asked for", "Join them in one.")
        flags[one.mode.value] = _written(one)
    return _over(onto, flags)


def flush(onto: str) -> str:
    """FLUSH, in AppConfig's feature flags where `onto` is such: what else they hold stays, switched off."""
    if not is_envelope(document(onto)):
        return FLUSH
    return feature_flags.with_anew(off(onto), FaultMode.LATENCY.value, NEVER_FIRES)


def off(onto: str | None = None) -> str:
    """Every flag disabled; what else is in `onto` stays, AppConfig's envelope around feature flags included."""
    flags = _switched_off(onto)
    if onto and is_envelope(document(onto)):
        return over(onto, {"values": {**handed_out(onto), **flags}})
    return over(onto, flags)


def cleared(onto: str) -> str:
    """Every flag off but one that never fires, so that warm containers clear; what else is there stays."""
    if is_envelope(document(onto)):
        return flush(onto)
    return over(off(onto), {FaultMode.LATENCY.value: NEVER_FIRES})


def is_armed(text: str) -> bool:
    """Whether a flag is enabled that may ever fire, in any of its variants."""
    seen = handed_out(text)
    flags = [face for mode in MODES for face in feature_flags.faces(seen.get(mode.value))]
    return any(flag.get("enabled") is True and flag.get("percentage") != 0 for flag in flags)


def struck(line: str) -> FaultMode | None:
    """Of npm there is one JSON object a line; the Layer nests it under `fields`, and has no line a blocked host."""
    said = document(line[line.find("{") :]) if "failure-lambda" in line else None
    layer = isinstance((said or {}).get("fields"), dict)
    fields: dict[str, Any] = (said or {})["fields"] if layer else (said or {})
    mode, action = fields.get("mode"), fields.get("action")
    if fields.get("source") != LIBRARY or mode not in {known.value for known in MODES}:
        return None
    announced = mode == FaultMode.DENYLIST.value and not layer  # there the lookups that fail are told apart
    return FaultMode(mode) if action == ("block" if announced else "inject") else None


def _flag(mode: FaultMode, flag: Any) -> Fault | None:
    if not isinstance(flag, dict) or flag.get("enabled") is not True:
        return None
    percentage = flag.get("percentage", 100)
    matches = _matches(flag.get("match", []))
    whole = isinstance(percentage, int) and not isinstance(percentage, bool)
    if not whole or not 0 < percentage <= 100 or matches is None:  # noqa: PLR2004
        return None
    fields = READING[mode](flag)
    return None if fields is None else Fault(mode=mode, rate=percentage / 100, match=matches, **fields)


def _latencies(flag: Flag) -> Fields | None:
    low, high = number(flag.get("min_latency", 0)), number(flag.get("max_latency", 0))
    sound = low is not None and high is not None and 0 <= low <= high
    return {"min_latency": low, "max_latency": high} if sound else None


def _buffer(flag: Flag) -> Fields | None:
    buffer = number(flag.get("timeout_buffer_ms", 0))
    return {"timeout_buffer": buffer} if buffer is not None and buffer >= 0 else None


def _disk(flag: Flag) -> Fields | None:
    size = number(flag.get("disk_space", 100))
    return {"disk_space": size * MIB} if size is not None and 0 < size <= LARGEST_DISK else None


def _hosts(flag: Flag) -> Fields | None:
    hosts = flag.get("deny_list", [])
    # Python's regular expressions are not JavaScript's: what only those refuse may well be obeyed.
    sound = isinstance(hosts, list) and all(isinstance(host, str) and _short(host) for host in hosts)
    return {"deny_list": tuple(hosts)} if sound else None


def _code(flag: Flag) -> Fields | None:
    code = flag.get("status_code", 500)
    return {"status_code": code} if isinstance(code, int) and code in STATUSES else None


def _message(flag: Flag) -> Fields | None:
    return _text("message", flag.get("exception_msg", "Injected exception"))


def _body(flag: Flag) -> Fields | None:
    return {} if flag.get("body") is None else _text("body", flag["body"])


def _text(name: str, value: Any) -> dict[str, Any] | None:
    return {name: value} if isinstance(value, str) else None


def _matches(listed: Any) -> tuple[Match, ...] | None:
    if not isinstance(listed, list):
        return None
    found = []
    for one in listed:
        operator = one.get("operator", "eq") if isinstance(one, dict) else None
        if operator not in OPERATORS or not isinstance(one.get("path"), str):
            return None
        if operator != "exists" and not isinstance(one.get("value"), str):
            return None
        found.append(Match(path=one["path"], value=one.get("value"), operator=operator))
    return tuple(found)


def _written(fault: Fault) -> dict[str, Any]:
    flag: dict[str, Any] = {"enabled": True, "percentage": _percentage(fault.rate), **_said(fault)}
    if fault.match:
        flag["match"] = [_condition(one) for one in fault.match]
    return flag


def _condition(one: Match) -> dict[str, str]:
    if one.operator not in OPERATORS or (one.value is None and one.operator != "exists"):
        raise unsayable(
            NAME, f"skips a match of {one.path} by {one.operator} {one.value or 'nothing'}",
            f"It takes a value, and one of {', '.join(sorted(OPERATORS))}; `exists` takes none.",
        )  # fmt: skip
    value = {} if one.value is None else {"value": one.value}
    return {"path": one.path, "operator": one.operator, **value}


def _percentage(rate: float) -> int:
    whole = round(rate * 100)
    if abs(rate * 100 - whole) > TOLERANCE or not 1 <= whole <= 100:  # noqa: PLR2004
        raise unsayable(
            NAME, f"counts in whole per cent, and {rate * 100:g} % is none", "Choose one from 1 to 100."
        )
    return whole


def _said(fault: Fault) -> Fields:
    if fault.mode not in SAYING:
        raise unsayable(NAME, f"has no {fault.mode} fault", "Choose another.")
    said = SAYING[fault.mode](fault)
    return {name: value for name, value in said.items() if value is not None}


def _latency(fault: Fault) -> dict[str, float]:
    low, high = fault.min_latency or 0, fault.max_latency or 0
    if not 0 <= low <= high:
        raise unsayable(NAME, f"skips a latency from {low:g} to {high:g} ms", "Begin with the smaller one.")
    return {"min_latency": low, "max_latency": high}


def _mebibytes(megabytes: float | None) -> int:
    size = (megabytes or 0) / MIB
    whole = round(size)
    if abs(size - whole) > TOLERANCE or not 1 <= whole <= LARGEST_DISK:
        near = min(max(1, whole), LARGEST_DISK)
        raise unsayable(
            NAME, f"fills whole MiB up to {LARGEST_DISK}, and {megabytes or 0:g} MB are {size:.2f} MiB",
            f"{near} MiB are {near * MIB:g} MB.",
        )  # fmt: skip
    return whole


def _obeyed(pattern: str) -> str:
    if not _short(pattern) or not _compiles(pattern):
        raise unsayable(
            NAME, f"skips the pattern {pattern[:80]}",
            f"It must compile, be {LONGEST_PATTERN} characters at most, and hold no quantifier within another.",
        )  # fmt: skip
    return pattern


def _short(pattern: str) -> bool:
    return len(pattern) <= LONGEST_PATTERN and not NESTED.search(pattern)


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def _until_timeout(buffer: float | None) -> float | None:
    if buffer is not None and buffer < 0:
        raise unsayable(NAME, f"skips a buffer of {buffer:g} ms", "Choose 0 or more.")
    return buffer


def _status(code: int | None) -> int:
    if code is None or code not in STATUSES:
        raise unsayable(NAME, f"skips the status code {code}", "Choose one from 100 to 599.")
    return code


def _switched_off(onto: str | None) -> dict[str, Any]:
    """Flags that `onto` enables, disabled. 0.x's own switch goes with them: a mixed fleet may read both."""
    kept = handed_out(onto) if onto else {}
    flags = {
        mode.value: _disabled(kept[mode.value]) for mode in MODES if isinstance(kept.get(mode.value), dict)
    }
    return flags | ({"isEnabled": False} if kept.get("isEnabled") is True else {})


def _disabled(flag: Flag) -> Flag:
    """Its variants go: each has a switch of its own."""
    return {
        **{name: value for name, value in flag.items() if name != feature_flags.VARIANTS},
        "enabled": False,
    }


def _over(onto: str | None, flags: dict[str, Any]) -> str:
    if onto and is_envelope(document(onto)):
        return feature_flags.with_values(onto, flags, words=WORDS)
    return over(onto, flags)


def _with(fault: Fault, **changes: Any) -> Fault:
    return Fault(**{**vars(fault), **changes})


READING: Mapping[FaultMode, Callable[[Flag], Fields | None]] = {
    FaultMode.LATENCY: _latencies,
    FaultMode.TIMEOUT: _buffer,
    FaultMode.DISKSPACE: _disk,
    FaultMode.DENYLIST: _hosts,
    FaultMode.STATUSCODE: _code,
    FaultMode.EXCEPTION: _message,
    FaultMode.CORRUPTION: _body,
}
SAYING: Mapping[FaultMode, Callable[[Fault], Fields]] = {
    FaultMode.LATENCY: _latency,
    FaultMode.TIMEOUT: lambda fault: {"timeout_buffer_ms": _until_timeout(fault.timeout_buffer)},
    FaultMode.DISKSPACE: lambda fault: {"disk_space": _mebibytes(fault.disk_space)},
    FaultMode.DENYLIST: lambda fault: {"deny_list": [_obeyed(pattern) for pattern in fault.deny_list]},
    FaultMode.STATUSCODE: lambda fault: {"status_code": _status(fault.status_code)},
    FaultMode.EXCEPTION: lambda fault: {"exception_msg": fault.message},
    FaultMode.CORRUPTION: lambda fault: {"body": fault.body},
}
