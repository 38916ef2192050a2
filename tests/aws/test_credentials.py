"""Credentials in a run's child: asked for over loopback, renewed there, and never in its environment."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.credentials import RefreshableCredentials

from app.aws import Aws
from app.aws.credentials import CredentialsServer
from app.errors import Unavailable
from app.settings import Environment
from tests.waiting import PATIENCE

AWS = str(Path(sys.executable).parent / "aws")
ASKING = "import boto3; c = boto3.Session().get_credentials().get_frozen_credentials(); print(c.access_key, c.token)"


class Source:
    """A role that is assumed anew whenever its keys are about to end."""

    def __init__(self, lasts: timedelta) -> None:
        self.lasts, self.times = lasts, 0
        self.credentials = RefreshableCredentials.create_from_metadata(self.renew(), self.renew, "test")

    def renew(self) -> dict[str, str]:
        self.times += 1
        ends = datetime.now(UTC) + self.lasts
        return {
            "access_key": f"KEY{self.times}", "secret_key": "secret", "token": f"token{self.times}",
            "expiry_time": ends.isoformat(),
        }  # fmt: skip


@pytest.fixture
def served() -> Iterator[CredentialsServer]:
    server = CredentialsServer()
    yield server
    server.close()


def child(variables: dict[str, str], *command: str) -> str:
    environ = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "AWS_REGION": "us-east-2", **variables}
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout.strip()


def test_an_sdk_in_another_process_is_given_the_keys(served: CredentialsServer) -> None:
    source = Source(timedelta(hours=1))
    variables = served.variables("test", lambda: source.credentials)
    assert child(variables, sys.executable, "-c", ASKING) == "KEY1 token1"
    assert "KEY1" not in json.dumps(variables)


def test_the_aws_command_is_given_them_too(served: CredentialsServer) -> None:
    source = Source(timedelta(hours=1))
    told = child(served.variables("test", lambda: source.credentials), AWS, "configure", "list")
    assert "container-role" in told


def test_keys_that_are_about_to_end_are_renewed_before_they_are_told(served: CredentialsServer) -> None:
    source = Source(timedelta(minutes=5))  # botocore renews what ends within fifteen
    variables = served.variables("test", lambda: source.credentials)
    first, second = (child(variables, sys.executable, "-c", ASKING) for _ in range(2))
    assert "KEY1 " not in first
    assert first != second


def test_only_its_own_token_opens_a_door(served: CredentialsServer) -> None:
    mine = served.variables("mine", lambda: Source(timedelta(hours=1)).credentials)
    other = served.variables("other", lambda: Source(timedelta(hours=1)).credentials)
    uri, token = mine["AWS_CONTAINER_CREDENTIALS_FULL_URI"], other["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
    assert httpx.get(uri, headers={"Authorization": token}, timeout=PATIENCE).status_code == 403
    assert httpx.get(uri, timeout=PATIENCE).status_code == 403
    assert httpx.get(f"{uri}x", timeout=PATIENCE).status_code == 404


def test_where_the_role_can_not_be_assumed_the_reason_is_told(served: CredentialsServer) -> None:
    def none() -> Any:
        raise Unavailable("STS is away.")

    variables = served.variables("test", none)
    headers = {"Authorization": variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"]}
    answer = httpx.get(variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"], headers=headers, timeout=PATIENCE)
    assert (answer.status_code, answer.json()) == (503, {"message": "STS is away."})


def test_a_childs_environment_holds_no_key_of_a_role(monkeypatch: pytest.MonkeyPatch) -> None:
    role = Environment(name="prod", region="eu-central-1", role_arn="arn:aws:iam::123456789012:role/x")
    aws = Aws({"prod": role})
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOWN")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "own-secret")
    variables = aws.child_variables("prod")
    aws.close()
    assert not {name for name in variables if "KEY" in name or "SESSION" in name}
    assert variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"].startswith("http://127.0.0.1:")
