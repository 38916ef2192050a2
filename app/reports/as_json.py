"""A report for machines: one JSON document, the same from `--report F.json`, `--output json`, and the API."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from app.faults import Entry
from app.reports.report import Report
from app.runs.findings import plain


def document(report: Report) -> dict[str, Any]:
    """Times are ISO 8601 in UTC, durations seconds."""
    run = report.run
    told: dict[str, Any] = plain(
        {
            "run": run.id,
            "experiment": run.experiment,
            "title": run.title,
            "description": str(run.document.get("description") or ""),
            "environment": run.environment,
            "account": run.account,
            "region": run.region,
            "verdict": run.verdict,
            "reason": run.verdict_reason,
            "status": run.status,
            "deviated": run.deviated,
            "stopped_by": run.stopped_by,
            "asked": _asked(report),
            "created_at": run.created_at,
            "started_at": run.started_at,
            "ended_at": run.ended_at,
            "seconds": report.seconds,
            "hypothesis": [asdict(look) for look in report.looks],
            "signals": [_signal(one) for one in report.series],
            "timeline": [asdict(step) for step in report.timeline],
            "faults": [fault(entry, report) for entry in report.faults],
            "proof": run.proof,
            "findings": report.findings,
            "sha256": run.sha256,
            "git_commit": run.git_commit,
            "git_dirty": run.git_dirty,
            "journal": run.journal_state,
            "versions": report.versions,
        }
    )
    return told


def text(report: Report) -> bytes:
    return json.dumps(document(report), indent=2, ensure_ascii=False).encode(errors="replace") + b"\n"


def _asked(report: Report) -> dict[str, Any]:
    run = report.run
    return {
        "by": run.requested_by,
        "variables": dict(run.variables),
        "rollback_strategy": run.rollback_strategy,
        "hypothesis_frequency": run.hypothesis_frequency,
        "fail_fast": run.fail_fast,
        "dry": run.dry,
        "stop": report.stop,
    }


def _signal(one: Any) -> dict[str, Any]:
    return {
        "name": one.name,
        "tolerance": one.tolerance,
        "unit": one.unit,
        "value": one.last,
        "judgement": one.judgement,
        "samples": [[at, value] for at, value in one.samples],
    }


def fault(entry: Entry, report: Report) -> dict[str, Any]:
    return {
        "store": str(entry.store),
        "sentence": entry.sentence,
        "dialect": entry.dialect,
        "translated_from": entry.translated_from,
        "functions": entry.functions,
        "state": entry.state,
        "phase": entry.phase(report.now),
        "armed_at": entry.armed_at,
        "disarm_by": entry.disarm_by,
        "disarmed_at": entry.disarmed_at,
        "disarmed_by": entry.disarmed_by,
        "outcome": entry.outcome,
        "seconds_to_quiet": entry.seconds_to_quiet,
        "seconds_to_clean": entry.seconds_to_clean,
    }
