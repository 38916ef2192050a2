"""What there is not: the nearest that there is, and the command that lists them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_run import experiment
from tests.cli.typed import typed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lab = tmp_path / "experiments" / "etl"
    lab.mkdir(parents=True)
    (lab / "strict.json").write_text(json.dumps(experiment("true")))
    return tmp_path


@pytest.mark.parametrize("words", [("experiments", "show"), ("run",), ("run", "--check")])
def test_the_nearest_experiment_is_named(folder: Path, words: tuple[str, ...]) -> None:
    done = typed(folder, *words, "etl/stric")
    assert done.returncode == 2
    assert "Did you mean etl/strict?" in done.stderr
    assert "`gameday experiments list` has them." in done.stderr
    assert "Did you mean" not in typed(folder, *words, "zzz").stderr


@pytest.mark.parametrize(
    ("noun", "key", "told"),
    [
        ("runs", "abc", "“abc” is no number of a run."),
        ("runs", "7", "There is no run 7."),
        ("faults", "x", "“x” is no number of a fault."),
        ("schedules", "x", "“x” is no number of a schedule."),
        ("schedules", "9", "There is no schedule 9."),
    ],
)
def test_a_number_that_is_none_is_said(folder: Path, noun: str, key: str, told: str) -> None:
    done = typed(folder, noun, "show", key)
    assert done.returncode == 2
    assert f"{told} `gameday {noun} list` has them." in done.stderr
