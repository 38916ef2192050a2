"""One-shot schedules of EventBridge Scheduler that write a parameter: a switch that outlives this machine."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from app.aws.parameters import SECURE
from app.aws.problems import code, told

# Universal targets: the API call itself.
PUT = "arn:aws:scheduler:::aws-sdk:ssm:putParameter"
DELETE = "arn:aws:scheduler:::aws-sdk:ssm:deleteParameter"
PREFIX = "gameday-"


class Schedules:
    """On a boto3 client of `scheduler`. Everything raises Unavailable or Denied where AWS does not do it."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def write_at(
        self, name: str, at: datetime, *, parameter: str, value: str | None, role: str, kind: str = "String",
        key_id: str | None = None,
    ) -> None:  # fmt: skip
        """At `at` (UTC, to the second) Scheduler writes the parameter, once, and forgets; None: it deletes it.

        Over a schedule of that name. `value` is seen by whoever may read schedules: no secret. `key_id`: a
        SecureString's key.
        """
        target: dict[str, Any] = {"Name": parameter}
        if value is not None:
            target |= {"Value": value, "Type": kind, "Overwrite": True}
            target |= {"KeyId": key_id} if kind == SECURE and key_id else {}
        schedule: dict[str, Any] = {
            "Name": name,
            "ScheduleExpression": f"at({at.astimezone(UTC):%Y-%m-%dT%H:%M:%S})",
            "ScheduleExpressionTimezone": "UTC",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "Description": "Game day: puts a fault's store back if nobody else does",
            "Target": {
                "Arn": DELETE if value is None else PUT, "RoleArn": role, "Input": json.dumps(target),
                "RetryPolicy": {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185},
            },
        }  # fmt: skip
        with told(f"Making the schedule {name}"):
            try:
                self._client.create_schedule(**schedule)
            except ClientError as error:
                if code(error) != "ConflictException":
                    raise
                self._client.update_schedule(**schedule)

    def remove(self, name: str) -> bool:
        """False where there was none, or it has run already."""
        with told(f"Removing the schedule {name}"):
            try:
                self._client.delete_schedule(Name=name)
            except ClientError as error:
                if code(error) == "ResourceNotFoundException":
                    return False
                raise
        return True

    def ours(self) -> list[str]:
        """Names of what this and other consoles have scheduled."""
        with told("Listing schedules"):
            pages = self._client.get_paginator("list_schedules").paginate(NamePrefix=PREFIX)
            return [row["Name"] for page in pages for row in page["Schedules"]]
