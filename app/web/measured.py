"""Signals as the API lists them: each once, with every experiment whose hypothesis has it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from app.errors import Invalid
from app.experiments import Experiment, Signal, read
from app.metrics import Sample
from app.queries import Judgement
from app.settings import Environment
from app.web.answers import sample_json

STALE_AFTER = 3  # times the poller's interval


def signals_of(
    experiments: Iterable[Experiment],
    environment: Environment,
    *,
    latest: Callable[[str], Sample | None],
    now: datetime,
) -> list[dict[str, Any]]:
    """In the order of the experiments. `latest` null: never measured; `query` null: only runs measure it."""
    found: dict[str, dict[str, Any]] = {}
    for experiment, signal in _pairs(experiments, environment):
        if signal.id not in found:
            found[signal.id] = _signal_json(signal, environment, latest(signal.id))
        judged = _judged(signal, latest(signal.id), environment, now)
        found[signal.id]["experiments"].append(
            {"id": experiment.id, "tolerance": signal.tolerance_text, "judgement": str(judged)}
        )
    return list(found.values())


def _pairs(
    experiments: Iterable[Experiment], environment: Environment
) -> Iterator[tuple[Experiment, Signal]]:
    """What can not be read is told where the experiments are listed."""
    for experiment in experiments:
        if experiment.valid:
            try:
                signals = read(experiment, environment.variables).signals
            except Invalid:
                continue
            yield from ((experiment, signal) for signal in signals)


def _signal_json(signal: Signal, environment: Environment, sample: Sample | None) -> dict[str, Any]:
    return {
        "id": signal.id,
        "name": signal.name,
        "environment": environment.name,
        "unit": signal.unit,
        "window": signal.query.window if signal.query else None,
        "query": json.loads(signal.query.document) if signal.query else None,
        "latest": sample_json(sample) if sample else None,
        "experiments": [],
    }


def _judged(signal: Signal, sample: Sample | None, environment: Environment, now: datetime) -> Judgement:
    if sample is None or sample.value is None or signal.tolerance is None:
        return Judgement.NO_DATA
    if signal.query and now - sample.at > timedelta(seconds=STALE_AFTER * environment.poll_seconds):
        return Judgement.STALE
    return signal.tolerance.judge(sample.value)
