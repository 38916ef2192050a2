"""A start that the console's end overtakes: it begins nothing, says so, and the same key begins it the next time."""

from __future__ import annotations

import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.cli.run.asked import Asked
from app.cli.run.follow import Presses, follow
from app.cli.run.here import Here, start
from app.errors import Unavailable
from app.runs import RunStatus, Supervisor, Verdict
from tests.runs.test_a_run import GETPID
from tests.waiting import until


@pytest.fixture
def goes_down(stage: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the console go down right before one of its rooms does something."""

    def before(room: Any, name: str) -> None:
        does = getattr(room, name)

        def after_the_end(*asked: Any) -> Any:
            stage.supervisor.shutdown()
            return does(*asked)

        monkeypatch.setattr(room, name, after_the_end)

    return before


def restarted(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    stage.runs.dispatch._open = True
    Supervisor(stage.runs).heal()


def test_a_start_whose_look_took_too_long_is_written_nowhere(
    stage: Any, experiment: Any, goes_down: Any
) -> None:
    goes_down(stage.runs.rooms.reading, "read")
    with pytest.raises(Unavailable, match="going down"):
        stage.start(experiment(GETPID), key="fire 1")
    assert stage.runs.list() == []


@pytest.mark.parametrize("queue", [False, True])
def test_a_start_that_was_written_and_never_began_leaves_its_key_to_the_next_try(
    stage: Any, experiment: Any, goes_down: Any, monkeypatch: pytest.MonkeyPatch, *, queue: bool
) -> None:
    if queue:
        held = stage.start(experiment(stage.arms(pauses={"after": 60})))
        until(lambda: "armed" in stage.kinds(held))
    goes_down(stage.runs.rooms.reading, "snapshot")
    asked = experiment(stage.arms()) if queue else experiment(GETPID)
    with pytest.raises(Unavailable, match="going down"):
        stage.start(asked, key="fire 1", queue=queue)
    left = stage.runs.get(stage.runs.list()[0].id)
    assert (left.status, left.verdict, left.started_at) == (RunStatus.INTERRUPTED, Verdict.STOPPED, None)
    assert left.stopped_by == "the console, going down"
    assert stage.kinds(left) == ["queued", "note", "ended", "verdict"]
    assert stage.runs.started_with("fire 1") is None
    restarted(stage, monkeypatch)
    again = stage.finish(stage.start(experiment(GETPID), key="fire 1"))
    assert (again.replayed, again.status) == (False, RunStatus.COMPLETED)
    assert stage.runs.get(left.id) == left
    assert not queue or stage.runs.get(held.id).ended


def test_a_ctrl_c_before_a_run_here_began_leaves_its_key_to_the_next_try(
    stage: Any, experiment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.catalog.add("one", experiment(GETPID))
    asked, presses = Asked(source="one", folder=Path(), key="nightly"), Presses()
    engine = SimpleNamespace(console=SimpleNamespace(runs=stage.runs))

    def pressed(_run_id: int) -> None:
        presses.press(signal.SIGINT)

    with monkeypatch.context() as meanwhile, pytest.raises(KeyboardInterrupt):
        meanwhile.setattr(stage.runs.dispatch, "enqueue", pressed)
        start(engine, asked, presses)  # type: ignore[arg-type]
    (left,) = stage.runs.list()
    assert (left.status, left.started_at) == (RunStatus.INTERRUPTED, None)
    assert str(left.stopped_by).startswith("Ctrl-C (")
    again = stage.finish(start(engine, asked, Presses()))  # type: ignore[arg-type]
    assert (again.id, again.status) == (left.id + 1, RunStatus.COMPLETED)


def test_a_terminal_that_closes_while_a_run_here_begins_is_heeded_once_it_is_watched(
    stage: Any, experiment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.catalog.add("one", experiment(stage.arms(pauses={"after": 60})))
    asked, presses = Asked(source="one", folder=Path(), key="nightly"), Presses()
    engine = SimpleNamespace(console=SimpleNamespace(runs=stage.runs))
    enqueue = stage.runs.dispatch.enqueue

    def closed(run_id: int) -> None:
        enqueue(run_id)
        presses.press(signal.SIGHUP)

    monkeypatch.setattr(stage.runs.dispatch, "enqueue", closed)
    run = start(engine, asked, presses)  # type: ignore[arg-type]
    assert (presses.count, presses.last, presses.counting) == (1, "SIGHUP", True)
    show = SimpleNamespace(event=lambda _: None, frame=lambda _: None, tell=lambda _: None)
    follow(Here(engine, run.id), presses, show)  # type: ignore[arg-type]
    assert str(stage.runs.get(run.id).stopped_by).startswith("SIGHUP (")
