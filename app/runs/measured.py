"""What a run's own probes measured, as samples of the signals that nothing else can measure. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.aws.metering import Use
from app.metrics import MET, Sample
from app.runs.run import Run

BY_PROBES = "GetMetricData by a run's probes"


def measured(run: Run, judged: Mapping[str, Any], at: datetime) -> list[Sample]:
    """Of one look at the hypothesis; of a probe that stands there twice, by `ref`, the last answer.

    A sample's value is None where the probe's answer is no number.
    """
    by_name = {str(signal["name"]): str(signal["id"]) for signal in run.signals if not signal.get("query")}
    probes = {str(probe.get("name")): probe for probe in judged.get("probes", ())}
    return [
        Sample(
            environment=run.environment,
            query=by_name[name],
            at=at,
            value=probe.get("value"),
            parts={} if probe.get("tolerance_met") is None else {MET: float(probe["tolerance_met"])},
        )
        for name, probe in probes.items()
        if name in by_name
    ]


def asked(run: Run, data: Mapping[str, Any]) -> Use:
    """What the probes of one look at the hypothesis have asked of CloudWatch, from the run's own process."""
    metrics = {str(signal["name"]): int(signal.get("metrics", 0)) for signal in run.signals}
    count = sum(metrics.get(str(probe.get("name")), 0) for probe in data.get("probes", ()))
    return Use(
        environment=run.environment, service="cloudwatch", operation=BY_PROBES, metrics=count,
        asked_for={run.topic: 1.0},
    )  # fmt: skip
