"""Faults said in words."""

from __future__ import annotations

from collections.abc import Sequence

from app.dialects.fault import Fault, FaultMode

NEARLY_ALL = 0.95
SHARES = {
    0.0: "none",
    0.1: "one in ten",
    0.2: "one in five",
    0.25: "a quarter",
    0.5: "half",
    0.75: "three quarters",
}


def sentence(fault: Fault, functions: Sequence[str] = ()) -> str:
    """`half of the invocations of ChaosTransformer are refused dynamodb.*.amazonaws.com`"""
    return f"{share(fault.rate)} of the invocations{_of(functions)} {effect(fault)}"


def measured(fault: Fault, functions: Sequence[str], hit: float) -> str:
    """The same, of what the logs show: `hit` is the share of invocations, 0 to 1."""
    words = (
        "nearly all"
        if NEARLY_ALL <= hit < 1
        else f"{hit:.0%}".replace("%", " %")
        if 0 < hit < 1
        else share(hit)
    )
    return f"{words} of the invocations{_of(functions)} {effect(fault)}"


def share(rate: float) -> str:
    if rate >= 1:
        return "all"
    return SHARES.get(rate) or f"{rate * 100:g} %"


def effect(fault: Fault) -> str:
    match fault.mode:
        case FaultMode.DENYLIST:
            return f"are refused {_listed(fault.deny_list) or 'nothing: the list is empty'}"
        case FaultMode.LATENCY:
            return f"start {_milliseconds(fault)} late"
        case FaultMode.EXCEPTION:
            return f"fail with “{fault.message or 'an exception'}”"
        case FaultMode.STATUSCODE:
            return f"answer {fault.status_code} without running"
        case FaultMode.DISKSPACE:
            return f"lose {fault.disk_space or 0:g} MB of their disk"


def _milliseconds(fault: Fault) -> str:
    low, high = fault.min_latency or 0, fault.max_latency or 0
    return f"{low:g} ms" if low == high else f"{low:g} to {high:g} ms"


def _of(functions: Sequence[str]) -> str:
    return f" of {_listed(functions)}" if functions else ""


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
