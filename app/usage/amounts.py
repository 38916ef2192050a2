"""How much was asked, by kind. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from app.aws.metering import Use

METRIC_DATA = "GetMetricData"


class Kind(StrEnum):
    METRICS = "metrics"  # requested by GetMetricData: billed one by one
    REQUESTS = "requests"  # other requests to CloudWatch
    LOG_REQUESTS = "log requests"  # free
    READ = "bytes read"  # of log lines that FilterLogEvents gave: free
    SCANNED = "bytes scanned"  # by Logs Insights
    THROTTLES = "throttles"  # of either; not billed


class Amounts(dict[Kind, float]):
    """By kind; what was not asked for is 0."""

    def __missing__(self, kind: Kind) -> float:
        return 0.0

    def add(self, more: Mapping[Kind, float]) -> Amounts:
        for kind, amount in more.items():
            self[kind] += amount
        return self


def amounts_of(use: Use) -> dict[Kind, int]:
    """What one request adds; what adds nothing is left out."""
    if use.throttled:
        return {Kind.THROTTLES: 1}
    logs = use.service == "logs"
    counted = {
        Kind.METRICS: use.metrics,
        Kind.REQUESTS: int(not logs and not use.metrics and use.operation != METRIC_DATA),
        Kind.LOG_REQUESTS: int(logs),
        Kind.READ: use.read,
        Kind.SCANNED: use.scanned,
    }
    return {kind: amount for kind, amount in counted.items() if amount}
