"""A console as a process, on an environment that is no emulator to it: its CloudWatch is the tests' own endpoint."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.ports import free_port
from tests.usage.endpoint import Endpoint
from tests.waiting import PATIENCE, until

GAMEDAY = str(Path(sys.executable).parent / "gameday")
STARTS_WITHIN = 120  # seconds, on a busy machine
ELSEWHERE = "127.0.0.2"  # this machine, and no loopback name that the console takes for an emulator's
SUM = {"namespace": "AWS/SQS", "dimension_name": "QueueName", "dimension_value": "q",
       "statistic": "Sum", "duration": 300, "period": 300}  # fmt: skip


def experiment(metric: str) -> dict[str, Any]:
    """One signal of one metric, and a stop condition that asks for an alarm."""
    provider = {
        "type": "python", "module": "chaosaws.cloudwatch.probes", "func": "get_metric_data",
        "arguments": {**SUM, "metric_name": metric},
    }  # fmt: skip
    probe = {
        "type": "probe",
        "name": "messages",
        "tolerance": {"type": "range", "range": [0, 100]},
        "provider": provider,
    }
    return {
        "title": "Watched", "description": "d",
        "steady-state-hypothesis": {"title": "messages flow", "probes": [probe]},
        "method": [{"type": "probe", "name": "wait", "provider": {"type": "process", "path": "true"}}],
        "extensions": [{"name": "gameday", "stop": [{"alarm": "everything-burns"}]}],
    }  # fmt: skip


@dataclass
class Watched:
    url: str
    endpoint: Endpoint
    process: subprocess.Popen[bytes]

    def get(self, path: str) -> Any:
        return httpx.get(f"{self.url}{path}", timeout=PATIENCE).raise_for_status().json()

    def run(self, name: str = "one", **body: Any) -> httpx.Response:
        return httpx.post(f"{self.url}/experiments/{name}/run", json=body, timeout=PATIENCE)

    def sampled(self, metric: str) -> int:
        """How often the console itself asked for it: ids tell its requests from a run's own probes."""
        asked = [entry for body in self.endpoint.of_metrics() for entry in body["MetricDataQueries"]]
        return sum(
            entry["Id"].startswith("q") and entry["MetricStat"]["Metric"]["MetricName"] == metric
            for entry in asked
        )

    def verdict(self, run: int) -> str:
        verdict: str = until(
            lambda: self.get(f"/api/runs/{run}")["verdict"], "the run's verdict", STARTS_WITHIN
        )
        return verdict

    def samples(self) -> dict[str, float]:
        """What a scrape tells, by name and labels as they stand there."""
        text = httpx.get(f"{self.url}/metrics", timeout=PATIENCE).raise_for_status().text
        lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in lines}

    @contextlib.contextmanager
    def open_page(self) -> Iterator[list[str]]:
        """The experiment's page, as a browser holds it open. What came of its stream so far."""
        came: list[str] = []
        begun = threading.Event()
        client = httpx.Client(timeout=PATIENCE)

        def follow() -> None:
            with (
                contextlib.suppress(httpx.HTTPError, httpx.StreamError),
                client.stream("GET", f"{self.url}/stream?page=experiment&subject=one") as stream,
            ):
                for line in stream.iter_lines():
                    came.append(line)
                    begun.set()
                    if leaving.is_set():
                        return

        leaving = threading.Event()
        thread = threading.Thread(target=follow, daemon=True)
        thread.start()
        assert begun.wait(STARTS_WITHIN)
        try:
            yield came
        finally:
            leaving.set()
            client.close()


@contextlib.contextmanager
def watched(folder: Path, *, settings: str = "", prepared: bool = False) -> Iterator[Watched]:
    endpoint = Endpoint(host=ELSEWHERE).start()
    (folder / "experiments").mkdir(exist_ok=prepared)
    for name, metric in (("one", "NumberOfMessagesSent"), ("two", "NumberOfMessagesReceived")):
        (folder / "experiments" / f"{name}.json").write_text(json.dumps(experiment(metric)))
    (folder / "gameday.toml").write_text(
        f'[environments.staging]\nregion = "us-east-2"\nendpoint = "{endpoint.url}"\n{settings}\n'
    )
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "GAMEDAY_LOG": "json"}
    words = [GAMEDAY, "serve", "--port", port, "--folder", str(folder)]
    with (
        (folder / "stderr").open("a") as stderr,
        subprocess.Popen(words, env={**os.environ, **keys}, stderr=stderr) as process,
    ):
        try:
            until(lambda: answers(url), "the console answers", STARTS_WITHIN)
            yield Watched(url, endpoint, process)
        finally:
            process.terminate()
            process.wait(STARTS_WITHIN)
            endpoint.stop()


def answers(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{url}/readyz", timeout=PATIENCE).is_success
    return False
