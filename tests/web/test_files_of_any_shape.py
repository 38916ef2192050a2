"""Whatever a file in experiments/ holds: every page still answers, and the API says what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from app import experiments
from app.console import Console
from app.experiments import Catalog
from app.web.before import IS_CODE, before
from app.web.story import story

pytestmark = pytest.mark.anyio
GOOD = {"title": "Good", "description": "d", "method": []}
LINE = {"type": "process", "path": "aws", "arguments": "s3 ls"}
STATISTICS = {"type": "python", "module": "chaosaws.cloudwatch.probes", "func": "get_metric_statistics"}
ASKED = {
    "namespace": "N",
    "metric_name": "M",
    "dimension_name": "D",
    "dimension_value": "V",
    "statistic": "Sum",
}


def probing(**arguments: Any) -> dict[str, Any]:
    probe = {
        "type": "probe",
        "name": "p",
        "tolerance": 0,
        "provider": {**STATISTICS, "arguments": {**ASKED, **arguments}},
    }
    dynamic = {"type": "probe", "name": "x", "provider": {"type": "python", "module": "m", "func": "f"}}
    return {"configuration": {"x": dynamic}, "steady-state-hypothesis": {"title": "t", "probes": [probe]}}


FILES = {
    "configuration.json": json.dumps({**GOOD, "configuration": [1]}),
    "dynamic.json": json.dumps({**GOOD, **probing(duration="${x}")}),
    "pauses.json": json.dumps(
        {**GOOD, "method": [{"type": "action", "name": "a", "provider": LINE, "pauses": [1]}]}
    ),
    "runtime.json": json.dumps({**GOOD, "runtime": "always"}),
    "binary.yaml": "title: t\ndescription: d\nmethod: []\nx: !!binary aGk=\n",
    "dates.yaml": "title: t\ndescription: d\nmethod: []\nx: 2020-01-01\n1: one\n",
    "infinite.yaml": "title: t\ndescription: d\nmethod: []\nx: .inf\n",
    "surrogate.json": '{"title": "\\ud800", "description": "d", "method": []}',
    "good.json": json.dumps(GOOD),
    "good.yaml": json.dumps(GOOD),
}
VALID = {"dynamic", "dates", "good"}


@pytest.fixture
def files(console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The real catalog and reading in the stand-in console."""
    root = tmp_path / "experiments"
    root.mkdir()
    for name, text in FILES.items():
        (root / name).write_text(text)
    (root / "alias.json").symlink_to("good.json")
    console.catalog = Catalog(root)
    monkeypatch.setattr(
        console, "read", lambda one, environment: experiments.read(one, environment.variables)
    )
    return root


@pytest.mark.usefixtures("files")
async def test_every_file_is_listed_and_its_pages_answer(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/api/experiments")).json()
    assert len(listed) == len(FILES) + 1
    assert {one["id"] for one in listed if one["valid"]} == VALID
    for one in listed:
        assert one["valid"] or one["problems"][0]["message"]
        for path in (f"/experiments/{one['id']}", f"/?experiment={one['id']}"):
            assert (await client.get(path, headers={"accept": "text/html"})).status_code == 200, path
        told = await client.get(f"/api/experiments/{one['id']}")
        assert told.status_code == 200
        assert told.json()["valid"] == (one["id"] in VALID)
    assert (await client.get("/experiments", headers={"accept": "text/html"})).status_code == 200


async def test_a_file_that_can_not_be_read_after_all_says_so_on_its_page(
    client: httpx.AsyncClient, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def surprised(*_: Any) -> Any:
        raise KeyError("surprise")

    monkeypatch.setattr("app.experiments.reading.signals_of", surprised)
    page = await client.get("/experiments/good", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "good.json can not be read: KeyError" in page.text
    assert (await client.get("/?experiment=good", headers={"accept": "text/html"})).status_code == 200


@pytest.mark.parametrize(
    ("arguments", "says"),
    [("s3 ls", "A shell reads the arguments of “list buckets”"), (["s3", "ls"], IS_CODE)],
)
def test_before_a_run_it_is_said_what_a_shell_reads(
    console: Console, files: Path, arguments: Any, says: str
) -> None:
    action = {"type": "action", "name": "list buckets", "provider": {**LINE, "arguments": arguments}}
    (files / "shell.json").write_text(json.dumps({**GOOD, "method": [action, action]}))
    place = console.settings.environment(None)
    told = before(console, story(console, console.catalog.load("shell"), place), place)[-1].sentence
    assert told.startswith(IS_CODE)
    assert says in told
    assert told.count("list buckets") == (says != IS_CODE)
