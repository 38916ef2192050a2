"""`gameday sandbox` as a newcomer starts it, in a folder of its own, and a browser in front of it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
import httpx
from playwright.sync_api import Page

from app.sandbox.names import BUCKET, DEAD_LETTERS, INCOMING, TABLE
from tests.ports import free_port
from tests.waiting import PATIENCE, until

GAMEDAY = str(Path(sys.executable).parent / "gameday")
SIGNALS = ("messages-in-flight", "normal-error-rates", "zero-sns-errors")
TWO_MINUTES = 12  # seconds at speed 10: buckets that close meanwhile agree
RATE = 10  # objects a second: half of what a sandbox has by itself, so that a machine that does much else keeps up
STRICT = "serverless-etl/exp_2-strict"


@dataclass
class Lab:
    folder: Path
    port: int = field(default_factory=free_port)
    aws_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    clients: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        words = [GAMEDAY, "sandbox", "--speed", "10", "--no-browser"]
        words += ["--port", str(self.port), "--aws-port", str(self.aws_port)]
        with (self.folder / "console.out").open("ab") as out:
            self.process = subprocess.Popen(words, cwd=self.folder, stdout=out, stderr=out)
        until(self.ready, "the console answers")
        until(self.calmed, "the traffic is slower")

    def ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "console.out").read_text()
        try:
            return httpx.get(f"{self.url}/readyz", timeout=PATIENCE).is_success
        except httpx.TransportError:
            return False

    def calmed(self) -> bool:
        return httpx.patch(f"{self.url}/api/sandbox", json={"rate": RATE}, timeout=PATIENCE).is_success

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)

    def get(self, path: str) -> Any:
        return httpx.get(self.url + path, timeout=PATIENCE).raise_for_status().json()

    def run(self, experiment: str = STRICT) -> int:
        answer = httpx.post(f"{self.url}/experiments/{experiment}/run", timeout=PATIENCE).raise_for_status()
        assert answer.status_code == 202
        return answer.json()["id"]

    def under_fault(self, page: Page, start: Callable[[], int]) -> int:
        """A run that has armed its fault. Where a busy machine's pipeline lags just when it looks first, it is started again."""

        def begun(number: int) -> Any:
            run = self.get(f"/api/runs/{number}")
            return run if run["verdict"] or any(one["state"] == "armed" for one in run["faults"]) else None

        def under() -> int:
            number = start()
            run = until(lambda: begun(number), f"run {number} arms its fault")
            if run["verdict"] == "not started":
                self.steady(page)
                return 0
            return number

        return int(until(under, "a run arms its fault", 600))

    def ended(self, run_id: int, seconds: float = 300) -> Any:
        """The run once it has its verdict."""
        until(lambda: self.get(f"/api/runs/{run_id}")["verdict"], f"run {run_id} has a verdict", seconds)
        return self.get(f"/api/runs/{run_id}")

    def armed(self) -> bool:
        return '"isEnabled": true' in self.store

    @property
    def store(self) -> str:
        ssm = self.client("ssm")
        return ssm.get_parameter(Name="failureLambdaConfig")["Parameter"]["Value"]

    def values(self, run: Any, name: str) -> list[float]:
        """A signal's samples from the run's start on."""
        samples = self.samples(query_of(run, name), run["started_at"])
        return [one["value"] for one in samples if one["value"] is not None]

    def parts(self, run: Any, name: str) -> list[dict[str, float | None]]:
        """What a signal's samples were computed from, from the run's start on; None where there was no data."""
        samples = self.samples(query_of(run, name), run["started_at"])
        return [one["parts"] for one in samples if one["value"] is not None]

    def samples(self, query: str, since: str | None = None) -> list[dict[str, Any]]:
        path = f"{self.url}/api/signals/{query}/samples"
        answer = httpx.get(path, params={"since": since} if since else {}, timeout=PATIENCE)
        samples: list[dict[str, Any]] = answer.raise_for_status().json()
        return samples

    def by_hand(self, name: str) -> str:
        """What the lab's own command prints in a terminal, for a probe of the strict experiment."""
        folder = self.folder / "experiments" / "serverless-etl"
        probes = json.loads((folder / "exp_2-strict.json").read_text())["steady-state-hypothesis"]["probes"]
        provider = next(probe["provider"] for probe in probes if probe["name"] == name)
        environment = {
            **os.environ, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.aws_port}", "AWS_DEFAULT_REGION": "us-east-2",
            "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        }  # fmt: skip
        words = f"{provider['path']} {provider['arguments']}"
        done = subprocess.run(words, shell=True, cwd=folder, env=environment, check=True, capture_output=True)
        return done.stdout.decode().strip()

    def good_records(self, since: datetime) -> set[str]:
        """The ids in the well-formed objects that came in after `since`."""
        s3 = self.client("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=INCOMING)
        fresh = [
            one["Key"] for page in pages for one in page.get("Contents", ()) if one["LastModified"] > since
        ]
        return {record["id"] for record in map(self.record, fresh) if record}

    def record(self, key: str) -> Any:
        """What is in an object; None where it is malformed, or gone: the traffic keeps objects for five minutes."""
        s3 = self.client("s3")
        with contextlib.suppress(ValueError, s3.exceptions.NoSuchKey):
            return json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
        return None

    def stored_records(self) -> set[str]:
        pages = (
            self.client("dynamodb").get_paginator("scan").paginate(TableName=TABLE, ProjectionExpression="Id")
        )
        return {item["Id"]["S"] for page in pages for item in page["Items"]}

    def take_dead_letters(self) -> list[str]:
        """The keys of the objects behind the dead letters, each letter once; the queue is empty afterwards."""
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName=DEAD_LETTERS)["QueueUrl"]
        keys = []
        while got := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in got:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                keys.append(json.loads(message["Body"])["Records"][0]["s3"]["object"]["key"])
        return keys

    def parked(self) -> int:
        """Records that wait for DynamoDB to come back: visible, in flight or delayed."""
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName="chaos-parked")["QueueUrl"]
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return sum(int(count) for name, count in told.items() if name.startswith("ApproximateNumber"))

    def client(self, service: str) -> Any:
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service, endpoint_url=f"http://127.0.0.1:{self.aws_port}", region_name="us-east-2",
                aws_access_key_id="test", aws_secret_access_key="test",
            )  # fmt: skip
        return self.clients[service]

    def steady(self, page: Page) -> None:
        """Wait on the Live page until every signal is within the strict tolerance, and still is two minutes later.

        The last run's own tolerance, which the page shows otherwise, may be one that a fault does not leave.
        """
        page.goto(f"{self.url}/?experiment={STRICT}")
        since = [0.0]

        def settled() -> bool:
            calm = all(page.locator(f"#signal-{name} .chip.ok").count() for name in SIGNALS)
            since[0] = since[0] or time.monotonic() if calm else 0.0
            return calm and time.monotonic() - since[0] > TWO_MINUTES

        until(settled, "every signal is within its tolerance, and stays there", 180)


def query_of(run: Any, name: str) -> str:
    """The id that the samples of a run's signal are kept under."""
    return next(signal["query"] for signal in run["signals"] if signal["name"] == name)
