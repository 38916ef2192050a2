"""Faults said in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from app.dialects.fault import Fault, FaultMode, Match

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
    return "; ".join(_one(one, functions) for one in fault.every)


def share_of(fault: Fault) -> str:
    """`50 %`; of each fault where there are several; empty where AWS itself is switched."""
    return " and ".join(f"{one.rate * 100:.3g} %" for one in fault.every if not one.is_switch)


def _one(fault: Fault, functions: Sequence[str]) -> str:
    if fault.is_switch:
        return _switched(fault, functions)
    matching = f" whose event has {listed([_condition(one) for one in fault.match])}" if fault.match else ""
    return f"{share(fault.rate)} of the invocations{_of(functions)}{matching} {effect(fault)}"


def _switched(fault: Fault, functions: Sequence[str]) -> str:
    name = listed(functions)
    match fault.mode:
        case FaultMode.CONCURRENCY:
            who = name or "the function"
            return (
                f"{who} may run {fault.limit} times at once" if fault.limit else f"{who} may not run at all"
            )
        case FaultMode.MAPPING:
            return f"no message of its event source reaches {name or 'the function'}"
        case _:
            return "the EventBridge rule matches nothing: it is switched off"


def _condition(match: Match) -> str:
    operators = {"eq": "=", "startsWith": "beginning with", "regex": "matching"}
    return (
        match.path
        if match.operator == "exists"
        else f"{match.path} {operators[match.operator]} {match.value}"
    )


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
    return EFFECTS[fault.mode](fault)


def _decorated(fault: Fault) -> str:
    told = (
        f"{fault.min_latency:g} ms of delay" if fault.min_latency is not None else "",
        f"“{fault.message}”" if fault.message else "",
        f"status {fault.status_code}" if fault.status_code is not None else "",
    )
    return " or ".join(filter(None, told)) or "its own values"


def _milliseconds(fault: Fault) -> str:
    low, high = fault.min_latency or 0, fault.max_latency or 0
    return f"{low:g} ms" if low == high else f"{low:g} to {high:g} ms"


def _of(functions: Sequence[str]) -> str:
    return f" of {listed(functions)}" if functions else ""


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return names[0] if len(names) == 1 else " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


EFFECTS: Mapping[FaultMode, Callable[[Fault], str]] = {
    FaultMode.DENYLIST: lambda f: f"are refused {listed(f.deny_list) or 'nothing: the list is empty'}",
    FaultMode.LATENCY: lambda f: f"start {_milliseconds(f)} late",
    FaultMode.EXCEPTION: lambda f: f"fail with “{f.message or 'an exception'}”",
    FaultMode.STATUSCODE: lambda f: f"answer {f.status_code} without running",
    FaultMode.DISKSPACE: lambda f: f"lose {f.disk_space or 0:g} MB of their disk",
    FaultMode.TIMEOUT: lambda f: f"sleep until {f.timeout_buffer or 0:g} ms before their timeout",
    FaultMode.CORRUPTION: lambda f: f"answer with {'a broken' if f.body is None else 'another'} body",
    FaultMode.DECORATED: lambda f: f"suffer what their decorator injects: {_decorated(f)}",
    FaultMode.CONCURRENCY: lambda f: f"are throttled above {f.limit or 0} at once",
    FaultMode.MAPPING: lambda _: "never happen: their event source is switched off",
    FaultMode.RULE: lambda _: "never happen: their rule is switched off",
}
