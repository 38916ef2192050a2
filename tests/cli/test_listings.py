"""`gameday experiments | runs | faults | environments | signals`: the same from the folder and from a console."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.cli.listing import Column, sheet, table
from app.clock import SystemClock
from app.dialects import Fault, FaultMode
from app.faults import Entry, FaultState, Store
from app.faults.ledger import Ledger
from app.settings import Environment, Settings
from app.storage.engine import opened
from tests.cli.typed import typed as gameday
from tests.conftest import NOON
from tests.test_main import serving
from tests.waiting import PATIENCE, until

NOUNS = ("experiments", "runs", "faults", "environments", "signals")
LONG = "a/folder/of/experiments/with-a-name-that-is-longer-than-any-line-of-a-terminal-has-room-for-it"
METRICS = [{"Id": "value", "MetricStat": {"Metric": {"Namespace": "AWS/SQS", "MetricName": "Sent"}, "Period": 60, "Stat": "Sum"}}]  # fmt: skip


def experiment(title: str) -> dict[str, Any]:
    nothing = {"type": "process", "path": "sleep", "arguments": "0"}
    measured = {
        "type": "process", "path": "aws", "arguments": "cloudwatch get-metric-data --metric-data-queries file://q.json "
        "--start-time `date --date '5 min ago' -u '+%Y-%m-%dT%H:%M:%SZ'` --end-time `date -u '+%Y-%m-%dT%H:%M:%SZ'` "
        "--query 'MetricDataResults[0].Values[0]'",
    }  # fmt: skip
    probe = {
        "type": "probe",
        "name": "sent",
        "tolerance": {"type": "range", "range": [0, 5]},
        "provider": measured,
    }
    works = {"type": "probe", "name": "works", "tolerance": 0, "provider": nothing}
    return {
        "title": title, "description": "d", "steady-state-hypothesis": {"title": "h", "probes": [works, probe]},
        "method": [{"type": "action", "name": "look", "provider": nothing}], "rollbacks": [],
    }  # fmt: skip


def armed(folder: Path) -> None:
    """A fault that ended long ago, as the ledger keeps it."""
    storage = opened(Settings(folder=folder, environments={"default": Environment(name="default")},
                              default_environment="default"))  # fmt: skip
    ledger = Ledger(storage, SystemClock())
    entry, _ = ledger.intend(Entry(
        id=0, store=Store(environment="default", name="failureLambdaConfig"), run_id=None, by="maria",
        state=FaultState.INTENDED, dialect="failure-lambda/0.x", functions=("Orders",), previous=None, value=b"{}",
        fault=Fault(mode=FaultMode.DENYLIST, rate=0.5, deny_list=("dynamodb.*",)), created_at=NOON,
        disarm_by=NOON + timedelta(minutes=5),
    ))  # fmt: skip
    ledger.change(
        entry.id, state=FaultState.DISARMED, disarmed_at=NOON, disarmed_by="maria", outcome="put back"
    )
    storage.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("listed")
    (folder / "gameday.toml").write_text(
        '[environments.default]\nregion = "us-east-2"\nendpoint = "http://127.0.0.1:9"\n'
        '[environments.default.variables]\nTOKEN = "hunter2"\n'
    )
    (folder / "experiments").mkdir()
    (folder / "experiments" / "q.json").write_text(json.dumps(METRICS))
    (folder / "experiments" / "short.json").write_text(json.dumps(experiment("A short one")))
    long = folder / "experiments" / f"{LONG}.json"
    long.parent.mkdir(parents=True)
    (long.parent / "q.json").write_text(json.dumps(METRICS))
    long.write_text(
        json.dumps(experiment("A title that goes on and on, and then a while longer than there is room"))
    )
    (folder / "experiments" / "broken.json").write_text('{"title": "Broken"}')
    armed(folder)
    return folder


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[str]:
    with serving(folder) as (_, url):
        started = httpx.post(f"{url}/experiments/short/run", json={}, timeout=PATIENCE).json()
        until(
            lambda: httpx.get(f"{url}/api/runs/{started['id']}", timeout=PATIENCE).json()["verdict"],
            "a verdict",
        )
        yield url


@pytest.mark.parametrize("noun", NOUNS)
def test_a_console_and_its_folder_list_the_same_and_each_id_is_shown_when_pasted(
    served: str, folder: Path, noun: str
) -> None:
    rows = [
        json.loads(gameday(folder, noun, "list", "--output", "json", *where).stdout)
        for where in ((), ("--server", served))
    ]
    only_here = {"profile", "variables"} if noun == "environments" else set()
    for run in rows[1] if noun == "runs" else ():
        assert run.pop("cost")["dollars"] == 0  # counted by the console that asks
    assert [{k: v for k, v in row.items() if k not in only_here} for row in rows[0]] == rows[1] != []
    plain = gameday(folder, noun, "list")
    assert plain.returncode == 0, plain.stderr
    head, *lines = plain.stdout.splitlines()
    assert head.split()[0] in ("ID", "NAME")
    assert len(lines) == len(rows[0])
    for line, where in ((lines[0], ()), (lines[-1], ("--server", served))):
        shown = gameday(folder, noun, "show", line.split()[0], *where)
        assert shown.returncode == 0, shown.stderr
        assert line.split()[0] in shown.stdout


@pytest.mark.parametrize("noun", NOUNS)
def test_what_is_not_there_is_a_sentence_and_exit_code_2(served: str, folder: Path, noun: str) -> None:
    for where in ((), ("--server", served)):
        done = gameday(folder, noun, "show", "99999", *where)
        assert done.returncode == 2
        assert done.stderr.startswith("gameday: ")
        assert "99999" in done.stderr
        assert "Traceback" not in done.stderr


def test_what_a_run_and_an_experiment_came_to_is_told(served: str, folder: Path) -> None:
    lines = gameday(folder, "experiments", "list").stdout.splitlines()
    assert next(line for line in lines if line.startswith("broken")).split()[1:3] == ["not", "valid"]
    (run,) = json.loads(gameday(folder, "runs", "list", "--experiment", "short", "--output", "json").stdout)
    assert run["verdict"]
    assert next(line for line in lines if line.startswith("short")).split()[1] == run["verdict"]
    assert "experiments/broken.json" in gameday(folder, "experiments", "show", "broken").stdout
    runs = gameday(folder, "runs", "list", "--experiment", "short").stdout
    assert "short" in runs
    assert gameday(folder, "runs", "list", "--experiment", "other").stdout == ""


def test_ids_are_never_cut_and_values_of_variables_never_shown(served: str, folder: Path) -> None:
    assert LONG in gameday(folder, "experiments", "list").stdout
    for output in ("table", "json"):
        shown = gameday(folder, "environments", "show", "default", "--output", output).stdout
        assert "TOKEN" in shown
        assert "hunter2" not in shown


@pytest.mark.parametrize("noun", NOUNS)
def test_an_empty_folder_says_what_to_do_and_is_left_as_it_was(tmp_path: Path, noun: str) -> None:
    done = gameday(tmp_path, noun, "list")
    assert done.returncode == 0
    assert done.stdout or done.stderr.strip().endswith(".")
    listed = json.loads(gameday(tmp_path, noun, "list", "--output", "json").stdout)
    assert [one["name"] for one in listed] == (["default"] if noun == "environments" else [])
    assert list(tmp_path.iterdir()) == []


def test_what_a_filter_leaves_out_is_not_said_to_be_nowhere(served: str, folder: Path) -> None:
    for where in ((), ("--server", served)):
        done = gameday(folder, "runs", "list", "--experiment", "broken", *where)
        assert done.stderr.strip() == "There are no such runs. Leave --experiment out to see what there is."


def test_a_console_without_runs_is_the_one_that_the_next_command_asks(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, url):
        assert f"`gameday run ID --server {url}`" in gameday(tmp_path, "runs", "list", "--server", url).stderr


def test_another_environment_than_there_are_is_a_mistake(folder: Path) -> None:
    for noun in ("runs", "faults", "signals"):
        done = gameday(folder, noun, "list", "--environment", "prod")
        assert done.returncode == 2
        assert "There are: default." in done.stderr


def test_a_server_that_is_none_is_said() -> None:
    done = gameday(Path("/"), "runs", "list", "--server", "http://127.0.0.1:9")
    assert done.returncode == 69
    assert "gameday serve" in done.stderr


ID, TITLE = (
    Column(head="ID", text=lambda row: row["id"]),
    Column(head="TITLE", text=lambda row: row["title"], prose=True),
)


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ([{"id": "a", "title": "b"}], ["ID  TITLE", "a   b"]),
        ([{"id": "a", "title": "x" * 90}], ["ID  TITLE", f"a   {'x' * 38}…{'x' * 37}"]),
        ([{"id": "i" * 90, "title": "x" * 90}], [f"{'ID':<90}  TITLE", f"{'i' * 90}  {'x' * 6}…{'x' * 5}"]),
        ([{"id": "a", "title": f"a{'x' * 90}b"}], ["ID  TITLE", f"a   a{'x' * 37}…{'x' * 36}b"]),
        ([{"id": "a", "title": "red \x1b[31m\nline"}], ["ID  TITLE", "a   red  [31m line"]),
    ],
)
def test_tables_fit_where_ids_leave_room(rows: list[dict[str, str]], lines: list[str]) -> None:
    assert table(rows, (ID, TITLE), width=80).splitlines() == lines


def test_nothing_is_cut_where_stdout_is_no_terminal(tmp_path: Path) -> None:
    (tmp_path / "experiments").mkdir()
    title = "It keeps " + "on and " * 30 + "on"
    document = {"title": title, "description": "d", "method": []}
    (tmp_path / "experiments" / "long.json").write_text(json.dumps(document))
    assert title in gameday(tmp_path, "experiments", "list").stdout


def test_a_sheet_wraps_beside_its_names_and_leaves_out_what_is_empty() -> None:
    fields = (("id", lambda row: "7"), ("because", lambda row: "word " * 20), ("nothing", lambda row: ""))
    assert sheet({}, fields, width=40).splitlines() == [
        "id       7", *(f"{name:<9}{'word ' * 6}".rstrip() for name in ("because", "", "")), "         word word",
    ]  # fmt: skip
