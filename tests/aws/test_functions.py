"""Which functions read a store, and which library they carry."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from app.aws import Aws
from app.aws.functions import FunctionReader, _function
from app.aws.problems import Denied
from app.settings import Environment


def package(version: str | None) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("index.js", "exports.handler = async () => 1;")
        archive.writestr(
            "node_modules/other/node_modules/failure-lambda/package.json", '{"version": "9.9.9"}'
        )
        if version:
            description = json.dumps({"name": "failure-lambda", "version": version})
            archive.writestr("node_modules/failure-lambda/package.json", description)
    return made.getvalue()


@pytest.mark.sandbox
def test_the_emulators_functions_are_found_by_their_variable(emulated: Environment) -> None:
    aws = Aws({"test": emulated})
    create(aws, "reads", package("0.4.4"), parameter="failureLambdaConfig")
    create(aws, "other", package("0.2.0"), parameter="somethingElse")
    create(aws, "plain", package("0.2.0"), parameter=None)
    functions = aws.functions("test")
    (found,) = functions.reading("failureLambdaConfig")
    assert found.name == "reads"
    assert functions.library(found).version == "0.4.4"
    aws.client("test", "lambda").update_function_code(FunctionName="reads", ZipFile=package("0.2.0"))
    assert functions.library(found).version == "0.2.0"  # a deployment is seen at once


def create(aws: Aws, name: str, code: bytes, *, parameter: str | None) -> None:
    variables: dict[str, Any] = {"FAILURE_INJECTION_PARAM": parameter} if parameter else {}
    aws.client("test", "lambda").create_function(
        FunctionName=name, Runtime="nodejs20.x", Handler="index.handler", Role="arn:aws:iam::000000000000:role/any",
        Code={"ZipFile": code}, Environment={"Variables": variables},
    )  # fmt: skip


def test_a_function_whose_variables_can_not_be_read_is_not_written() -> None:
    class Client:
        def get_function_configuration(self, **_asked: Any) -> dict[str, Any]:
            return {"Environment": {"Error": {"ErrorCode": "AccessDeniedException"}}}

    with pytest.raises(Denied, match="nothing of it is changed"):
        FunctionReader(Client()).recycle("f")


LAYER = "arn:aws:lambda:us-east-2:123456789012:layer:failure-lambda:3"


@pytest.mark.parametrize(
    ("row", "members"),
    [
        ({"Environment": {"Variables": {"CHAOS_PARAM": "p"}}}, {"parameter": "p", "library": "chaos_lambda"}),
        (
            {"Environment": {"Variables": {
                "FAILURE_INJECTION_PARAM": "p", "FAILURE_APPCONFIG_APPLICATION": "a", "FAILURE_APPCONFIG_ENVIRONMENT": "e",
                "FAILURE_APPCONFIG_CONFIGURATION": "c",
            }}},
            {"parameter": None, "appconfig": "a/e/c", "store": "a/e/c"},  # AppConfig wins
        ),
        ({"Environment": {"Variables": {"FAILURE_CACHE_TTL": "2.5"}}}, {"cache_ttl": 2.5}),
        ({"Environment": {"Variables": {"FAILURE_CACHE_TTL": "-1"}}}, {"cache_ttl": None}),
        ({"Environment": {"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/failure-lambda-wrapper"}}}, {"wrapper": True}),
        ({"Environment": {"Variables": {"FAILURE_LAMBDA_DISABLED": "true"}}}, {"disabled": True}),
        ({"Environment": {"Variables": {"AWS_NODEJS_CONNECTION_REUSE_ENABLED": "1"}}}, {"keep_alive": True}),
        ({"LoggingConfig": {"LogFormat": "JSON", "LogGroup": "g", "ApplicationLogLevel": "WARN"}},
         {"log_format": "JSON", "log_group": "g", "application_log_level": "WARN"}),
        ({"Layers": [{"Arn": LAYER}]}, {"layers": (LAYER,)}),
        ({}, {"parameter": None, "log_group": "/aws/lambda/f", "log_format": "Text", "cache_ttl": None}),
    ],
)  # fmt: skip
def test_a_functions_settings_are_read_as_the_library_reads_them(
    row: dict[str, Any], members: dict[str, Any]
) -> None:
    function = _function({"FunctionName": "f", **row})
    assert {name: getattr(function, name) for name in members} == members
