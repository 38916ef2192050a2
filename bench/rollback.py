"""Rollback, with AWS 25 ms away: from the request to "disarmed, read back"."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import boto3
import httpx

from app.sandbox.emulator import process
from bench.console import CREDENTIALS, Console, console, free_port
from bench.proxy import Proxy
from bench.table import Row, show

AWS = str(Path(sys.executable).parent / "aws")
DELAY = 0.025  # seconds a call
NAME = "failureLambdaConfig"
OFF = '{"isEnabled": false}'
SETTINGS = """
[environments.bench]
region = "us-east-2"
endpoint = "{endpoint}"

[environments.bench.dialects]
failureLambdaConfig = "failure-lambda/0.x"
"""


def measure(times: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "experiments").mkdir()
        emulator = process.start(port=free_port(), speed=1, data=folder / "aws", log_file=folder / "aws.log")
        try:
            with Proxy(int(emulator.endpoint.rsplit(":", 1)[1]), delay=DELAY).running() as proxy:
                (folder / "gameday.toml").write_text(SETTINGS.format(endpoint=proxy.url))
                with console(folder) as served:
                    compare(served, proxy, times)
        finally:
            process.stop(emulator)


def compare(served: Console, proxy: Proxy, times: int) -> None:
    ssm = boto3.client(
        "ssm",
        endpoint_url=proxy.url,
        region_name="us-east-2",
        aws_access_key_id="bench",
        aws_secret_access_key="bench",
    )
    put = {"Name": NAME, "Type": "String", "Overwrite": True, "Value": OFF}
    ssm.put_parameter(**put)

    def get_put_get() -> None:
        ssm.get_parameter(Name=NAME)
        ssm.put_parameter(**put)
        ssm.get_parameter(Name=NAME)

    one = Row("one warm Put", "ms")
    three = Row("Get + Put + Get, warm client", "ms")
    ours = Row("rollback through the console", "ms", against=three, aim="<= 4 / 3")
    command = Row("aws ssm put-parameter", "ms", against=one)
    words = [AWS, "ssm", "put-parameter", "--name", NAME, "--type", "String", "--overwrite", "--value", OFF]
    environment = {**os.environ, **CREDENTIALS, "AWS_ENDPOINT_URL": proxy.url}
    with httpx.Client(base_url=served.url, timeout=60) as client:
        for _ in range(times):
            one.time(lambda: ssm.put_parameter(**put), 1)
            three.time(get_put_get, 1)
            armed = arm(client)
            with ours.timing():
                client.delete(f"/api/faults/{armed}").raise_for_status()
            with command.timing():
                subprocess.run(words, env=environment, check=True, capture_output=True)
    to_one = Row("the same, to one warm Put", "ms", ours.values, against=one)
    to_command = Row("the same, to the aws command", "ms", ours.values, against=command)
    rows = [one, three, ours, to_one, command, to_command]
    show(f"Rollback, AWS {DELAY * 1000:.0f} ms away", rows)


def arm(client: httpx.Client) -> int:
    asked = {"store": f"ssm:{NAME}", "rate": 0.5, "deny_list": ["dynamodb.*.amazonaws.com"], "minutes": 5}
    entry: int = client.put("/api/faults", json=asked).raise_for_status().json()["id"]
    return entry
