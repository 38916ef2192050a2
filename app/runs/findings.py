"""What is known about a run that has ended, gathered for its verdict."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from app.faults import Entry, FaultState
from app.queries.freshness import fresh_for, is_stale
from app.runs import kept, store
from app.runs.changes import as_they_are, changed
from app.runs.journal import Activity, Journal, SteadyState
from app.runs.rooms import Rooms
from app.runs.run import Event, JournalState, Run
from app.runs.verdict import Findings

OTHER_SHAPES = (ValueError, TypeError, AttributeError, LookupError)  # of what is no journal


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """The logs could not be read."""

    why: str
    can_see: bool = False
    hit: int = 0
    interceptions: int = 0


def gather(rooms: Rooms, run: Run, proofs: Sequence[Any], entries: Sequence[Entry]) -> Findings:
    """`entries`: the run's, of the ledger; `proofs`: of those that were armed, and that logs tell of."""
    with rooms.storage.reading() as session:
        events = store.events_after(session, run.id, 0)
    parsed = _journal(rooms, run)
    intended = {event.data.get("fault") for event in events if event.kind == "asked"}
    steady = [parsed.after, *parsed.during] if parsed else []
    arming = {event.data.get("name") for event in events if event.kind == "asked"}
    return Findings(
        status=run.status,
        refused=_refused(events),
        problem=run.facts.get("problem") or _unread(run, parsed),
        stopped_by=run.stopped_by,
        steady_before=parsed.before.met if parsed and parsed.before else None,
        steady_after=parsed.after.met if parsed and parsed.after else None,
        steady_during=None if not parsed or not parsed.during else all(s.met for s in parsed.during),
        missed_before=_missed([parsed.before]) if parsed else (),
        missed=_missed(steady),
        broken=_broken(parsed.activities, arming) if parsed else (),
        broken_rollbacks=_broken_rollbacks(parsed.rollbacks) if parsed else (),
        faults=len(intended),
        armed=sum(1 for entry in entries if entry.id in intended and entry.armed_at is not None),
        fired=_fired(proofs, entries),
        changed=tuple(_changed(rooms, run, events, entries)),
        unseen=next((proof.why for proof in proofs if not _hit(proof) and not proof.can_see), ""),
        still_armed=tuple(str(entry.store) for entry in entries if entry.may_fire),
        blind=_blind(rooms, run, steady),
        dry=run.dry,
    )


def plain(value: Any) -> Any:
    """As JSON has it."""
    return json.loads(json.dumps(value, default=_plain))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, set | frozenset) else str(value)


def _journal(rooms: Rooms, run: Run) -> Journal | None:
    if run.journal_state in (JournalState.NONE, JournalState.LOST):
        return None
    raw, _ = kept.journal(rooms.folder(run.snapshot) / "journal.json")
    try:
        return None if raw is None else Journal.parse(raw)
    except OTHER_SHAPES:
        return None


def _unread(run: Run, parsed: Journal | None) -> str | None:
    """Nothing is known of what was judged where the journal has become, or is, something else."""
    there = run.journal_state is JournalState.KEPT and run.stopped_by is None
    return "its journal is not one of Chaos Toolkit's" if there and parsed is None else None


def _refused(events: Sequence[Event]) -> str | None:
    """Why the console said no, stopping aside; nothing where an earlier fault had been allowed."""
    if any(event.kind == "asked" for event in events):
        return None
    said = [event.data for event in events if event.kind == "refused" and not event.data.get("stopping")]
    return str(said[0].get("why")) if said else None


def _missed(states: Sequence[SteadyState | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for state in states if state for name in state.missed))


def _broken(activities: Sequence[Activity], arming: set[Any]) -> tuple[str, ...]:
    """A failed arming action is left out: then the fault never armed, which says more."""
    return tuple(a.name for a in activities if a.status == "failed" and a.name not in arming)


def _broken_rollbacks(activities: Sequence[Activity]) -> tuple[str, ...]:
    return tuple(a.name for a in activities if a.status == "failed" or (a.exit_code or 0) != 0)


def _changed(rooms: Rooms, run: Run, events: Sequence[Event], entries: Sequence[Entry]) -> Iterator[str]:
    """What took the fault's ground away: another version of a function, another fault upon it, or another value."""
    before: dict[str, Any] = {}
    for event in events:
        if event.kind == "asked":
            before = {**event.data.get("functions", {}), **before}
    now = rooms.clock.now()
    if before:
        yield from changed(before, as_they_are(rooms.aws, run.environment, list(before)), at=now)
    began = min((entry.armed_at for entry in entries if entry.armed_at), default=None)
    if began is not None:
        ended = run.ended_at or now
        yield from rooms.faults.others_on(run.environment, str(run.id), list(before), began, ended)
    for entry in entries:
        if entry.state is FaultState.DRIFTED:
            seen = f", as seen at {entry.disarmed_at:%H:%M:%S} UTC" if entry.disarmed_at else ""
            yield f"{entry.store} was changed by somebody else during the run{seen}"


def _fired(proofs: Sequence[Any], entries: Sequence[Entry]) -> bool | None:
    """Whether every fault did. A setting of AWS that was read back is what happens; others have to be seen in the logs."""
    if any(proof.can_see and not _hit(proof) for proof in proofs):
        return False
    if not all(_hit(proof) for proof in proofs):
        return None
    return any(entry.armed_at for entry in entries)


def _hit(proof: Any) -> bool:
    return bool(proof.hit or proof.interceptions)


def _blind(rooms: Rooms, run: Run, steady: Sequence[SteadyState | None]) -> tuple[str, ...]:
    """Probes that answered without a value, and signals whose samples had none, or were too old, at the end."""
    answered = [probe.name for state in steady if state for probe in state.probes if probe.blind]
    unsampled = [str(s["name"]) for s in run.signals if s.get("query") and not _seen(rooms, run, s)]
    return tuple(dict.fromkeys([*answered, *unsampled]))


def _seen(rooms: Rooms, run: Run, signal: Mapping[str, Any]) -> bool:
    """True where the newest sample of the run has a value and was not too old when the run ended.

    A run too short for a sample has its probe's word, unless that probe calls "nothing" a number.
    """
    environment = rooms.settings.environments.get(run.environment)
    if environment is None:  # it was taken out of the settings meanwhile
        return False
    ended = run.ended_at or rooms.clock.now()
    began = (run.started_at or run.created_at) - fresh_for(environment.poll_seconds)
    newest = rooms.metrics.samples(environment.name, str(signal["query"]), began, 1, ended)
    if not newest:
        return signal.get("when_empty") is None
    return newest[0].value is not None and not is_stale(newest[0].at, ended, environment.poll_seconds)
