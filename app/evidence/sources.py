"""Where a function's lines are, whether they can be seen there, and how often it was invoked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.aws import Aws, Function, LogEvent
from app.aws.metrics import get_metric_data
from app.aws.problems import told
from app.errors import GamedayError

MINUTE = 60  # seconds: the resolution of AWS/Lambda
# Levels of a JSON log at which lines that are written by console.log, or at INFO, are dropped.
ABOVE_INFO = frozenset({"WARN", "ERROR", "FATAL"})
UNSEARCHABLE = "INFREQUENT_ACCESS"


@dataclass(frozen=True, kw_only=True)
class Source:
    """One function's log group. `why`: a sentence where its lines can not be seen; empty where they may."""

    function: str
    group: str
    why: str = ""
    in_json: bool = False  # Lambda puts each line into an object of its own


def group_of(function: str) -> str:
    return f"/aws/lambda/{function}"


def source(aws: Aws, environment: str, name: str) -> Source:
    """As the function's own configuration says; where that can not be read, by Lambda's default."""
    try:
        found = next((f for f in aws.functions(environment).all() if f.name == name), None)
    except GamedayError:
        found = None
    if found is None:
        return Source(function=name, group=group_of(name))
    return Source(
        function=name, group=found.log_group or group_of(name), why=dropped(found), in_json=in_json(found)
    )


def in_json(function: Function) -> bool:
    return function.log_format.upper() == "JSON"


def dropped(function: Function) -> str:
    """Why the library's lines are not in the log; empty where they are."""
    level = (function.application_log_level or "INFO").upper()
    if in_json(function) and level in ABOVE_INFO:
        return (
            f"{function.name} logs in JSON at level {level}, which drops the lines that tell of a fault. "
            "Set its ApplicationLogLevel to INFO."
        )
    return ""


def unsearchable(client: Any, group: str) -> str:
    """Why a log group's class forbids searching; empty where it does not. Unavailable where AWS does not answer."""
    return _why_unsearchable(group, _described(client, group) or {})


def hidden(client: Any, group: str) -> str:
    """The same, or that there is no such group; empty where AWS does not say: it may be searched all the same."""
    try:
        row = _described(client, group)
    except GamedayError:
        return ""
    return missing([group]) if row is None else _why_unsearchable(group, row)


def missing(groups: Sequence[str]) -> str:
    return f"There is no log group {' and '.join(groups)}: nothing was logged yet, or its name differs."


def _described(client: Any, group: str) -> dict[str, Any] | None:
    with told(f"Describing the log group {group}"):
        rows = client.describe_log_groups(logGroupNamePrefix=group).get("logGroups", [])
    return next((row for row in rows if row.get("logGroupName") == group), None)


def _why_unsearchable(group: str, row: dict[str, Any]) -> str:
    if row.get("logGroupClass") != UNSEARCHABLE:
        return ""
    return f"{group} is of the class Infrequent Access, which can not be searched. Use a Standard log group."


def invocations(client: Any, functions: Sequence[str], since: datetime, until: datetime) -> int | None:
    """AWS/Lambda Invocations in the whole minutes from `since` to `until`; None where there is none yet."""
    begin = since.replace(second=0, microsecond=0) + timedelta(minutes=1 if since.second else 0)
    if until - begin < timedelta(minutes=1):
        return None
    queries = [_query(number, name) for number, name in enumerate(functions)]
    results = get_metric_data(client, queries=queries, start=begin, end=until).results
    values = [value for result in results for value in result.values]
    return round(sum(values)) if values else None


def _query(number: int, function: str) -> dict[str, Any]:
    metric = {
        "Namespace": "AWS/Lambda", "MetricName": "Invocations",
        "Dimensions": [{"Name": "FunctionName", "Value": function}],
    }  # fmt: skip
    return {"Id": f"m{number}", "MetricStat": {"Metric": metric, "Period": MINUTE, "Stat": "Sum"}}


def at_of(event: LogEvent) -> datetime:
    return datetime.fromtimestamp(event.timestamp / 1000, UTC)
