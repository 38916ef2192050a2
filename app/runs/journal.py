"""Chaos Toolkit's journal: read with tolerance, or rebuilt where its process was killed. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.runs.run import Event, Run, RunStatus

REBUILT = "rebuilt-by-gameday"  # the key that marks a journal which Chaos Toolkit did not write
NO_VALUE = ("", "null", "None")  # what a probe prints where CloudWatch had no data


@dataclass(frozen=True, kw_only=True)
class Activity:
    name: str
    kind: str  # probe or action
    status: str  # succeeded, failed, or interrupted where the journal has none
    exit_code: int | None = None
    within: bool | None = None  # its tolerance, for probes of the hypothesis
    exception: str = ""
    blind: bool = False  # it answered without a value

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Activity:
        activity = raw.get("activity") or {}
        output = raw.get("output")
        process = output if isinstance(output, dict) and "stdout" in output else {}
        text = process.get("stdout")
        return cls(
            name=str(activity.get("name") or "?"),
            kind=str(activity.get("type") or "?"),
            status=str(raw.get("status") or "interrupted"),
            exit_code=process.get("status"),
            within=raw.get("tolerance_met"),
            exception=str((raw.get("exception") or [""])[-1]).strip(),
            # Numbers and lists of them are compared with the exit code, whatever was printed.
            blind=not isinstance(activity.get("tolerance"), int | list)
            and text is not None
            and str(text).strip() in NO_VALUE
            and process.get("status") == 0,
        )


@dataclass(frozen=True, kw_only=True)
class SteadyState:
    met: bool | None  # None: it was interrupted
    probes: tuple[Activity, ...] = ()

    @classmethod
    def parse(cls, raw: Mapping[str, Any] | None) -> SteadyState | None:
        if raw is None:
            return None
        return cls(met=raw.get("steady_state_met"), probes=_activities(raw.get("probes")))

    @property
    def missed(self) -> tuple[str, ...]:
        return tuple(probe.name for probe in self.probes if probe.within is False)


@dataclass(frozen=True, kw_only=True)
class Journal:
    status: RunStatus
    deviated: bool
    before: SteadyState | None = None
    after: SteadyState | None = None
    during: tuple[SteadyState, ...] = ()
    activities: tuple[Activity, ...] = ()
    rollbacks: tuple[Activity, ...] = ()

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Journal:
        states = raw.get("steady_states") or {}
        during = (SteadyState.parse(state) for state in states.get("during") or ())
        return cls(
            status=_status(raw.get("status")),
            deviated=bool(raw.get("deviated")),
            before=SteadyState.parse(states.get("before")),
            after=SteadyState.parse(states.get("after")),
            during=tuple(state for state in during if state),
            activities=_activities(raw.get("run")),
            rollbacks=_activities(raw.get("rollbacks")),
        )


def _status(told: Any) -> RunStatus:
    return RunStatus(told) if told in list(RunStatus) else RunStatus.INTERRUPTED


def _activities(raw: Iterable[Mapping[str, Any]] | None) -> tuple[Activity, ...]:
    return tuple(Activity.parse(activity) for activity in raw or ())


def rebuild(run: Run, events: Sequence[Event]) -> bytes:
    """A journal from what the console was told, for a run whose process could not write its own."""
    first = events[0].at if events else run.created_at
    last = events[-1].at if events else run.created_at
    journal = {
        REBUILT: True,
        "experiment": {**run.document, "dry": run.dry},
        "start": first.isoformat(),
        "status": str(RunStatus.INTERRUPTED),
        "deviated": any(e.kind == "hypothesis-after" and e.data.get("met") is False for e in events),
        "steady_states": {
            "before": _rebuilt_state(run, events, "hypothesis-before"),
            "after": _rebuilt_state(run, events, "hypothesis-after"),
            "during": [],
        },
        "run": _rebuilt_runs(run, events, "method", phase="method"),
        "rollbacks": _rebuilt_runs(run, events, "rollbacks", phase="rollbacks"),
        "end": last.isoformat(),
        "duration": (last - first).total_seconds(),
    }
    return json.dumps(journal, indent=2, ensure_ascii=False, default=str).encode()


def _rebuilt_state(run: Run, events: Sequence[Event], kind: str) -> dict[str, Any] | None:
    probes = (run.document.get("steady-state-hypothesis") or {}).get("probes") or []
    for event in events:
        if event.kind == kind:
            told = event.data.get("probes") or []
            runs = [{**_entry(probes, probe), "tolerance_met": probe.get("tolerance_met")} for probe in told]
            return {"steady_state_met": event.data.get("met"), "probes": runs}
    return None


def _rebuilt_runs(run: Run, events: Sequence[Event], section: str, *, phase: str) -> list[dict[str, Any]]:
    declared = run.document.get(section) or []
    begun = [e for e in events if e.kind == "before-activity" and e.data.get("phase") == phase]
    ended = [
        e for e in events if e.kind in ("activity", "rollback-activity") and e.data.get("phase") == phase
    ]
    entries = [_entry(declared, event.data) for event in ended]
    over = [event.data.get("name") for event in ended]
    for event in begun:
        if event.data.get("name") in over:
            over.remove(event.data.get("name"))
        else:  # as Chaos Toolkit has it: an interrupted activity has no status
            declaration = _declared(declared, event.data)
            entries.append({"activity": declaration, "output": None, "start": event.at.isoformat()})
    return entries


def _entry(declared: Sequence[Mapping[str, Any]], told: Mapping[str, Any]) -> dict[str, Any]:
    entry = {key: told.get(key) for key in ("output", "start", "status", "end")}
    exception = {"exception": [told["exception"]]} if told.get("exception") else {}
    return {"activity": _declared(declared, told), **entry, "duration": told.get("seconds"), **exception}


def _declared(declared: Sequence[Mapping[str, Any]], told: Mapping[str, Any]) -> Mapping[str, Any]:
    known = {"name": told.get("name"), "type": told.get("type")}
    return next((activity for activity in declared if activity.get("name") == told.get("name")), known)
