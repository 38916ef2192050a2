"""Keys that Chaos Toolkit reads nothing under: it passes them by without a word, and so would the run. Pure.

None of this is an error, since `chaos validate` takes it all. Extensions, arguments and what `configuration` and
`secrets` hold are their authors' own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from app.experiments.activities import Found

EXPERIMENT = (
    "version", "title", "description", "tags", "contributions", "configuration", "secrets", "runtime", "dry",
    "extensions", "controls", "steady-state-hypothesis", "method", "rollbacks",
)  # fmt: skip
HYPOTHESIS = ("title", "description", "probes", "controls")
ACTIVITY = (
    "type", "name", "ref", "provider", "tolerance", "background", "pauses", "timeout", "dry", "controls", "secrets",
    "configuration",
)  # fmt: skip
PAUSES = ("before", "after")
CONTROL = ("name", "ref", "provider", "scope", "automatic")
PROVIDERS: Mapping[str, tuple[str, ...]] = {
    "python": ("type", "module", "func", "arguments", "secrets"),
    "process": ("type", "path", "arguments", "timeout", "secrets"),
    "http": (
        "type", "url", "method", "headers", "arguments", "timeout", "expected_status", "verify_tls", "max_retries",
        "secrets",
    ),
}  # fmt: skip
TOLERANCES: Mapping[str, tuple[str, ...]] = {
    "range": ("type", "range", "target"),
    "regex": ("type", "pattern", "target"),
    "jsonpath": ("type", "path", "expect", "count", "target"),
}
NOTES = ("comment", "description", "notes")  # what people write for people
PRIVATE = ("x-", "_", "/", "#", "$", "<<")
NEAR = 0.8  # of difflib's ratio: `rollback` is 0.94 like `rollbacks`, `conditions` 0.78 like `contributions`
LONGEST_KEY = 60  # characters that a near one is looked for


def misspelt(experiment: Any) -> Found:
    """JSON path and sentence of each such key. At the top, where anybody may add their own, only of near ones."""
    if not isinstance(experiment, Mapping):
        return
    yield from _unread(experiment, "", EXPERIMENT, near_only=True)
    hypothesis = experiment.get("steady-state-hypothesis")
    yield from _unread(hypothesis, "steady-state-hypothesis", HYPOTHESIS)
    probes = hypothesis.get("probes") if isinstance(hypothesis, Mapping) else None
    yield from _activities(probes, "steady-state-hypothesis.probes")
    for phase in ("method", "rollbacks"):
        yield from _activities(experiment.get(phase), phase)
    yield from _runtime(experiment.get("runtime"))
    for path, holder in (("", experiment), ("steady-state-hypothesis.", hypothesis)):
        yield from _controls(holder, f"{path}controls")


def _activities(listed: Any, path: str) -> Found:
    for index, one in enumerate(listed if isinstance(listed, list) else ()):
        yield from _activity(one, f"{path}[{index}]")


def _activity(one: Any, path: str) -> Found:
    yield from _unread(one, path, ACTIVITY)
    if not isinstance(one, Mapping):
        return
    yield from _unread(one.get("pauses"), f"{path}.pauses", PAUSES)
    yield from _by_type(one.get("provider"), f"{path}.provider", PROVIDERS)
    yield from _controls(one, f"{path}.controls")
    tolerance = one.get("tolerance")
    if isinstance(tolerance, Mapping) and tolerance.get("type") == "probe":
        yield from _activity(tolerance, f"{path}.tolerance")
    else:
        yield from _by_type(tolerance, f"{path}.tolerance", TOLERANCES)


def _controls(holder: Any, path: str) -> Found:
    listed = holder.get("controls") if isinstance(holder, Mapping) else None
    for index, one in enumerate(listed if isinstance(listed, list) else ()):
        yield from _unread(one, f"{path}[{index}]", CONTROL)


def _runtime(runtime: Any) -> Found:
    yield from _unread(runtime, "runtime", ("rollbacks", "hypothesis"))
    for name in ("rollbacks", "hypothesis"):
        inner = runtime.get(name) if isinstance(runtime, Mapping) else None
        yield from _unread(inner, f"runtime.{name}", ("strategy",))


def _by_type(value: Any, path: str, known: Mapping[str, tuple[str, ...]]) -> Found:
    """Of no known type is a problem already, and of several types nobody knows the keys."""
    kind = value.get("type") if isinstance(value, Mapping) else None
    if isinstance(kind, str) and kind in known:
        yield from _unread(value, path, known[kind])


def _unread(value: Any, path: str, known: Collection[str], *, near_only: bool = False) -> Found:
    for key in _strange(value, known):
        near = nearest(key, known)
        words = f"Chaos Toolkit reads no “{key[:LONGEST_KEY]}” here, and passes it by."
        place = f"{path}.{key}" if path else key
        if near:
            yield place, f"{words} Did you mean {near}?"
        elif not near_only:
            yield place, f"{words} It reads: {', '.join(known)}."


def _strange(value: Any, known: Collection[str]) -> Iterator[str]:
    for key in value if isinstance(value, Mapping) else ():
        if isinstance(key, str) and key not in known and key not in NOTES and not key.startswith(PRIVATE):
            yield key


def nearest(key: str, known: Collection[str], *, alike: float = NEAR) -> str:
    """The known key that was meant: `Rollback`, `steady_state_hypothesis`, `afterr`. Empty where none is that much alike."""
    plain = key[:LONGEST_KEY].lower().replace("_", "-").replace(" ", "-")
    spelt = {one.replace("_", "-"): one for one in known}
    found = get_close_matches(plain, spelt, n=1, cutoff=alike)
    return spelt[found[0]] if found else ""
