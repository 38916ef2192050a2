"""docs/reference/api.md as it stands: every example is run against a real console, an emulator behind it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from pydantic import TypeAdapter

from app.settings import Environment
from app.web import schedule_shapes, shapes
from app.web.active import Active
from app.web.agenda import Calendar
from app.web.evidence import Evidence
from app.web.notifications import ToldChannel, ToldDelivery
from app.web.rates import DEFAULTS
from app.web.reports import Progress
from app.web.signals import Sample, Signal
from app.web.tokens import Credential, Me
from app.web.usage import UsageOfMonth
from tests.test_main import serving
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.sandbox
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "api.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BLOCKS = BLOCK.findall(PAGE.read_text())
NAME = "failureLambdaConfig"
EXPERIMENT = {
    "title": "Quick", "description": "d",
    "steady-state-hypothesis": {"title": "works", "probes": [
        {"type": "probe", "name": "works", "tolerance": 0, "provider": {"type": "process", "path": "true"}}]},
    "method": [{"type": "action", "name": "wait", "provider": {"type": "process", "path": "sleep", "arguments": "0"}}],
    "rollbacks": [],
}  # fmt: skip


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory, emulated: Environment) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("examples")
    (folder / "experiments").mkdir()
    (folder / "experiments" / "quick.json").write_text(json.dumps(EXPERIMENT))
    (folder / "experiments" / "schedules.yaml").write_text(
        "schedules:\n  - {name: filed, experiment: quick, cron: '0 3 1 1 *'}\n"
    )
    (folder / "gameday.toml").write_text(
        f'[environments.test]\nregion = "us-east-2"\nendpoint = "{emulated.endpoint_url}"\n'
        f'[environments.test.dialects]\n{NAME} = "failure-lambda/0.x"\n'
        '[channels.ops]\nurl = "json://127.0.0.1:1"\n'  # nobody listens: what counts is that it is told
    )
    ssm = boto3.client(
        "ssm", endpoint_url=emulated.endpoint_url, region_name="us-east-2", aws_access_key_id="t",
        aws_secret_access_key="t",
    )  # fmt: skip
    ssm.put_parameter(Name=NAME, Value='{"isEnabled": false}', Type="String", Overwrite=True)
    with serving(folder) as (_, url):
        yield {
            "GAMEDAY": url, "EXPERIMENT": "quick", "ENVIRONMENT": "test", "RUN": "1", "HOME": str(folder),
            "FOLDER": str(folder),
        }  # fmt: skip


@pytest.fixture(scope="module")
def spoken(console: dict[str, str]) -> list[subprocess.CompletedProcess[str]]:
    """Each block in turn, in one folder; what a block sets, the next ones know."""
    done, known = [], dict(console)
    for block in BLOCKS:
        ended = shell(block + "\n" + SAVE, known)
        known |= saved(Path(console["FOLDER"]) / "set")
        done.append(ended)
    httpx.post(f"{console['GAMEDAY']}/api/schedules/1/run", timeout=PATIENCE).raise_for_status()
    return done


SAVE = 'for name in FAULT ETAG NEXT SCHEDULE; do printf "%s=%s\\n" "$name" "${!name:-}"; done > set'


def shell(script: str, known: dict[str, str]) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], **known}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=known["FOLDER"], env=environ, capture_output=True,
        text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip


def saved(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    pairs = (line.partition("=") for line in file.read_text().splitlines())
    return {name: value for name, _, value in pairs if value}


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_each_example_works_as_it_stands(spoken: list[subprocess.CompletedProcess[str]], number: int) -> None:
    done = spoken[number]
    assert done.returncode == 0, f"{BLOCKS[number]}\n{done.stdout}\n{done.stderr}"


def said(spoken: list[Any], part: str) -> str:
    return next(done.stdout for block, done in zip(BLOCKS, spoken, strict=True) if part in block)


def test_what_they_answer_is_what_the_page_says(spoken: list[Any], console: dict[str, str]) -> None:
    assert json.loads(said(spoken, "Idempotency-Key: deploy-4711"))["id"] == 1
    assert said(spoken, "queue=true&wait=600").strip() == "held"
    assert said(spoken, "/api/runs/$RUN?wait=600").strip() == "held"
    assert "event: verdict" in said(spoken, "/events")
    assert "half of the invocations" in said(spoken, "faults/sentence")
    assert "set its deadline" in said(spoken, 'If-Match: $ETAG" -d \'{"minutes": 10}\'')
    assert said(spoken, '-X DELETE "$GAMEDAY/api/faults').strip() == "disarmed"
    assert said(spoken, "schedules/preview").splitlines()[0] == "At 03:00 on Monday through Friday"
    assert said(spoken, '"jitter": "10m"').strip() == "0 4 * * 1-5"
    assert said(spoken, "/pause").split() == ["true", "false"]
    assert "started" in said(spoken, "nightly-by-hand-1")
    assert said(spoken, 'api/schedules" | jq length').strip() == "1"  # the file's
    assert said(spoken, "experiments?text=quick").splitlines()[0] == "quick"
    assert said(spoken, "/api/calendar").splitlines()[0] == "Europe/Berlin"
    assert "2027-01-01T04:00:00+01:00" in said(spoken, "/api/calendar")  # the file's
    assert json.loads(said(spoken, "/api/active"))["runs"] == []
    assert "armed  " in said(spoken, "channels/ops/test")
    ours = f"{console['GAMEDAY']}/api/notifications/deliveries"
    until(
        lambda: "test" in {one["kind"] for one in httpx.get(ours, timeout=PATIENCE).json()},
        "the test is on its way",
    )
    assert said(spoken, "/api/usage").startswith("test  ")
    assert said(spoken, "report.json").splitlines() == ["held", "completed"]
    assert "gd_" in said(spoken, "/api/tokens")


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/api/runs", list[shapes.Run]), ("/api/runs/1/timeline", list[shapes.Step]),
        ("/api/runs/1/evidence", Evidence), ("/api/faults", list[shapes.Fault]),
        ("/api/experiments", list[shapes.Experiment]), ("/api/experiments/quick", shapes.WholeExperiment),
        ("/api/experiments/quick/preflight", shapes.Preflight), ("/api/safety-lever", list[shapes.Lever]),
        ("/api/signals?experiment=quick", list[Signal]), ("/api/environments", list[shapes.Environment]),
        ("/api/schedules", list[schedule_shapes.Schedule]), ("/api/active", Active), ("/api/usage", UsageOfMonth),
        ("/api/schedules/1/fires", list[schedule_shapes.Fire]), ("/api/notifications/channels", list[ToldChannel]),
        ("/api/notifications/deliveries", list[ToldDelivery]), ("/api/runs/1/progress", Progress),
        ("/api/tokens", list[Credential]), ("/api/me", Me), ("/api/faults/strays", list[shapes.Stray]),
        ("/api/calendar", Calendar), ("/api/schedules/fires", list[schedule_shapes.Fire]),
        ("/api/schedules/problems", list[shapes.Mistake]), ("/api/signals/x/samples", list[Sample]),
    ],
)  # fmt: skip
def test_a_real_console_answers_in_the_shapes_that_are_described(
    console: dict[str, str], spoken: list[Any], path: str, shape: Any
) -> None:
    answer = httpx.get(f"{console['GAMEDAY']}{path}", timeout=PATIENCE).raise_for_status()
    assert TypeAdapter(shape).validate_json(answer.content) is not None


def test_the_limits_are_those_that_are_kept() -> None:
    text = PAGE.read_text()
    assert len(BLOCKS) >= 15
    for kind, told in (("sign in", "10 a minute"), ("starts", "300 a minute"), ("reads", "6000 a minute")):
        limit = next(value for name, value in DEFAULTS.items() if kind in name)
        assert limit == told.replace(" a ", " per ")
        assert told in text
