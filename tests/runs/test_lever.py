"""The safety lever against a run that is about to begin: whoever is first, nothing of it is played afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.errors import Conflict
from app.runs import RunStatus, Verdict


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "marker"


@pytest.fixture
def marks(marker: Path, experiment: Any) -> dict[str, Any]:
    """An experiment that is no fault anybody recognises: only the lever itself keeps it from being played."""
    provider = {"type": "process", "path": "touch", "arguments": [str(marker)]}
    return dict(experiment({"type": "action", "name": "mark", "provider": provider}))


def test_a_lever_that_is_engaged_while_a_start_is_prepared_refuses_it(
    stage: Any, marks: dict[str, Any], marker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = stage.runs.rooms.reading
    snapshot = reading.snapshot

    def engaged_meanwhile(*asked: Any) -> Any:
        assert stage.runs.stop_all(None, by="ann", why="outage")[1] == []
        return snapshot(*asked)

    monkeypatch.setattr(reading, "snapshot", engaged_meanwhile)
    with pytest.raises(Conflict, match="outage"):
        stage.start(marks)
    assert stage.runs.list() == []
    assert list((stage.runs.rooms.settings.data / "runs").iterdir()) == []
    assert not marker.exists()


def test_a_lever_that_another_process_engages_before_a_run_begins_ends_it_unplayed(
    stage: Any, marks: dict[str, Any], marker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueue = stage.runs.dispatch.enqueue

    def engaged_meanwhile(run_id: int) -> None:
        stage.faults.lever = "by hand, elsewhere"
        enqueue(run_id)

    monkeypatch.setattr(stage.runs.dispatch, "enqueue", engaged_meanwhile)
    run = stage.finish(stage.start(marks))
    assert (run.status, run.verdict) == (RunStatus.INTERRUPTED, Verdict.STOPPED)
    assert (run.stopped_by, run.started_at) == ("the safety lever", None)
    assert stage.kinds(run) == ["queued", "note", "ended", "verdict"]
    assert not marker.exists()


def test_a_run_that_is_stopped_before_its_process_is_there_gets_none(
    stage: Any, marks: dict[str, Any], marker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attend = stage.runs.dispatch._attend

    def stopped(run_id: int) -> Any:
        attendance = attend(run_id)
        assert attendance.forbid(by="maria")
        assert not attendance.signal()
        return attendance

    monkeypatch.setattr(stage.runs.dispatch, "_attend", stopped)
    run = stage.finish(stage.start(marks))
    assert (run.verdict, run.stopped_by) == (Verdict.STOPPED, "maria")
    assert "Ended before it began, by maria." in [e.data.get("text") for e in stage.runs.events(run.id)]
    assert not marker.exists()
