"""Deploys workload/template.yaml by CloudFormation, as it would be on AWS."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from app.errors import Unavailable
from app.sandbox.clients import REGION, Clients
from app.sandbox.names import CODE_BUCKET, STACK
from app.sandbox.package import WORKLOAD

PATIENCE = 60.0  # seconds; 2 or 3 are usual
POLL = 0.1  # seconds
# Retries come promptly here, since nobody likes to wait a minute for a lesson. On AWS leave the default.
SANDBOX_PARAMETERS = {"VisibilityTimeout": "12", "RecordsKeptSeconds": "1800"}


def deploy(clients: Clients, package: Path, template: Path = WORKLOAD / "template.yaml") -> bool:
    """Create the stack, or update it; whether anything had to be done.

    Unavailable where CloudFormation fails, with its reason.
    """
    try:
        key = upload(clients, package)
        begun = begin(
            clients, template.read_text(), {**SANDBOX_PARAMETERS, "CodeBucket": CODE_BUCKET, "CodeKey": key}
        )
        if begun:
            wait(clients)
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(f"The example pipeline could not be deployed: {error}") from error
    return begun


def upload(clients: Clients, package: Path) -> str:
    """The key under which the package lies; its name holds its hash, so the same one goes up once."""
    s3 = clients("s3")
    try:
        s3.head_object(Bucket=CODE_BUCKET, Key=package.name)
    except ClientError:
        s3.create_bucket(Bucket=CODE_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.upload_file(str(package), CODE_BUCKET, package.name)
    return package.name


def begin(clients: Clients, template: str, parameters: Mapping[str, str]) -> bool:
    """Whether CloudFormation found something to do."""
    cloudformation = clients("cloudformation")
    words = {
        "StackName": STACK,
        "TemplateBody": template,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        "Capabilities": ["CAPABILITY_IAM"],
    }
    stack = describe(clients)
    if stack is None:
        cloudformation.create_stack(**words)
        return True
    if stack["StackStatus"] in ("ROLLBACK_COMPLETE", "CREATE_FAILED"):
        cloudformation.delete_stack(StackName=STACK)
        wait(clients, gone=True)
        cloudformation.create_stack(**words)
        return True
    try:
        cloudformation.update_stack(**words)
    except ClientError as error:
        if "No updates" in str(error):
            return False
        raise
    return True


def describe(clients: Clients) -> dict[str, Any] | None:
    try:
        stacks: list[dict[str, Any]] = clients("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return None if not stacks or stacks[0]["StackStatus"] == "DELETE_COMPLETE" else stacks[0]


def wait(clients: Clients, *, gone: bool = False) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        stack = describe(clients)
        status = stack["StackStatus"] if stack else "DELETE_COMPLETE"
        if not status.endswith("_IN_PROGRESS"):
            break
        time.sleep(POLL)
    else:
        raise Unavailable(f"CloudFormation is still at {status} after {PATIENCE:.0f} s.")
    if status not in (("DELETE_COMPLETE",) if gone else ("CREATE_COMPLETE", "UPDATE_COMPLETE")):
        raise Unavailable(f"CloudFormation ended with {status}. {first_failure(clients)}")


def first_failure(clients: Clients) -> str:
    events = clients("cloudformation").describe_stack_events(StackName=STACK)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
    if not failed:
        return "It gave no reason."
    event = failed[-1]  # newest first: the last is what failed first
    return f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
