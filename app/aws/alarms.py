"""CloudWatch alarms by name, by prefix or by a tag: those in ALARM, and those that exist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.aws.problems import told

ALARM = "ALARM"
AT_ONCE = 100  # names in one DescribeAlarms


@dataclass(frozen=True, kw_only=True)
class Alarm:
    name: str
    reason: str = ""


def in_alarm(client: Any, *, names: Sequence[str] = (), prefix: str | None = None) -> list[Alarm]:
    """Those in ALARM now; composite alarms, too. Unavailable where CloudWatch does not answer."""
    return _those(client, {"StateValue": ALARM}, names, prefix)


def there(client: Any, *, names: Sequence[str] = (), prefix: str | None = None) -> list[Alarm]:
    """Those that exist, whatever their state. Unavailable where CloudWatch does not answer."""
    return _those(client, {}, names, prefix)


def _those(client: Any, wanted: dict[str, Any], names: Sequence[str], prefix: str | None) -> list[Alarm]:
    asked = {**wanted, "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
    if prefix is not None:
        return _asked(client, {**asked, "AlarmNamePrefix": prefix})
    chunks = [list(names[at : at + AT_ONCE]) for at in range(0, len(names), AT_ONCE)]
    return [alarm for chunk in chunks for alarm in _asked(client, {**asked, "AlarmNames": chunk})]


def tagged(client: Any, tag: str) -> list[str]:
    """Names of the alarms that bear a tag, `key=value`. On a client of `resourcegroupstaggingapi`."""
    key, _, value = tag.partition("=")
    with told(f"Looking for alarms tagged {tag}"):
        pages = client.get_paginator("get_resources").paginate(
            TagFilters=[{"Key": key, "Values": [value]}], ResourceTypeFilters=["cloudwatch:alarm"]
        )
        rows = [row for page in pages for row in page["ResourceTagMappingList"]]
    return [row["ResourceARN"].partition(":alarm:")[2] for row in rows]


def _asked(client: Any, asked: dict[str, Any]) -> list[Alarm]:
    with told("Reading alarms from CloudWatch"):
        pages = list(client.get_paginator("describe_alarms").paginate(**asked))
    rows = [
        row for page in pages for kind in ("MetricAlarms", "CompositeAlarms") for row in page.get(kind, [])
    ]
    return [Alarm(name=row["AlarmName"], reason=row.get("StateReason", "")) for row in rows]
