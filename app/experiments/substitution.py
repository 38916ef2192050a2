"""`${name}` out of configuration, as far as it can be told without Chaos Toolkit. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from string import Template
from typing import Any

from app.errors import Invalid

ACTIVITIES = ("method", "rollbacks")
HYPOTHESIS = "steady-state-hypothesis"
LARGEST_WRITTEN_OUT = 64 * 1024 * 1024  # characters, were each `$` to stand for the longest value
TOO_LARGE = (
    "With its configuration filled in the experiment is too large. Shorten a value, or use it less often."
)


def configuration(
    document: Mapping[str, Any], variables: Mapping[str, str], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Values by the names that the experiment's configuration has.

    `variables`: the environment's, which `env` entries name by their key. `given`: with this run, as by
    `chaos run --var`, by the configuration's own names; they win. What only Chaos Toolkit can find out,
    dynamic configuration, is not in it.
    """
    known: dict[str, Any] = {}
    for name, written in (document.get("configuration") or {}).items():
        value = given.get(name, written)
        kind = value.get("type") if isinstance(value, Mapping) else None
        if kind == "env":
            told = variables.get(str(value.get("key")), value.get("default"))
            if told is not None:
                known[str(name)] = told
        elif kind != "probe":
            known[str(name)] = value
    return known


def resolved(document: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """The document with every known `${name}` replaced where Chaos Toolkit replaces them; others stand.

    Invalid where that could fill the memory.
    """
    longest = max((len(str(value)) for value in known.values()), default=0)
    if longest * str(document).count("$") > LARGEST_WRITTEN_OUT:
        raise Invalid(TOO_LARGE)
    over: dict[str, Any] = {
        name: _activities(document[name], known) for name in ACTIVITIES if document.get(name)
    }
    hypothesis = document.get(HYPOTHESIS)
    if hypothesis:
        over[HYPOTHESIS] = {**hypothesis, "probes": _activities(hypothesis.get("probes") or [], known)}
    return {**document, **over}


def _activities(activities: list[Any], known: Mapping[str, Any]) -> list[Any]:
    return [_activity(activity, known) for activity in activities]


def _activity(activity: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Chaos Toolkit leaves names alone, and tolerances that are objects."""
    over = {name: substitute(activity[name], known) for name in ("provider", "pauses") if name in activity}
    if isinstance(activity.get("tolerance"), str):
        over["tolerance"] = substitute(activity["tolerance"], known)
    return {**activity, **over}


def substitute(value: Any, known: Mapping[str, Any]) -> Any:
    """A text that is one `${name}` and nothing else becomes the value itself, of whatever type."""
    if isinstance(value, str):
        template = Template(value)
        whole = template.pattern.fullmatch(value)
        name = (whole["named"] or whole["braced"] or "") if whole else ""
        return known[name] if name in known else template.safe_substitute(known)
    if isinstance(value, Mapping):
        return {key: substitute(one, known) for key, one in value.items()}
    if isinstance(value, list):
        return [substitute(one, known) for one in value]
    return value
