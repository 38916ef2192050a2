"""What a run will ask of CloudWatch, before it does. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from app.aws.metering import metrics_requested

JUDGED = 2  # times that a run asks for its hypothesis itself: before its method, and after


def expected_metrics(
    signals: Sequence[Sequence[Mapping[str, Any]]], *, seconds: float, every: float, functions: int = 0
) -> int:
    """Metrics requested in a run of that many seconds.

    `signals`: each one's MetricDataQueries, sampled `every` so many seconds, once at the beginning, and once for the
    last hour; `functions`: those whose invocations are counted, as often, to prove a fault.
    """
    a_look = sum(metrics_requested(queries) for queries in signals)
    samples = math.floor(seconds / every) + 1
    return a_look * (samples + 1 + JUDGED) + functions * samples
