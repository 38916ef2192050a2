"""A run as it stands: what a terminal shows of it, here or from afar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Protocol

from app.evidence import Proof
from app.faults import Entry
from app.queries import Judgement
from app.queries.freshness import is_stale
from app.reports.report import FaultsRoom, MetricsRoom, Series, series_of
from app.runs import Run, Runs
from app.runs.findings import plain
from app.settings import Environment, Settings

SPARKS = 60  # samples of a signal, the newest


class EvidenceRoom(Protocol):
    def of(self, entry: Entry, /) -> Proof: ...


def progress(
    run_id: int, *, runs: Runs, faults: FaultsRoom, metrics: MetricsRoom, evidence: EvidenceRoom,
    settings: Settings, now: datetime,
) -> dict[str, Any]:  # fmt: skip
    """As JSON has it; times in seconds since 1970. NotFound where there is no such run."""
    run = runs.get(run_id)
    environment = settings.environments.get(run.environment, Environment(name=run.environment))
    return {
        "now": now.timestamp(),
        "run": _run(run),
        "signals": [
            _signal(series_of(metrics, run, one, now), bool(one["query"]), environment, run.ended_at or now)
            for one in run.signals
        ],
        "timeline": plain([asdict(step) for step in runs.timeline(run)]),
        "faults": [_fault(entry, evidence, now) for entry in faults.for_run(str(run_id))],
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "title": run.title,
        "experiment": run.experiment,
        "environment": run.environment,
        "account": run.account,
        "region": run.region,
        "status": str(run.status),
        "verdict": None if run.verdict is None else str(run.verdict),
        "reason": run.verdict_reason,
        "began": run.created_at.timestamp(),
        "ended": None if run.ended_at is None else run.ended_at.timestamp(),
    }


def _signal(series: Series, polled: bool, environment: Environment, now: datetime) -> dict[str, Any]:  # noqa: FBT001
    at, value = series.samples[-1] if series.samples else (None, None)
    old = at is not None and is_stale(at, now, environment.poll_seconds)
    judgement: Judgement | None = Judgement.STALE if polled and old else series.judgement
    return {
        "name": series.name,
        "unit": series.unit,
        "tolerance": series.tolerance,
        "low": series.bounds.low,
        "high": series.bounds.high,
        "value": value,
        "judgement": str(judgement) if judgement else None,
        "samples": [one for _, one in series.samples[-SPARKS:]],
    }


def _fault(entry: Entry, evidence: EvidenceRoom, now: datetime) -> dict[str, Any]:
    return {
        "store": str(entry.store),
        "sentence": entry.sentence,
        "state": str(entry.state),
        "phase": str(entry.phase(now)),
        "armed": entry.may_fire,
        "stuck": entry.stuck,
        "disarm_by": entry.disarm_by.timestamp(),
        "outcome": entry.outcome,
        "proof": _proof(entry, evidence),
    }


def _proof(entry: Entry, evidence: EvidenceRoom) -> Mapping[str, Any] | None:
    """How many invocations were hit so far; None where there is no log to ask."""
    if entry.armed_at is None or not entry.functions:
        return None
    seen = evidence.of(entry)
    return {"hit": seen.hit, "of": seen.of, "can_see": seen.can_see, "why": seen.why}
