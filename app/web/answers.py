"""What the JSON API says of our nouns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from fastapi.encoders import jsonable_encoder
from starlette.responses import JSONResponse

from app.faults import Entry, Lever
from app.runs import Event, Place, Run
from app.web.total import Json

SEE_OTHER = 303
STEP = ("kind", "name", "sentence", "seconds", "background")


def answered(body: Any, *, status: int = 200, location: str | None = None) -> JSONResponse:
    return Json(
        jsonable_encoder(body), status_code=status, headers={"Location": location} if location else None
    )


def run_json(
    run: Run, entries: Sequence[Entry], place: Place | None = None, *, now: datetime
) -> dict[str, Any]:
    return {
        "id": run.id,
        "experiment": run.experiment,
        "title": run.title,
        "environment": run.environment,
        "account": run.account,
        "region": run.region,
        "status": str(run.status),
        "deviated": run.deviated,
        "verdict": None if run.verdict is None else str(run.verdict),
        "verdict_reason": run.verdict_reason,
        "stopped_by": run.stopped_by,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "requested_by": run.requested_by,
        "schedule": run.schedule,
        "variables": dict(run.variables),
        "rollback_strategy": run.rollback_strategy,
        "dry": run.dry,
        "faults": [fault_json(entry, now) for entry in entries],
        "signals": run.signals,
        "findings": run.facts.get("findings", []),
        "stop": run.facts.get("stop", []),
        "proof": run.proof,
        "sha256": run.sha256,
        "git_commit": run.git_commit,
        "git_dirty": run.git_dirty,
        "journal": str(run.journal_state),
        "queue": None if place is None else {**asdict(place), "sentence": place.sentence},
    }


def fault_json(entry: Entry, now: datetime) -> dict[str, Any]:
    return {
        "id": entry.id,
        "environment": entry.environment,
        "store": str(entry.store),
        "state": str(entry.state),
        "stuck": entry.stuck,
        "run": None if entry.run_id is None else int(entry.run_id),
        "by": entry.by,
        "sentence": entry.sentence,
        "fault": asdict(entry.fault),
        "dialect": entry.dialect,
        "translated_from": entry.translated_from,
        "functions": list(entry.functions),
        "value": entry.shown(entry.value),
        "previous": entry.shown(entry.previous),
        "created_at": entry.created_at,
        "armed_at": entry.armed_at,
        "disarm_by": entry.disarm_by,
        "disarmed_at": entry.disarmed_at,
        "disarmed_by": entry.disarmed_by,
        "outcome": entry.outcome,
        "attempts": entry.attempts,
        "plan": asdict(entry.plan),
        "phase": str(entry.phase(now)),
        "requested_at": entry.requested_at,
        "settles_at": entry.settles_at,
        "last_hit_at": entry.last_hit_at,
        "quiet_at": entry.quiet_at,
        "clean_at": entry.clean_at,
        "seconds_to_quiet": entry.seconds_to_quiet,
        "seconds_to_clean": entry.seconds_to_clean,
        "theirs": entry.shown(entry.theirs),
        "undecided": entry.undecided,
    }


def experiment_json(experiment: Any, last: Sequence[Run] = ()) -> dict[str, Any]:
    return {
        "id": experiment.id,
        "file": str(experiment.file),
        "title": experiment.title,
        "description": experiment.description,
        "tags": list(experiment.tags),
        "valid": experiment.valid,
        "problems": [asdict(problem) for problem in experiment.problems],
        "last_runs": [{"id": run.id, "status": str(run.status), "verdict": run.verdict} for run in last],
    }


def story_json(story: Any) -> dict[str, Any]:
    """What an experiment would do, as far as it could be read."""
    reading = story.reading
    return {
        "expected_seconds": None if reading is None else reading.expected_seconds,
        "steps": [{name: getattr(step, name) for name in STEP} for step in story.steps],
        "faults": [
            {
                "activity": fault.activity,
                "store": str(fault.store),
                "sentence": fault.sentence,
                "value": fault.value,
                "dialect": fault.understood.function_dialect if fault.understood else None,
                "translated": bool(fault.understood and fault.understood.translated),
                "functions": list(fault.understood.functions) if fault.understood else [],
            }
            for fault in story.faults
        ],
        "trouble": story.trouble,
    }


def signal_json(card: Any) -> dict[str, Any]:
    same = ("key", "name", "query", "unit", "tolerance", "judgement", "value", "at", "reads", "error")
    return {
        **{name: getattr(card, name) for name in same},
        "parts": {part.label: part.value for part in card.parts},
    }


def evidence_json(run: Run, card: Any) -> dict[str, Any]:
    """A card of evidence: its members are values while the logs are read, and plain once the run has kept them."""
    return {
        "run": run.id,
        "since": card.since,
        "invocations": card.invocations,
        "hit": card.hit,
        "can_see": not card.why,
        "why": card.why,
        "lines": [line_json(line) for line in card.lines],
        "expensive": [
            _members(one, ("request_id", "ms", "intercepted", "function")) for one in card.expensive
        ],
    }


def line_json(line: Any) -> dict[str, Any]:
    return _members(line, ("at", "request_id", "text", "intercepted", "function"))


def _members(value: Any, names: Sequence[str]) -> dict[str, Any]:
    plain = value if isinstance(value, dict) else vars(value)
    return {name: plain.get(name) for name in names}


def sample_json(sample: Any) -> dict[str, Any]:
    return {
        "query": sample.query,
        "at": sample.at.timestamp(),
        "value": sample.value,
        "parts": dict(sample.parts or {}),
    }


def lever_json(lever: Lever) -> dict[str, Any]:
    return {
        "environment": lever.environment,
        "state": "engaged" if lever.engaged else "disengaged",
        "engaged": lever.engaged,
        "by": lever.by,
        "why": lever.why,
        "at": lever.at,
    }


def outcome_json(run: Run | None) -> dict[str, Any]:
    """How it stands and what it came to; None where there was none."""
    return {name: getattr(run, name, None) for name in ("status", "verdict", "verdict_reason")}


def event_json(event: Event) -> dict[str, Any]:
    return {
        "run": event.run_id,
        "seq": event.seq,
        "at": event.at,
        "kind": event.kind,
        "data": dict(event.data),
    }
