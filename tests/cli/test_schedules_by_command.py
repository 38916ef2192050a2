"""`gameday schedules` on a folder without a console: read from its database, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.clock import SystemClock
from app.errors import Problem
from app.runs import Verdict
from app.settings import Environment
from tests.cli.typed import typed
from tests.schedules.conftest import EXPERIMENT, Recorder, World
from tests.waiting import PATIENCE
from tests.web.conftest import console
from tests.web.material import STRICT, experiment
from tests.web.test_browser import clock, served

__all__ = ["clock", "console", "served"]

GAMEDAY = str(Path(sys.executable).parent / "gameday")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two schedules, one of which has fired and was refused."""
    (tmp_path / ".gameday").mkdir()
    world = World(tmp_path, SystemClock(), Environment(name="default"), Recorder())
    world.create(environment="default", time_zone="Europe/Berlin")
    often = world.create(environment="default", name="often", cron=None, every="1h", missed="run_once")
    world.schedules.pause(world.create(environment="default", name="held").id, by="maria")
    with world.storage.writing() as session:
        session.connection().exec_driver_sql(
            "insert into fires (schedule_id, at, due_at, written_at, state, sentence)"
            " values (?, '2026-11-24 12:00:00', '2026-11-24 12:00:00', '2026-11-24 12:00:00', 'refused', 'It is busy.')",
            (often.id,),
        )
    world.storage.close()
    (tmp_path / "schedules.sqlite").rename(tmp_path / ".gameday" / "gameday.sqlite")
    return tmp_path


def gameday(folder: Path, *words: str, code: int = 0) -> str:
    done = subprocess.run(
        [GAMEDAY, "schedules", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_they_are_listed_shown_and_looked_ahead(folder: Path) -> None:
    heads, *listed = gameday(folder, "list").splitlines()
    assert heads.split() == ["ID", "NEXT", "ZONE", "NAME", "EXPERIMENT", "ENVIRONMENT", "FROM"]
    assert [line.split()[0] for line in listed] == ["1", "2", "3"]
    assert "03:00" in listed[0]
    assert "paused" in listed[2]
    shown = gameday(folder, "show", "2")
    assert "often: lab/one in default, 1h" in shown
    assert "refused  It is busy." in shown
    fires: list[dict[str, Any]] = json.loads(gameday(folder, "next", "--limit", "5", "--output", "json"))
    times = [datetime.fromisoformat(fire["due_at"]) for fire in fires]
    assert times == sorted(times)
    assert times[0] > datetime.now(UTC)
    assert len(times) == 5
    assert "held" not in {fire["name"] for fire in fires}


def test_what_fires_next_has_no_gap_where_a_schedule_fires_more_often_than_is_known(folder: Path) -> None:
    """Ten fires of “often”, once an hour, are known: what comes after them is not said to come next."""
    fires: list[dict[str, Any]] = json.loads(
        typed(folder, "schedules", "next", "--limit", "20", "--output", "json").stdout
    )
    often = [fire["due_at"] for fire in fires if fire["name"] == "often"]
    assert len(often) == 10
    assert fires[-1]["due_at"] == often[-1]
    assert len(fires) < 20
    assert "what comes later is left out" in typed(folder, "schedules", "next", "--limit", "20").stderr
    assert typed(folder, "schedules", "next").stderr == ""


def test_where_there_is_no_terminal_no_file_is_cut_and_a_filter_is_no_emptiness(tmp_path: Path) -> None:
    lab = tmp_path / "experiments" / "a-folder-with-a-long-name-for-a-terminal"
    lab.mkdir(parents=True)
    (lab / "one.json").write_text(json.dumps(EXPERIMENT))
    (lab / "schedules.yaml").write_text('schedules: [{name: nightly, experiment: one, cron: "0 3 * * *"}]\n')
    listed = typed(tmp_path, "schedules", "list").stdout
    assert f"experiments/{lab.name}/schedules.yaml" in listed
    others = typed(tmp_path, "schedules", "list", "--experiment", "two")
    assert "There are no such schedules. Leave --experiment out to see what there is." in others.stdout


def test_what_there_is_not_is_a_sentence(folder: Path) -> None:
    assert "There is no schedule 9." in gameday(folder, "show", "9", code=2)


def test_files_are_read_without_a_console_and_their_mistakes_have_lines(tmp_path: Path) -> None:
    lab = tmp_path / "experiments" / "lab"
    lab.mkdir(parents=True)
    (lab / "one.json").write_text(json.dumps(EXPERIMENT))
    text = 'schedules:\n  - name: nightly\n    experiment: one\n    cron: "0 3 * * *"\n    time_zone: UTC\n'
    (lab / "schedules.yaml").write_text(text)
    assert "nightly" in typed(tmp_path, "schedules", "list").stdout
    assert "nightly: lab/one in default" in typed(tmp_path, "schedules", "show", "1").stdout
    (lab / "schedules.yaml").write_text(text.replace("0 3", "0 99"))
    broken = typed(tmp_path, "schedules", "list")
    assert "✕ experiments/lab/schedules.yaml:4  " in broken.stderr
    assert "Nothing runs by itself" not in broken.stdout
    assert not (tmp_path / ".gameday").exists()


def test_through_a_console_they_are_the_same(served: str, console: Any, tmp_path: Path) -> None:
    given = {"name": "nightly", "experiment": STRICT, "cron": "0 3 * * *"}
    console.schedules.create(given, by="maria")
    console.schedules.run_now(1, by="maria")
    assert "nightly" in gameday(tmp_path, "list", "--server", served)
    assert f"run {console.runs.active()[0].id}" in gameday(tmp_path, "show", "1", "--server", served)
    assert len(gameday(tmp_path, "next", "--server", served).splitlines()) == 10
    console.schedules.files.problems = (Problem(message="No such hour.", file="lab/schedules.yaml", line=4),)
    listed = typed(tmp_path, "schedules", "list", "--server", served)
    assert listed.stderr == "✕ lab/schedules.yaml:4  No such hour.\n"
    assert "nightly" in listed.stdout
    assert "There is no schedule 9." in gameday(tmp_path, "show", "9", "--server", served, code=2)
    assert "does not answer" in gameday(tmp_path, "list", "--server", "http://127.0.0.1:1", code=69)


def test_lists_of_a_console_are_read_to_their_end(served: str, console: Any, tmp_path: Path) -> None:
    for _ in range(505):
        console.runs.add(ago=900, verdict=Verdict.HELD)
    for most, found in ((3, 3), (502, 502), (100_000, 505)):
        listed = typed(tmp_path, "runs", "list", "--limit", str(most), "--output", "json", "--server", served)
        ids = [run["id"] for run in json.loads(listed.stdout)]
        assert (ids[0], len(ids)) == (545, found)
        assert ids == sorted(ids, reverse=True)
    experiments = [f"a/{number:03}" for number in range(501)]
    console.catalog.known = [experiment(name, "One") for name in experiments]
    listed = typed(tmp_path, "experiments", "list", "--output", "json", "--server", served)
    assert [one["id"] for one in json.loads(listed.stdout)] == experiments
    some = typed(tmp_path, "experiments", "list", "--text", "a/50", "--output", "json", "--server", served)
    assert [one["id"] for one in json.loads(some.stdout)] == ["a/500"]
