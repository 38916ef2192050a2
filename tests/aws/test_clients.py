"""Warm clients, whose trouble is said in the console's own words."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.parsers import ResponseParserError

from app.aws import Aws, Denied, Throttled
from app.aws.metrics import get_metric_data
from app.aws.problems import told
from app.errors import NotFound, Unavailable
from app.logs import redacted
from app.settings import Environment

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def local(port: int) -> Environment:
    return Environment(name="a", region="us-east-2", endpoint_url=f"http://127.0.0.1:{port}")


def answered(code: str, message: str = "because") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "GetParameter")


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        (answered("ThrottlingException"), Throttled, "was throttled by AWS (ThrottlingException)"),
        (answered("AccessDeniedException", "no policy"), Denied, "is not allowed: no policy"),
        (answered("InternalServerError"), Unavailable, "failed: InternalServerError: because"),
        (ResponseParserError("Unable to parse response"), Unavailable, "failed: Unable to parse response"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), Unavailable, "Could not connect"),
    ],
)
def test_trouble_is_a_sentence(error: Exception, kind: type[Unavailable], sentence: str) -> None:
    with pytest.raises(kind) as caught, told("Reading parameter x"):
        raise error
    assert str(caught.value).startswith("Reading parameter x")
    assert sentence in str(caught.value)
    assert caught.value.retryable
    assert caught.value.status == 503


def test_nothing_that_signs_a_request_is_told() -> None:
    text = "AKIAIOSFODNN7EXAMPLE X-Amz-Signature=abc123 X-Amz-Security-Token: zzz Credential=AKI/2026"
    assert not {"AKIAIOSFODNN7EXAMPLE", "abc123", "zzz", "AKI/2026"} & set(
        redacted(text).replace("=", " ").split()
    )


def test_a_client_is_made_once() -> None:
    aws = Aws({"a": local(1), "b": local(2)})
    assert aws.client("a", "ssm") is aws.client("a", "ssm")
    assert aws.client("a", "ssm") is not aws.client("b", "ssm")
    with pytest.raises(NotFound, match="There are: a, b"):
        aws.client("c", "ssm")


def test_an_emulator_never_sees_a_real_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "real")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("AWS_PROFILE", "production")
    given = Aws({"a": local(4566)}).child_variables("a")
    assert given["AWS_ACCESS_KEY_ID"] == "test"
    assert given["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert given["AWS_REGION"] == given["AWS_DEFAULT_REGION"] == "us-east-2"
    assert "real" not in given.values()
    assert "AWS_PROFILE" not in given


def test_without_a_profile_a_child_has_this_processs_own_configuration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("SECRET", "other")
    given = Aws({"default": Environment(name="default")}).child_variables("default")
    assert (given["AWS_ACCESS_KEY_ID"], given["AWS_REGION"]) == ("mine", "eu-west-1")
    assert "SECRET" not in given


def test_an_endpoint_that_does_not_answer_is_told_soon_and_leaves_the_identity_open() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        aws = Aws({"a": local(closed.getsockname()[1])})
        with pytest.raises(Unavailable, match="Reading parameter x failed"):
            aws.parameters("a").get("x")
        assert aws.identity("a").account is None
        assert aws.identity("a").region == "us-east-2"


def test_a_profile_that_is_not_there_is_told() -> None:
    aws = Aws({"a": Environment(name="a", profile="nowhere-to-be-found", region="eu-west-1")})
    with pytest.raises(Unavailable, match="nowhere-to-be-found"):
        aws.client("a", "ssm")
    assert aws.identity("a").region == "eu-west-1"


@pytest.mark.sandbox
def test_the_account_is_asked_once(emulated: Environment) -> None:
    aws = Aws({"test": emulated})
    assert aws.identity("test").account == "000000000000"
    assert aws.identity("test") is aws.identity("test")


@pytest.mark.sandbox
def test_a_role_is_assumed_and_handed_to_the_child(
    emulated: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "long-lived")
    role = "arn:aws:iam::000000000000:role/gameday"
    environment = Environment(
        name="test", region="us-east-2", endpoint_url=emulated.endpoint_url, role_arn=role
    )
    given = Aws({"test": environment}).child_variables("test")
    assert given["AWS_SESSION_TOKEN"]
    assert given["AWS_SECRET_ACCESS_KEY"] != "long-lived"


class Pages:
    """CloudWatch's answers, one a call."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    def get_metric_data(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        return self.answers.pop(0)


def test_the_pages_of_one_answer_are_joined() -> None:
    def page(at: datetime, value: float, **more: Any) -> dict[str, Any]:
        row = {"Id": "m", "Label": "in", "Timestamps": [at], "Values": [value], "StatusCode": "Complete"}
        return {"MetricDataResults": [row], **more}

    client = Pages(page(NOON, 2, NextToken="t"), page(NOON - timedelta(minutes=5), 1))
    results = get_metric_data(client, queries=[{"Id": "m"}], start=NOON - timedelta(hours=1), end=NOON)
    assert (results["m"].values, len(client.asked)) == ((2.0, 1.0), 2)
    assert client.asked[1]["NextToken"] == "t"
    assert results["other"].values == ()


@pytest.mark.parametrize("own", [None, "eu-north-1"])
def test_aws_region_is_gone_by_before_aws_default_region(
    monkeypatch: pytest.MonkeyPatch, own: str | None
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    aws = Aws({"default": Environment(name="default", region=own)})
    wanted = own or "eu-west-1"
    assert aws.client("default", "ssm").meta.region_name == aws.region("default") == wanted
    given = aws.child_variables("default")
    assert given["AWS_REGION"] == given["AWS_DEFAULT_REGION"] == wanted
