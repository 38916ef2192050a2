"""The `gameday` extension: faults that no activity's arguments show, and stop conditions. Pure.

Chaos Toolkit carries extensions along and reads none of them, so `chaos run` plays such a file as ever:

    "extensions": [{"name": "gameday",
      "faults": [{"activity": "Break it", "store": "ssm:failureLambdaConfig", "value": {"isEnabled": true, …}}],
      "stop": [{"signal": "messages-in-flight", "above": 40, "for": 60}, {"no_data_for": 120}, {"alarm": "payments"}]}]
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.queries.tolerance import is_number

NAME = "gameday"
KNOWN = ("name", "faults", "stop")
FAULT = ("activity", "store", "value")
STOPS = ("signal", "above", "below", "for", "no_data_for", "alarm", "alarm_prefix", "alarm_tag")
WAYS = ("signal", "no_data_for", "alarm", "alarm_prefix", "alarm_tag")
UNREAD = "nothing would look at it here. Leave it out, or make it a condition of its own."
QUERY_ID = re.compile(r"(run-)?[0-9a-f]{12}")
Found = Iterator[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Declared:
    """A fault that an activity of this name arms, said by hand."""

    activity: str
    store: tuple[str, str]  # kind and name
    value: str


@dataclass(frozen=True, kw_only=True)
class StopCondition:
    """What ends a run with a rollback as soon as it is so. One way of the four is set."""

    signal: str | None = None  # name or key of a hypothesis probe
    above: float | None = None
    below: float | None = None
    seconds: float = 0.0  # for how long without a break
    no_data_for: float | None = None  # seconds in which a signal, or any of them, had no value
    alarm: str | None = None  # a CloudWatch alarm, by name, by prefix, or by a tag `key=value`
    alarm_prefix: str | None = None
    alarm_tag: str | None = None

    @property
    def sentence(self) -> str:
        if self.no_data_for is not None:
            return f"{self.signal or 'a signal'} has no data for {self.no_data_for:g} s"
        if self.signal:
            bound = f"above {self.above:g}" if self.above is not None else f"below {self.below:g}"
            return f"{self.signal} is {bound}" + (f" for {self.seconds:g} s" if self.seconds else "")
        if self.alarm_prefix:
            return f"an alarm whose name begins with {self.alarm_prefix} is in ALARM"
        return (
            f"alarm {self.alarm} is in ALARM"
            if self.alarm
            else f"an alarm tagged {self.alarm_tag} is in ALARM"
        )

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> StopCondition:
        """From one entry of `stop` that `problems` finds nothing wrong with."""
        return cls(
            seconds=float(given.get("for", 0)),
            **{k: v for k, v in given.items() if k not in ("for", "seconds")},
        )


def faults(document: Mapping[str, Any]) -> tuple[Declared, ...]:
    return tuple(
        Declared(activity=one["activity"], store=_store(one["store"]), value=_text(one["value"]))
        for block in _blocks(document)
        for one in block.get("faults", ())
    )


def stop_conditions(document: Mapping[str, Any]) -> tuple[StopCondition, ...]:
    return tuple(StopCondition.of(one) for block in _blocks(document) for one in block.get("stop", ()))


def problems(document: Mapping[str, Any]) -> Found:
    """JSON path and sentence of everything that is wrong with our own extension."""
    listed = document.get("extensions")
    for index, block in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(block, dict) and block.get("name") == NAME:
            yield from _block(block, f"extensions[{index}]", document)


def stop_problems(one: Any, path: str) -> Found:
    """Of one stop condition, wherever it is given."""
    if not isinstance(one, dict):
        yield path, 'A stop condition is an object: {"signal": "in-flight", "above": 40, "for": 60}'
        return
    yield from _unknown(one, path, STOPS)
    ways = [way for way in WAYS if one.get(way) is not None]
    if not ways or len(set(ways) - {"signal", "no_data_for"}) > 1:
        yield path, f"A stop condition has one of {', '.join(WAYS)}."
    if ways:
        yield from _bound(one, path)
    for key in ("above", "below", "for", "no_data_for"):
        if key in one and not is_number(one[key]):
            yield f"{path}.{key}", f"{key} is a number."
    for key in ("signal", "alarm", "alarm_prefix", "alarm_tag"):
        if key in one and (not isinstance(one[key], str) or not one[key]):
            yield f"{path}.{key}", f"{key} is a text."
    if isinstance(one.get("alarm_tag"), str) and "=" not in one["alarm_tag"]:
        yield f"{path}.alarm_tag", "A tag is key=value."


def _bound(one: Mapping[str, Any], path: str) -> Found:
    """A bound is a signal's; beside anything else nobody would look at it, and the run would seem guarded."""
    if "signal" in one and "no_data_for" not in one:
        if ("above" in one) == ("below" in one):
            yield path, "A signal needs a bound: above or below, one of them."
        return
    for key in ("above", "below", "for"):
        if key in one:
            yield f"{path}.{key}", f"“{key}” belongs to a signal's bound: {UNREAD}"


def _block(block: Mapping[str, Any], path: str, document: Mapping[str, Any]) -> Found:
    yield from _unknown(block, path, KNOWN)
    method = document.get("method")
    names = {
        one["name"]
        for one in (method if isinstance(method, list) else [])
        if isinstance(one, dict) and isinstance(one.get("name"), str)
    }
    for key in ("faults", "stop"):
        if not isinstance(block.get(key, []), list):
            yield f"{path}.{key}", f"{key} is a list of objects."
            return
    for index, one in enumerate(block.get("faults", [])):
        yield from _fault(one, f"{path}.faults[{index}]", names)
    signals = _signals(document)
    for index, one in enumerate(block.get("stop", [])):
        yield from stop_problems(one, f"{path}.stop[{index}]")
        signal = one.get("signal") if isinstance(one, dict) else None
        if isinstance(signal, str) and signal and not _may_be(signal, signals):
            known = ", ".join(signals) or "none"
            yield (
                f"{path}.stop[{index}].signal",
                f"The hypothesis has no signal “{signal}”. It has: {known}.",
            )


def _signals(document: Mapping[str, Any]) -> list[str]:
    """What the probes of the hypothesis are called."""
    hypothesis = document.get("steady-state-hypothesis")
    probes = hypothesis.get("probes") if isinstance(hypothesis, dict) else None
    return [
        str(one.get("name", one.get("ref")))
        for one in (probes if isinstance(probes, list) else [])
        if isinstance(one, dict)
    ]


def _may_be(signal: str, names: list[str]) -> bool:
    """A query's id, or a name that is not known before a run, is looked at when one starts."""
    return (
        signal in names
        or QUERY_ID.fullmatch(signal) is not None
        or any("${" in one for one in (signal, *names))
    )


def _fault(one: Any, path: str, names: set[Any]) -> Found:
    if not isinstance(one, dict):
        yield path, "A fault is an object with an activity, a store and a value."
        return
    yield from _unknown(one, path, FAULT)
    for key in FAULT:
        if key not in one:
            yield path, f"The fault has no {key}. Add it."
    if "activity" in one and (not isinstance(one["activity"], str) or one["activity"] not in names):
        yield f"{path}.activity", f"There is no activity “{one['activity']}” in the method."
    if "store" in one and (not isinstance(one["store"], str) or not one["store"].strip(":")):
        yield f"{path}.store", "A store is a text like ssm:failureLambdaConfig."
    if "value" in one and not isinstance(one["value"], str | dict):
        yield f"{path}.value", "The value is a text, or an object that is written as JSON."


def _unknown(given: Mapping[str, Any], path: str, known: tuple[str, ...]) -> Found:
    for key in given:
        if key not in known:
            yield f"{path}.{key}", f"There is no “{key}” here. There are: {', '.join(known)}."


def _blocks(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = document.get("extensions") or []
    return [one for one in listed if isinstance(one, Mapping) and one.get("name") == NAME]


def _store(text: str) -> tuple[str, str]:
    kind, colon, name = text.partition(":")
    return (kind, name) if colon else ("ssm", text)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
