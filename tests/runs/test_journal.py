"""Journals are read with tolerance, whoever wrote them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from app.runs import Run, RunStatus
from app.runs.journal import Activity, Journal, rebuild

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_an_interrupted_activity_has_no_status() -> None:
    journal = Journal.parse({"status": "interrupted", "run": [{"activity": {"name": "a", "type": "action"}}]})
    assert journal.activities[0].status == "interrupted"
    assert (journal.status, journal.deviated, journal.before) == (RunStatus.INTERRUPTED, False, None)


def test_an_empty_journal_is_one_of_an_interrupted_run() -> None:
    assert Journal.parse({}).status is RunStatus.INTERRUPTED


@pytest.mark.parametrize(
    ("stdout", "code", "blind"),
    [("null\n", 0, True), ("None", 0, True), ("", 0, True), ("12.5\n", 0, False), ("", 255, False)],
)
def test_an_answer_without_a_value_is_no_data(stdout: str, code: int, blind: bool) -> None:
    raw = {
        "activity": {"name": "p"},
        "output": {"status": code, "stdout": stdout, "stderr": ""},
        "status": "succeeded",
    }
    assert Activity.parse(raw).blind is blind


@pytest.mark.parametrize("tolerance", [0, [0, 3]])
def test_a_probe_that_is_judged_by_its_exit_code_needs_to_print_nothing(tolerance: object) -> None:
    raw = {
        "activity": {"name": "p", "tolerance": tolerance},
        "output": {"status": 0, "stdout": "", "stderr": ""},
        "status": "succeeded",
    }
    assert Activity.parse(raw).blind is False


def test_a_rebuilt_journal_without_any_event_can_be_read() -> None:
    run = Run(
        id=1, experiment="e", title="E", environment="t", requested_by="a", snapshot="", sha256="",
        status=RunStatus.RUNNING, created_at=NOON, document={"title": "E", "method": []},
    )  # fmt: skip
    raw = json.loads(rebuild(run, []))
    assert raw["rebuilt-by-gameday"] is True
    assert Journal.parse(raw).activities == ()
