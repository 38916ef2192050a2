"""What the console asks of CloudWatch, counted where it is asked: by botocore's own events, so that no call is missed.

GetMetricData is billed by the metric, not by the call; reading a log by FilterLogEvents is free, a Logs Insights
query is billed by what it scans. A request that AWS throttles or refuses asks for nothing that is billed.
"""

from __future__ import annotations

import json
import logging
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from app.aws.problems import THROTTLES

LOGGER = logging.getLogger(__name__)
METERED = ("cloudwatch", "logs")
A_METRIC = 5  # statistics of one metric in one request that are billed as one metric
MANY = ("SEARCH(", "METRICS(", "SELECT ")  # expressions that find metrics by themselves
ANSWERED = 300  # HTTP statuses below it
CONTEXT = "gameday_asked"
NOBODY: Mapping[str, float] = MappingProxyType({})
_asked_for: ContextVar[Mapping[str, float]] = ContextVar("gameday_asked_for", default=NOBODY)


@dataclass(frozen=True, kw_only=True)
class Use:
    """One request to CloudWatch or CloudWatch Logs."""

    environment: str
    service: str  # cloudwatch, logs
    operation: str  # GetMetricData
    metrics: int = 0  # metrics requested
    read: int = 0  # bytes of log lines that came back
    scanned: int = 0  # bytes that a Logs Insights query went through
    throttled: bool = False
    asked_for: Mapping[str, float] = field(default_factory=dict)  # subject → its share, 0 to 1


Meter = Callable[[Use], None]


@contextmanager
def asked_for(shares: Mapping[str, float]) -> Iterator[None]:
    """Say for whom this thread asks, as `run:12`: what is asked inside is theirs, by these shares."""
    token = _asked_for.set(shares)
    try:
        yield
    finally:
        _asked_for.reset(token)


def metered(client: Any, environment: str, service: str, meter: Meter) -> Any:
    """The client, with each of its requests told to `meter`; every retry is a request of its own."""
    if service not in METERED:
        return client
    events = client.meta.events

    def asked(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context[CONTEXT] = params.get("MetricDataQueries", ())

    def answered(
        operation: Any, request_dict: dict[str, Any], response: tuple[Any, dict[str, Any]] | None, **_: Any
    ) -> None:
        queries = request_dict.get("context", {}).get(CONTEXT, ())
        try:
            if response is not None:
                meter(_use(environment, service, operation.name, queries, response))
        except Exception:  # counting must never stand between a stop condition and its metric
            LOGGER.exception("A request to %s could not be counted", service)

    name = client.meta.service_model.service_id.hyphenize()
    events.register(f"provide-client-params.{name}", asked)
    events.register_first(f"needs-retry.{name}", answered)
    return client


def metrics_requested(queries: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]] = ()) -> int:
    """Metrics that a GetMetricData request with these MetricDataQueries is billed for.

    Where an expression finds its metrics by itself, those of the answer count, one at least.
    """
    metrics = Counter(
        json.dumps(entry["MetricStat"]["Metric"], sort_keys=True)
        for entry in queries
        if "MetricStat" in entry
    )
    found = Counter(result.get("Id") for result in results)
    searches = [e["Id"] for e in queries if any(word in e.get("Expression", "").upper() for word in MANY)]
    return sum(math.ceil(count / A_METRIC) for count in metrics.values()) + sum(
        max(1, found[query_id]) for query_id in searches
    )


def _use(
    environment: str,
    service: str,
    operation: str,
    queries: Sequence[Mapping[str, Any]],
    response: tuple[Any, dict[str, Any]],
) -> Use:
    http, parsed = response
    code = str(parsed.get("Error", {}).get("Code", ""))
    whole = http.status_code < ANSWERED
    return Use(
        environment=environment, service=service, operation=operation,
        metrics=metrics_requested(queries, parsed.get("MetricDataResults", ())) if whole else 0,
        read=sum(len(row.get("message", "").encode()) for row in parsed.get("events", ())) if whole else 0,
        scanned=_scanned(parsed) if whole else 0,
        throttled=code in THROTTLES, asked_for=_asked_for.get(),
    )  # fmt: skip


def _scanned(parsed: Mapping[str, Any]) -> int:
    """Of a Logs Insights query that has ended: its results can be asked for while it still runs."""
    over = parsed.get("status") in ("Complete", "Failed", "Cancelled", "Timeout")
    return int(parsed.get("statistics", {}).get("bytesScanned", 0)) if over else 0
