"""What happened in a run, an event a line. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Data = Mapping[str, Any]
PHASES = {"before": "before the method", "after": "after the method"}


def sentence(kind: str, data: Data) -> str | None:
    """None for an event that a reader can do without."""
    words = SENTENCES.get(kind)
    return words(data) if words else None


def _judged(when: str) -> Callable[[Data], str]:
    def words(data: Data) -> str:
        if data.get("met") is None:
            return f"Steady state {when}: not judged."
        head = f"Steady state {when}: {'met' if data['met'] else 'NOT MET'}."
        missed = [_probe(one) for one in data.get("probes", ()) if one.get("tolerance_met") is False]
        return f"{head} {'; '.join(missed)}".rstrip()

    return words


def _during(data: Data) -> str | None:
    return None if data.get("met") else _judged("during the method")(data)


def _probe(probe: Data) -> str:
    given = probe.get("value")
    value = f" ({given:g})" if isinstance(given, int | float) else ""
    return f"“{probe.get('name')}”{value} is outside its tolerance."


def _activity(data: Data) -> str:
    name, seconds = data.get("name"), data.get("seconds")
    took = f" in {seconds:.1f} s" if isinstance(seconds, int | float) else ""
    code = data.get("exit_code") or 0
    if data.get("status") == "succeeded" and code == 0:
        return f"Done: {name}{took}."
    if data.get("status") == "interrupted":
        return f"Interrupted: {name}."
    why = data.get("exception") or (f"it ended with code {code}" if code else "no reason was given")
    return f"FAILED: {name}: {why}"


def _begun(data: Data) -> str:
    behind = " in the background" if data.get("background") else ""
    return f"{'Rollback' if data.get('phase') == 'rollbacks' else 'Begin'}: {data.get('name')}{behind}."


def _disarmed(data: Data) -> str:
    state, outcome = data.get("state"), str(data.get("outcome") or "")
    if state not in ("disarmed", "drifted"):
        return f"Not disarmed yet ({state}): {data.get('store')}. {outcome}".rstrip()
    return outcome if outcome.startswith("Disarmed") else f"Disarmed: {outcome or data.get('store')}"


def _ended(data: Data) -> str:
    problem = f" {data['problem']}" if data.get("problem") else ""
    return f"Ended: {data.get('status')}.{problem}"


SENTENCES: Mapping[str, Callable[[Data], str | None]] = {
    "queued": lambda data: f"Queued by {data.get('by')} in {data.get('environment')}.",
    "started": lambda data: f"Started: {data.get('title')}.",
    "hypothesis": lambda data: f"Looking at the steady state {PHASES.get(str(data.get('phase')), '')}".rstrip() + " …",
    "hypothesis-before": _judged("before"),
    "hypothesis-during": _during,
    "hypothesis-after": _judged("after"),
    "before-activity": _begun,
    "activity": _activity,
    "rollback-activity": _activity,
    "pause": lambda data: f"Pause of {float(data.get('seconds') or 0):g} s.",
    "translated": lambda data: f"Translated “{data.get('name')}” from {data.get('from')} to {data.get('to')}.",
    "armed": lambda data: f"ARMED: {data.get('store')}: {data.get('text')}.",
    "refused": lambda data: f"Refused: {data.get('name')}: {data.get('why')}.",
    "rollbacks": lambda data: f"Rollbacks: {data.get('count')}." if data.get("count") else None,
    "interrupted": lambda data: f"Interrupted: {data.get('why')}.",
    "disarmed": _disarmed,
    "note": lambda data: str(data.get("text")),
    "ended": _ended,
}  # fmt: skip
