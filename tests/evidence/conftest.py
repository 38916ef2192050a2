"""A log that is written by hand and read through the same call as CloudWatch's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from app.aws import InMemoryAws
from app.clock import FrozenClock
from app.evidence import Evidence


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "said so"}}, "FilterLogEvents")


@dataclass
class Log:
    """One group's events; `page` cuts answers, with a token or, as ministack does, without."""

    clock: FrozenClock
    groups: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    calls: list[dict[str, Any]] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    page: int = 10_000
    tokens: bool = True
    ids: bool = False

    def write(self, *messages: str, stream: str = "stream", function: str = "f", late: float = 0) -> None:
        at = int((self.clock.now().timestamp() - late) * 1000)
        for message in messages:
            row = {"logStreamName": stream, "timestamp": at, "message": message}
            rows = self.groups.setdefault(f"/aws/lambda/{function}", [])
            rows.append({**row, "eventId": str(len(rows))} if self.ids else row)

    def invocation(self, request_id: str, *texts: str, ms: float = 10, **where: Any) -> None:
        self.write(
            f"START RequestId: {request_id} Version: $LATEST", *texts, f"END RequestId: {request_id}",
            f"REPORT RequestId: {request_id}\tDuration: {ms} ms\tBilled Duration: {ms} ms", **where,
        )  # fmt: skip

    def filter_log_events(self, **asked: Any) -> dict[str, Any]:
        self.calls.append(asked)
        if self.errors:
            raise self.errors.pop(0)
        if asked["logGroupName"] not in self.groups:
            raise client_error("ResourceNotFoundException")
        found = [row for row in self.groups[asked["logGroupName"]] if self._wanted(row, asked)]
        found.sort(key=lambda row: row["timestamp"])
        begin, size = int(asked.get("nextToken", 0)), min(asked["limit"], self.page)
        token = {"nextToken": str(begin + size)} if self.tokens and len(found) > begin + size else {}
        return {"events": found[begin : begin + size], **token}

    def _wanted(self, row: dict[str, Any], asked: dict[str, Any]) -> bool:
        return (
            asked["startTime"] <= row["timestamp"] <= asked.get("endTime", row["timestamp"])
            and asked.get("filterPattern", "").strip('"') in row["message"]
            and row["logStreamName"] in asked.get("logStreamNames", [row["logStreamName"]])
        )


@pytest.fixture
def log(clock: FrozenClock) -> Log:
    return Log(clock=clock)


@pytest.fixture
def evidence(log: Log, clock: FrozenClock) -> Evidence:
    return Evidence(aws=InMemoryAws(clients={"logs": log}), clock=clock)
