"""What Prometheus is told. Nothing is kept for it: each scrape asks the rooms."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Request
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry
from starlette.responses import Response

from app.access import Need
from app.console import Console
from app.faults import Entry
from app.runs import Outcome
from app.usage import Kind
from app.web.asked import Rooms
from app.web.guards import needs

routes = APIRouter(tags=["health"], dependencies=[needs(Need.SEE)])
ENVIRONMENT = ("environment",)
COUNTED = (
    ("gameday_cloudwatch_throttles", "Requests that AWS throttled, since the console's start.", Kind.THROTTLES),
    ("gameday_cloudwatch_metrics_requested", "Metrics requested by GetMetricData: what is billed.", Kind.METRICS),
    ("gameday_logs_read_bytes", "Bytes of log lines read by FilterLogEvents, which is free.", Kind.READ),
    ("gameday_logs_scanned_bytes", "Bytes scanned by Logs Insights: what is billed.", Kind.SCANNED),
)  # fmt: skip
Value = tuple[Sequence[str], float]


TEXT: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            media_type: {"schema": {"type": "string"}}
            for media_type in ("text/plain", "application/openmetrics-text")
        }
    }
}


@routes.get("/metrics", response_class=Response, responses=TEXT)
def metrics(request: Request, console: Rooms) -> Response:
    """What Prometheus scrapes: counts, ages and costs, in the format that it asks for."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Scrape(console))
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(registry), headers={"Content-Type": media_type})


class Scrape(Collector):
    """Counts by the database, ages by the clock. A metric is one line here, and one in docs/how-to/monitoring.md."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._environments = tuple(console.settings.environments)

    def collect(self) -> Iterable[Metric]:
        yield InfoMetricFamily(
            "gameday_build",
            "The console.",
            {"version": version("gameday"), "python": platform.python_version()},
        )
        yield from self._of_runs(self._console.runs.outcomes())
        yield from self._of_faults(self._console.faults.active(), self._console.faults.stuck())
        yield from self._of_loops()
        yield from self._of_cloudwatch()
        yield gauge("gameday_sse_viewers", "Open event streams.", value=self._console.live.viewers())

    def _of_runs(self, outcomes: Sequence[Outcome]) -> Iterator[Metric]:
        over = [(one, one.verdict) for one in outcomes if one.verdict is not None]
        yield counter(
            "gameday_runs", "Runs that have a verdict.", ("environment", "status", "verdict"),
            [((one.environment, str(one.status), verdict), one.count) for one, verdict in over],
        )  # fmt: skip
        unfinished = [one for one in outcomes if one.verdict is None]
        yield gauge(
            "gameday_runs_unfinished", "Runs without a verdict yet.", ("environment", "status"),
            [((one.environment, str(one.status)), one.count) for one in unfinished],
        )  # fmt: skip
        queued = sum(one.count for one in unfinished if str(one.status) == "queued")
        yield gauge("gameday_queue_depth", "Runs that wait to be begun.", value=queued)

    def _of_faults(self, active: Sequence[Entry], stuck: Sequence[Entry]) -> Iterator[Metric]:
        now = self._console.clock.now()
        # What was armed in an environment that gameday.toml has no more is armed all the same.
        names = dict.fromkeys((*self._environments, *(e.environment for e in (*active, *stuck))))
        armed = {name: [e for e in active if e.environment == name] for name in names}
        yield self._each(
            "gameday_armed_faults", "Faults whose store may hold them.", {n: len(a) for n, a in armed.items()}
        )
        yield self._each(
            "gameday_stuck_faults",
            "Faults that could not be put back so far, or still fire although they were.",
            {name: sum(entry.environment == name for entry in stuck) for name in names},
        )
        ages = {
            n: max(((now - (e.armed_at or e.created_at)).total_seconds() for e in a), default=0.0)
            for n, a in armed.items()
        }
        yield self._each(
            "gameday_oldest_armed_fault_age_seconds", "Age of the oldest armed fault; 0 without one.", ages
        )
        over = {n: max((0.0, *(overdue(entry, now) for entry in a))) for n, a in armed.items()}
        yield self._each(
            "gameday_armed_fault_overdue_seconds",
            "How far past its deadline an armed fault is; else 0.",
            over,
        )

    def _of_loops(self) -> Iterator[Metric]:
        for name, lag in self._console.lags.items():
            if (seconds := lag()) is not None:
                yield gauge(
                    f"gameday_{name}_lag_seconds", f"Since the {name}'s last completed step.", value=seconds
                )
        lags = {name: self._console.metrics.lag(name) for name in self._environments}
        yield self._each(
            "gameday_poller_lag_seconds", "How much later than wanted the newest sample is; else 0.", lags
        )

    def _of_cloudwatch(self) -> Iterator[Metric]:
        requests, amounts = self._console.usage.since_start()
        yield counter(
            "gameday_cloudwatch_requests", "Requests to CloudWatch and its logs, retries included, since the console's start.",
            ("environment", "operation"), requests.items(),
        )  # fmt: skip
        for name, words, kind in COUNTED:
            values = [((environment,), found[kind]) for environment, found in amounts.items()]
            yield counter(name, words, ENVIRONMENT, values)
        spent = {name: self._console.usage.spending(name) for name in self._environments}
        cost = {name: one.spent for name, one in spent.items()}
        yield self._each(
            "gameday_cloudwatch_cost_dollars",
            "What asking CloudWatch has cost this month: an estimate.",
            cost,
        )
        caps = {name: one.cap for name, one in spent.items() if one.cap is not None}
        yield self._each(
            "gameday_cloudwatch_cost_cap_dollars", "monthly_cap of the environments that have one.", caps
        )

    def _each(self, name: str, words: str, values: Any) -> Metric:
        return gauge(
            name, words, ENVIRONMENT, [((environment,), value) for environment, value in values.items()]
        )


def overdue(entry: Entry, now: datetime) -> float:
    """Seconds past its deadline; below 0 before it. While containers are flushed nothing fires, so that time is no delay."""
    return (now - max(entry.disarm_by, entry.flush_until or entry.disarm_by)).total_seconds()


def gauge(
    name: str,
    words: str,
    labels: Sequence[str] = (),
    values: Iterable[Value] = (),
    *,
    value: float | None = None,
) -> Metric:
    family = GaugeMetricFamily(name, words, labels=labels)
    return filled(family, values if value is None else [((), value)])


def counter(name: str, words: str, labels: Sequence[str], values: Iterable[Value]) -> Metric:
    """`name` without its `_total`."""
    return filled(CounterMetricFamily(name, words, labels=labels), values)


def filled(family: Any, values: Iterable[Value]) -> Metric:
    for labels, value in values:
        family.add_metric(list(labels), value)
    made: Metric = family
    return made
