"""What a Node.js function really leaves in the emulator's log."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

import pytest

from app.aws import Aws
from app.clock import SystemClock
from app.evidence import Evidence
from app.settings import Environment

HANDLER = """
exports.handler = async (event, context) => {
  if (event.hit) console.log("Intercepted network connection to dynamodb.us-east-2.amazonaws.com");
  console.log("ETL completed for " + event.key);
  return context.awsRequestId;
};
"""
ROLE = "arn:aws:iam::000000000000:role/any"


@pytest.mark.sandbox
def test_interceptions_are_counted_and_one_requests_lines_are_found(emulated: Environment) -> None:
    aws, clock = Aws({"test": emulated}), SystemClock()
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("index.js", HANDLER)
    client = aws.client("test", "lambda")
    client.create_function(
        FunctionName="f",
        Runtime="nodejs20.x",
        Handler="index.handler",
        Role=ROLE,
        Code={"ZipFile": package.getvalue()},
    )
    since = clock.now() - timedelta(seconds=1)
    ids = {}
    for number in range(6):
        event = {"hit": number % 2 == 0, "key": f"msg-{number}"}
        answer = client.invoke(FunctionName="f", Payload=json.dumps(event))
        ids[number] = json.loads(answer["Payload"].read())
    evidence = Evidence(aws=aws, clock=clock)
    proof = evidence.proof("test", ("f",), "failure-lambda/0.x", since)
    assert (proof.invocations, proof.hit, proof.interceptions, proof.can_see) == (6, 3, 3, True)
    assert {row.request_id for row in proof.expensive} == set(ids.values())
    assert all(row.ms is not None for row in proof.expensive)
    lines = evidence.request("test", "f", ids[4], since)
    assert [line.text for line in lines if line.request_id and "ETL" in line.text] == [
        "ETL completed for msg-4"
    ]
    assert sum(line.intercepted for line in lines) == 1
