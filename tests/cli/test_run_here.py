"""`gameday run FILE` and `gameday run ID` without a console, as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_run import experiment, process
from tests.test_main import GAMEDAY

CHAOS = str(Path(sys.executable).parent / "chaos")


def gameday(folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [GAMEDAY, "run", *words], cwd=folder, capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, **environ},
    )  # fmt: skip


def write(path: Path, document: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize(
    ("probe", "method", "code", "verdict"),
    [
        ("true", "true", 0, "held"),
        ("test ! -e broken", "touch broken", 1, "deviated"),
        ("false", "true", 3, "not started"),
    ],
)
def test_a_file_from_anywhere_has_the_outcome_of_chaos_run(
    tmp_path: Path, probe: str, method: str, code: int, verdict: str
) -> None:
    file = write(tmp_path / "elsewhere" / "e.json", experiment(probe, process("do", method)))
    here = tmp_path / "here"
    here.mkdir()

    done = gameday(here, str(file), "--journal", "ours.json", "--rollback-strategy", "default")

    assert (done.returncode, f"{verdict}: " in done.stdout) == (code, True), done.stdout + done.stderr
    (here / "broken").unlink(missing_ok=True)
    subprocess.run([CHAOS, "--no-log-file", "run", str(file)], cwd=here, check=False, capture_output=True)
    ours, theirs = (json.loads((here / name).read_text()) for name in ("ours.json", "journal.json"))
    for key in ("status", "deviated", "experiment", "rollbacks"):
        assert ours[key] == theirs[key]


def test_it_runs_where_the_caller_is_with_the_callers_own_variables(tmp_path: Path) -> None:
    document = experiment("true", process("look", 'printf "%s %s" "$PWD" "$MINE" > seen'))
    write(tmp_path / "files" / "e.json", document)
    (tmp_path / "here").mkdir()
    done = gameday(tmp_path / "here", "../files/e.json", MINE="yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "here" / "seen").read_text() == f"{tmp_path / 'here'} yes"


def test_an_id_runs_in_a_snapshot_without_the_callers_variables(tmp_path: Path) -> None:
    document = experiment("true", process("look", f'printf "%s %s" "$PWD" "$MINE" > {tmp_path}/seen'))
    write(tmp_path / "experiments" / "e.json", document)
    assert gameday(tmp_path, "e").returncode == 2  # what it does is not undone, and nobody has accepted that
    done = gameday(tmp_path, "e", "--accept", "unproven", MINE="yes")
    assert done.returncode == 0, done.stdout + done.stderr
    where, _, mine = (tmp_path / "seen").read_text().partition(" ")
    assert (Path(where).name, mine) == ("snapshot", "")


@pytest.mark.parametrize("text", ['{"title": "x", "method": [', '{"title": "x", "method": [{}]}', "[]"])
def test_what_chaos_toolkit_refuses_is_a_mistake_with_its_lines(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.json").write_text(text)
    done = gameday(tmp_path, "bad.json")
    assert (done.returncode, "bad.json:" in done.stderr) == (2, True), done.stdout + done.stderr


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    done = gameday(tmp_path, "nothing.json")
    assert (done.returncode, "There is no file nothing.json" in done.stderr) == (2, True)
