"""FilterLogEvents, one page a call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from app.aws.problems import code, told


@dataclass(frozen=True, kw_only=True)
class LogEvent:
    """`timestamp` in milliseconds since the epoch, as CloudWatch Logs counts."""

    id: str
    stream: str
    timestamp: int
    message: str


@dataclass(frozen=True, kw_only=True)
class LogPage:
    events: tuple[LogEvent, ...] = ()
    token: str | None = None  # there is more
    group_exists: bool = True


def filter_log_events(
    client: Any,
    *,
    group: str,
    since: datetime,
    until: datetime | None = None,
    pattern: str | None = None,
    streams: Sequence[str] = (),
    token: str | None = None,
    limit: int = 10_000,
) -> LogPage:
    """One page of a group's events, oldest first. A group that is not there has none: it says so."""
    asked: dict[str, Any] = {"logGroupName": group, "startTime": milliseconds(since), "limit": limit}
    asked |= {"endTime": milliseconds(until)} if until else {}
    asked |= {"filterPattern": pattern} if pattern else {}
    asked |= {"logStreamNames": list(streams)} if streams else {}
    asked |= {"nextToken": token} if token else {}
    with told(f"Reading the log of {group}"):
        try:
            answer = client.filter_log_events(**asked)
        except ClientError as error:
            if code(error) == "ResourceNotFoundException":
                return LogPage(group_exists=False)
            raise
    return LogPage(events=tuple(map(_event, answer.get("events", ()))), token=answer.get("nextToken"))


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _event(row: dict[str, Any]) -> LogEvent:
    stream, timestamp, message = row["logStreamName"], int(row["timestamp"]), row["message"]
    return LogEvent(id=row.get("eventId") or "", stream=stream, timestamp=timestamp, message=message)
