"""SIGKILL of the server in the middle of a pause, and what the next start makes of it."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.clock import SystemClock
from app.engine import Engine
from app.faults import Lease
from app.runs import Runs, RunStatus, Supervisor, Verdict, processes, store, supervisor
from app.runs.supervisor import end_processes
from app.settings import Environment, Settings
from app.storage import Storage
from app.storage.engine import sqlite_url
from tests.waiting import PATIENCE, until

# A server of its own: the same stand-ins, one run, and then it waits to be killed.
SERVER = """
import importlib.util, sys, threading
from pathlib import Path
from app.runs.children import start_fork_server
children = start_fork_server()
spec = importlib.util.spec_from_file_location("stage", sys.argv[1])
stand_ins = importlib.util.module_from_spec(spec)
sys.modules["stage"] = stand_ins
spec.loader.exec_module(stand_ins)
stage = next(stand_ins.stage.__wrapped__(Path(sys.argv[2]), children))
run = stage.start(stand_ins.experiment(stage.arms(pauses={"after": 60}), rollbacks=[stage.disarms()]))
while "pause" not in stage.kinds(run):
    threading.Event().wait(0.01)
print(run.id, flush=True)
threading.Event().wait()
"""


@pytest.fixture
def server(tmp_path: Path) -> Any:
    folder = tmp_path / "server"
    folder.mkdir()
    words = [sys.executable, "-c", SERVER, str(Path(__file__).with_name("conftest.py")), str(folder)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    yield process, folder
    process.kill()
    process.wait()


@pytest.mark.parametrize("both", [False, True], ids=["the server alone", "the server and the run's group"])
def test_it_is_disarmed_interrupted_and_its_journal_readable(stage: Any, server: Any, both: bool) -> None:
    process, folder = server
    run_id = int(process.stdout.readline())
    armed = folder / "store"
    again = restarted(stage, folder)
    with again.runs.rooms.storage.reading() as session:
        pid, started = store.child_of(session, run_id)
    assert pid is not None
    assert processes.started(pid) == started
    assert json.loads(armed.read_text())["isEnabled"] is True
    armed_entry(again, run_id, armed)
    process.send_signal(signal.SIGKILL)
    process.wait()
    if both:
        os.killpg(pid, signal.SIGKILL)
        until(lambda: not processes.in_group(pid))
        assert json.loads(armed.read_text())["isEnabled"] is True
    again.supervisor.heal()
    run = again.runs.get(run_id)
    assert (run.status, run.verdict) == (RunStatus.INTERRUPTED, Verdict.STOPPED)
    assert not processes.in_group(pid)
    assert json.loads(armed.read_text()) == {"isEnabled": False}
    journal = json.loads(again.runs.journal(run_id))
    assert journal["status"] == "interrupted"
    if both:
        assert journal["rebuilt-by-gameday"] is True
    again.runs.rooms.storage.close()


def restarted(stage: Any, folder: Path) -> Any:
    """A second console's rooms on the killed one's folder."""
    build = type(stage)
    settings = Settings(
        folder=folder, environments={"test": Environment(name="test")}, default_environment="test"
    )
    faults = type(stage.faults)()
    rooms = stage.runs.rooms
    runs = Runs(
        storage=Storage(sqlite_url(settings.data / "gameday.sqlite")), catalog=stage.catalog, settings=settings,
        faults=faults, metrics=rooms.metrics, evidence=rooms.evidence, aws=rooms.aws, live=stage.live,
        clock=SystemClock(), children=rooms.children, reading=rooms.reading, patience=rooms.patience,
    )  # fmt: skip
    return build(
        folder, stage.catalog, faults, stage.evidence, stage.live, runs, Supervisor(runs), folder / "store"
    )


def armed_entry(again: Any, run_id: int, armed: Path) -> None:
    """The ledger of the stand-ins is in memory: say again what the killed server had written down."""
    value = armed.read_text()
    armed.write_text('{"isEnabled": false}')
    entry = again.faults.intend(Lease(
        store=again.runs.rooms.reading.store("test", "ssm", str(armed)), value=value, run_id=str(run_id),
        announced=(value,), safe_value=None, by="test", dialect="failure-lambda/0.x", functions=("transform",),
        fault=again.faults.understand("test", armed, value).fault, disarm_by=datetime.now(UTC),
    ))  # fmt: skip
    armed.write_text(value)
    again.faults.confirm(entry.id)


def test_a_run_that_can_not_be_ended_is_in_nobodys_way(
    stage: Any, experiment: Any, caplog: pytest.LogCaptureFixture
) -> None:
    stage.runs.dispatch.enqueue = lambda _: None  # as if killed right after the row
    broken, other = stage.start(experiment(), "one"), stage.start(experiment(stage.arms()), "two")
    disarm_run = stage.faults.disarm_run

    def raising(run_id: str, **words: Any) -> Any:
        if run_id == str(broken.id):
            raise OSError("No space left on device")
        return disarm_run(run_id, **words)

    stage.faults.disarm_run = raising
    stage.supervisor.heal()
    assert not stage.runs.get(broken.id).ended
    assert stage.runs.get(other.id).verdict is Verdict.STOPPED
    assert f"Run {broken.id} could not be ended" in caplog.text


def test_a_run_whose_end_hangs_is_waited_for_only_so_long(
    stage: Any, experiment: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stage.runs.dispatch.enqueue = lambda _: None
    hanging, other = stage.start(experiment(), "one"), stage.start(experiment(), "two")
    disarm_run, answers = stage.faults.disarm_run, threading.Event()

    def dawdling(run_id: str, **words: Any) -> Any:
        if run_id == str(hanging.id):
            answers.wait(PATIENCE)
        return disarm_run(run_id, **words)

    stage.faults.disarm_run = dawdling
    monkeypatch.setattr(supervisor, "HEALED_WITHIN", 1.0)
    stage.supervisor.heal()
    assert "Runs are still being ended" in caplog.text
    until(lambda: stage.runs.get(other.id).verdict is Verdict.STOPPED)
    assert not stage.runs.get(hanging.id).ended
    answers.set()
    until(lambda: stage.runs.get(hanging.id).verdict is Verdict.STOPPED)


@pytest.mark.parametrize("runs", [0, 3, 20])
def test_every_run_is_healed_once_however_many_there_are(runs: int) -> None:
    healed: queue.SimpleQueue[int] = queue.SimpleQueue()
    assert supervisor.at_once([partial(healed.put, number) for number in range(runs)], within=60)
    assert sorted(healed.get_nowait() for _ in range(healed.qsize())) == list(range(runs))


def test_the_guardian_is_at_work_whatever_becomes_of_the_repair() -> None:
    began: list[str] = []

    def breaks() -> None:
        raise OSError("the disk is gone")

    engine = Engine(
        console=SimpleNamespace(usage=SimpleNamespace(start=lambda: began.append("usage"))),
        guardian=SimpleNamespace(start=lambda: began.append("guardian")),
        supervisor=SimpleNamespace(heal=breaks),
        poller=None, aftermath=None, sender=None, scheduler=None,
    )  # fmt: skip
    with pytest.raises(OSError, match="the disk is gone"):
        engine.attend()
    assert "guardian" in began


def test_a_run_of_an_environment_that_is_there_no_more_is_ended_too(stage: Any, experiment: Any) -> None:
    stage.runs.dispatch.enqueue = lambda _: None
    query = SimpleNamespace(id="q")
    words = {"tolerance": None, "tolerance_text": "", "query": query, "unit": "", "terms": ()}
    stage.runs.rooms.reading.signals = [SimpleNamespace(key="k", id="q", name="n", **words)]
    run = stage.start(experiment())
    again = restarted(stage, stage.folder)
    rooms = again.runs.rooms
    object.__setattr__(rooms.settings, "environments", {"other": Environment(name="other")})
    again.supervisor.heal()
    assert again.runs.get(run.id).verdict is Verdict.STOPPED
    rooms.storage.close()


def test_a_process_of_somebody_else_with_the_same_id_is_left_alone() -> None:
    bystander = subprocess.Popen(["sleep", "30"], start_new_session=True)
    try:
        run: Any = None
        end_processes(run, bystander.pid, (processes.started(bystander.pid) or 0) - 1)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()
