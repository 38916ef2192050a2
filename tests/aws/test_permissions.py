"""Asking IAM what the console may do, without doing it."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from app.aws.permissions import may, principal

RESOURCE, OTHER = (f"arn:aws:ssm:us-east-2:000000000000:parameter/{name}" for name in "pq")
NEEDS = [("ssm:PutParameter", RESOURCE), ("ssm:DeleteParameter", RESOURCE), ("ssm:PutParameter", OTHER)]


@pytest.mark.parametrize(
    ("arn", "role"),
    [
        ("arn:aws:sts::123456789012:assumed-role/game-day/me", "arn:aws:iam::123456789012:role/game-day"),
        ("arn:aws-cn:sts::123456789012:assumed-role/x/y", "arn:aws-cn:iam::123456789012:role/x"),
        ("arn:aws:iam::123456789012:user/ann", "arn:aws:iam::123456789012:user/ann"),
    ],
)
def test_a_session_stands_for_its_role(arn: str, role: str) -> None:
    assert principal(arn) == role


class Caller:
    def __init__(self, arn: str) -> None:
        self.arn = arn

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": self.arn}


def test_of_an_accounts_root_iam_knows_nothing() -> None:
    decisions = may(None, Caller("arn:aws:iam::123456789012:root"), NEEDS)
    assert [decision.allowed for decision in decisions] == [None, None, None]


@pytest.mark.sandbox
def test_iam_decides_for_each_action_on_each_resource(emulated: Any) -> None:
    iam = boto3.client(
        "iam", endpoint_url=emulated.endpoint_url, region_name="us-east-2", aws_access_key_id="test",
        aws_secret_access_key="test",
    )  # fmt: skip
    iam.create_user(UserName="gameday")
    statement = {"Effect": "Allow", "Action": "ssm:PutParameter", "Resource": RESOURCE}
    iam.put_user_policy(
        UserName="gameday", PolicyName="p",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )  # fmt: skip
    caller = Caller(iam.get_user(UserName="gameday")["User"]["Arn"])
    decisions = may(iam, caller, NEEDS)
    assert [(one.action, one.resource) for one in decisions] == NEEDS
    assert [one.allowed for one in decisions] == [True, False, False]
