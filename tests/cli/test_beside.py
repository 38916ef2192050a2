"""A sandbox keeps data of its own: a command on its folder says that it is there, rather than that there is nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.sandbox.lifecycle import Plan, only_one
from tests.cli.typed import typed

HINT = "A sandbox is at work here: add --server http://127.0.0.1:8123"
LISTS = [("runs", "list"), ("experiments", "list"), ("faults", "list"), ("schedules", "list")]


@pytest.mark.parametrize("words", LISTS)
@pytest.mark.parametrize("inside", [".", "gameday-sandbox"])
def test_lists_name_the_sandbox_that_is_at_work(tmp_path: Path, words: tuple[str, ...], inside: str) -> None:
    plan = Plan(folder=tmp_path / inside, port=8123, aws_port=0, speed=1)
    with only_one(plan):
        assert typed(tmp_path, *words).stderr == f"{HINT}\n"
    over = typed(tmp_path, *words)
    assert HINT not in over.stderr
    assert over.stdout + over.stderr  # what there is, or what to do


def test_disarm_says_where_its_faults_are_disarmed(tmp_path: Path) -> None:
    with only_one(Plan(folder=tmp_path, port=8123, aws_port=0, speed=1)):
        done = typed(tmp_path, "disarm", "--environment", "nowhere", "ssm:x")
    assert "gameday stop-all --server http://127.0.0.1:8123" in done.stderr
