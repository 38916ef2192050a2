"""Whether the console's own identity may do something, asked of IAM without doing it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from app.aws.appconfig import AppConfigStore
from app.aws.clients import Aws
from app.aws.policies import Ground, needed
from app.errors import GamedayError, Unavailable
from app.logs import redacted
from app.settings import Environment

ASSUMED = re.compile(r"arn:(?P<partition>aws[a-z-]*):sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/")
ASKABLE = re.compile(r"arn:aws[a-z-]*:iam::\d+:(?:user|role|group)/")


@dataclass(frozen=True, kw_only=True)
class Decision:
    """IAM's answer for one action on one resource. None: it could not be asked, and `why` says so."""

    action: str
    resource: str
    allowed: bool | None
    why: str = ""


def on_store(aws: Aws, environment: Environment, kind: str, name: str) -> list[Decision]:
    """Of all that arming one store and putting it back takes. Never raises for AWS."""
    try:
        identity, clients = aws.identity(environment.name), partial(aws.client, environment.name)
        if identity.account is None:
            raise Unavailable("AWS does not say whose account this is")
        ground = Ground(
            account=identity.account, region=identity.region or "*", partition=identity.partition,
            switch_role=environment.dead_mans_switch_role,
            appconfig=(AppConfigStore(clients("appconfig")).place(name),) if kind == "appconfig" else (),
        )  # fmt: skip
        return may(clients("iam"), clients("sts"), needed(kind, name, ground))
    except GamedayError as error:
        return _unknown([("*", f"{kind}:{name}")], str(error))


def may(iam: Any, sts: Any, needs: Sequence[tuple[str, str]]) -> list[Decision]:
    """SimulatePrincipalPolicy on whoever calls: of actions, each with the ARN it is on. Never raises for AWS."""
    said: dict[tuple[str, str], str] = {}
    try:
        caller = principal(sts.get_caller_identity()["Arn"])
        if not ASKABLE.match(caller):
            return _unknown(needs, f"IAM can not be asked about {caller}")
        for resource in dict.fromkeys(arn for _, arn in needs):
            actions = [action for action, arn in needs if arn == resource]
            answer = iam.simulate_principal_policy(
                PolicySourceArn=caller, ActionNames=actions, ResourceArns=[resource]
            )
            said |= {
                (row["EvalActionName"].lower(), resource): row["EvalDecision"]
                for row in answer["EvaluationResults"]
            }
    except (ClientError, BotoCoreError) as error:
        return _unknown(needs, redacted(str(error))[:200])
    return [_decided(action, resource, said.get((action.lower(), resource))) for action, resource in needs]


def _decided(action: str, resource: str, said: str | None) -> Decision:
    allowed = None if said is None else said == "allowed"
    return Decision(action=action, resource=resource, why=said or "no answer", allowed=allowed)


def principal(arn: str) -> str:
    """The role behind a session of it: IAM knows no sessions."""
    found = ASSUMED.match(arn)
    return f"arn:{found['partition']}:iam::{found['account']}:role/{found['role']}" if found else arn


def _unknown(needs: Sequence[tuple[str, str]], why: str) -> list[Decision]:
    return [Decision(action=action, resource=resource, allowed=None, why=why) for action, resource in needs]
