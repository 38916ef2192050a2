"""Counting by metric filters, where a function logs so much that reading its lines would cost too much.

A filter counts as lines arrive, and asking for the count costs one metric. It is made once for each log group,
under a name of ours, and made again over itself without harm; it stays, for the next fault. What it can not
tell is which invocation a line belongs to, and it counts nothing from before it was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.aws.metrics import get_metric_data
from app.aws.problems import told
from app.evidence.proof import Proof
from app.evidence.sources import MINUTE

NAME = "gameday-injections"
LATE = timedelta(minutes=2)  # a line is counted in its minute, which CloudWatch has that much later
NAMESPACE = "GameDay"
PATTERNS = {
    "failure-lambda/0.2": '?"Intercepted network connection" ?"ms latency." ?"Injecting exception message" '
    '?"Injecting status code" ?"Injecting disk space"',
    "failure-lambda/1.x": '{ ($.source = "failure-lambda" && (($.action = "inject" && $.mode != "denylist") || '
    '$.action = "block")) || ($.fields.source = "failure-lambda" && $.fields.action = "inject") }',
    "chaos_lambda/0.3": '?"sleeping now" ?"corrupting now" ?"a rate of 1"',
}
BEFORE_DICE = (
    "A metric filter has counted no line that says that the fault struck. chaos_lambda says so at DEBUG only, unless it is "
    "armed at a rate of 100 %, and of an exception never: set the function's log level to DEBUG."
)
PATTERNS["failure-lambda/0.x"] = PATTERNS["failure-lambda/0.2"]
PATTERNS["chaos_lambda/0.1"] = PATTERNS["chaos_lambda/0.3"]


def metric_of(group: str) -> str:
    return f"Injections{group.replace('/', '-')}"


def ensure(client: Any, groups: Sequence[str], dialect: str) -> None:
    """One filter a log group. Unavailable or Denied where it can not be made."""
    for group in groups:
        with told(f"Making the metric filter of {group}"):
            client.put_metric_filter(
                logGroupName=group, filterName=NAME, filterPattern=PATTERNS[dialect],
                metricTransformations=[
                    {"metricName": metric_of(group), "metricNamespace": NAMESPACE, "metricValue": "1"}
                ],
            )  # fmt: skip


def counted(client: Any, groups: Sequence[str], since: datetime, until: datetime) -> Proof:
    """How many lines told of a fault, and when the last minute with one began."""
    queries = [
        {
            "Id": f"m{number}",
            "MetricStat": {
                "Metric": {"Namespace": NAMESPACE, "MetricName": metric_of(group)}, "Period": MINUTE, "Stat": "Sum",
            },
        }
        for number, group in enumerate(groups)
    ]  # fmt: skip
    results = get_metric_data(client, queries=queries, start=since, end=until).results
    points = [
        (at, value)
        for result in results
        for at, value in zip(result.timestamps, result.values, strict=True)
        if value
    ]
    lines = round(sum(value for _, value in points))
    last = max((at for at, _ in points), default=None)
    return Proof(
        since=since, until=until, hit=lines, interceptions=lines, last_seen=last and last.astimezone(UTC),
        why="Counted by a metric filter: lines, not invocations.",
    )  # fmt: skip


def over(proof: Proof, counted_invocations: int | None) -> Proof:
    """The same among what was invoked: never more hits than invocations."""
    total = counted_invocations or 0
    return replace(proof, counted=counted_invocations, hit=min(proof.hit, total) if total else proof.hit)
