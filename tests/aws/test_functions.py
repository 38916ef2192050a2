"""Which functions read a store, and which library they carry."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from app.aws import Aws
from app.aws.functions import library_version
from app.settings import Environment


def package(version: str | None, folder: str = "") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("index.js", "exports.handler = async () => 1;")
        archive.writestr(
            "node_modules/other/node_modules/failure-lambda/package.json", '{"version": "9.9.9"}'
        )
        if version:
            description = json.dumps({"name": "failure-lambda", "version": version})
            archive.writestr(f"{folder}node_modules/failure-lambda/package.json", description)
    return made.getvalue()


@pytest.mark.parametrize("folder", ["", "src/"])
def test_the_librarys_version_is_read_from_the_package(folder: str) -> None:
    assert library_version(package("0.4.4", folder)) == "0.4.4"


def test_a_package_without_the_library_says_nothing() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("index.js", "")
    assert library_version(made.getvalue()) is None


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
