"""Whether the console's own identity may do something, asked of IAM without doing it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from app.logs import redacted

ASSUMED = re.compile(r"arn:(?P<partition>aws[a-z-]*):sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/")
ASKABLE = re.compile(r"arn:aws[a-z-]*:iam::\d+:(?:user|role|group)/")


@dataclass(frozen=True, kw_only=True)
class Decision:
    """IAM's answer for one action on one resource. None: it could not be asked, and `why` says so."""

    action: str
    resource: str
    allowed: bool | None
    why: str = ""


def may(iam: Any, sts: Any, actions: Sequence[str], resource: str) -> list[Decision]:
    """SimulatePrincipalPolicy on whoever calls. Never raises for AWS."""
    try:
        caller = principal(sts.get_caller_identity()["Arn"])
        if not ASKABLE.match(caller):
            return _unknown(actions, resource, f"IAM can not be asked about {caller}")
        answer = iam.simulate_principal_policy(
            PolicySourceArn=caller, ActionNames=list(actions), ResourceArns=[resource]
        )
    except (ClientError, BotoCoreError) as error:
        return _unknown(actions, resource, redacted(str(error))[:200])
    said = {row["EvalActionName"].lower(): row["EvalDecision"] for row in answer["EvaluationResults"]}
    return [
        Decision(
            action=action, resource=resource, why=said.get(action.lower(), "no answer"),
            allowed=None if action.lower() not in said else said[action.lower()] == "allowed",
        )
        for action in actions
    ]  # fmt: skip


def principal(arn: str) -> str:
    """The role behind a session of it: IAM knows no sessions."""
    found = ASSUMED.match(arn)
    return f"arn:{found['partition']}:iam::{found['account']}:role/{found['role']}" if found else arn


def _unknown(actions: Sequence[str], resource: str, why: str) -> list[Decision]:
    return [Decision(action=action, resource=resource, allowed=None, why=why) for action in actions]
