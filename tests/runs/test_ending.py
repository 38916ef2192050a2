"""Rollback, stopping and shutdown, with real processes."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from app.errors import Conflict
from app.faults import FaultState
from app.runs import RunStatus, Verdict, processes, store
from app.runs.runs import NEVER_BEGAN
from tests.waiting import PATIENCE, until

SLEEP = {
    "type": "action",
    "name": "sleep",
    "provider": {"type": "process", "path": "sleep", "arguments": ["60"]},
}
PYTHON = {
    "type": "action",
    "name": "python",
    "provider": {"type": "python", "module": "dawdling", "func": "dawdle"},
}


def is_off(stage: Any) -> bool:
    return json.loads(stage.store.read_text()) == {"isEnabled": False}


@pytest.mark.parametrize("last", [None, SLEEP, PYTHON], ids=["pause", "process", "python"])
def test_the_button_ends_whatever_is_going_on(stage: Any, experiment: Any, last: Any) -> None:
    method = [stage.arms(pauses={"after": 60})] if last is None else [stage.arms(), last]
    run = stage.start(experiment(*method, rollbacks=[stage.disarms()]))
    awaited = "pause" if last is None else "before-activity"
    until(lambda: stage.kinds(run).count(awaited) == len(method))
    answer = stage.runs.rollback(run.id, by="ann")
    assert answer.disarmed
    assert answer.sentence == "Disarmed and read back. The run has ended."
    ended = stage.finish(run)
    assert (ended.status, ended.verdict, ended.stopped_by) == (RunStatus.INTERRUPTED, Verdict.STOPPED, "ann")
    assert is_off(stage)
    journal = json.loads(stage.runs.journal(run.id))
    assert [activity["status"] for activity in journal["rollbacks"]] == ["succeeded"]


def test_pressed_twice_and_pressed_after_the_end(stage: Any, experiment: Any) -> None:
    run = stage.start(experiment(stage.arms(pauses={"after": 60}), rollbacks=[stage.disarms()]))
    until(lambda: "pause" in stage.kinds(run))
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda by: stage.runs.rollback(run.id, by=by), ["ann", "bob"]))
    assert all(answer.disarmed for answer in answers)
    assert len({answer.sentence for answer in answers}) == 2
    stage.finish(run)
    later = stage.runs.rollback(run.id, by="eve")
    assert later.disarmed
    assert later.sentence == "The run had ended already. Nothing of this run is armed."
    assert later.run.stopped_by in ("ann", "bob")


def test_pressed_after_the_end_it_says_who_holds_the_store_now(stage: Any, experiment: Any) -> None:
    over = stage.finish(stage.start(experiment(stage.arms(), rollbacks=[stage.disarms()])))
    other = stage.start(experiment(stage.arms(pauses={"after": 60}), rollbacks=[stage.disarms()]))
    until(lambda: "armed" in stage.kinds(other))
    said = stage.runs.rollback(over.id, by="eve").sentence
    assert said.startswith("The run had ended already. Nothing of this run is armed.")
    assert f"is armed by run {other.id}, and stays so" in said
    stage.runs.rollback(other.id, by="eve")
    stage.finish(other)


def test_pressed_while_arming_nothing_is_armed_afterwards(stage: Any, experiment: Any) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def linger() -> None:
        reached.set()
        go_on.wait(PATIENCE)

    stage.faults.on_intend = linger
    run = stage.start(experiment(stage.arms(), SLEEP))
    assert reached.wait(PATIENCE)
    with ThreadPoolExecutor(1) as pool:
        pressed = pool.submit(stage.runs.rollback, run.id, by="ann")
        go_on.set()
        assert pressed.result(20).disarmed
    assert is_off(stage)


def test_pressed_while_aws_does_not_answer_a_later_activity_it_disarms_at_once(
    stage: Any, experiment: Any
) -> None:
    reached, answers = threading.Event(), threading.Event()

    def hang() -> None:
        if "confirm" in stage.faults.calls:  # the second fault's: the first one is armed
            reached.set()
            answers.wait(PATIENCE)

    stage.faults.on_intend = hang
    run = stage.start(experiment(stage.arms(), {**stage.arms(), "name": "Arm again"}))
    assert reached.wait(PATIENCE)
    with ThreadPoolExecutor(1) as pool:
        pressed = pool.submit(stage.runs.rollback, run.id, by="ann")
        try:
            until(lambda: is_off(stage))
            assert not pressed.done()
        finally:
            answers.set()
        assert pressed.result(20).disarmed
    assert is_off(stage)


def test_pressed_before_anybody_attends_to_it_the_run_never_begins(stage: Any, experiment: Any) -> None:
    enqueue, pressed = stage.runs.dispatch.enqueue, []

    def press_first(run_id: int) -> None:
        pressed.append(stage.runs.rollback(run_id, by="ann"))
        enqueue(run_id)

    stage.runs.dispatch.enqueue = press_first
    stage.runs.rooms.reading.signals = [
        SimpleNamespace(key="k", id="q", name="n", query=SimpleNamespace(id="q"), tolerance=None,
                        tolerance_text="", unit="", terms=()),
    ]  # fmt: skip
    run = stage.finish(stage.start(experiment(stage.arms())))
    assert (pressed[0].disarmed, pressed[0].sentence) == (True, NEVER_BEGAN)
    assert (run.status, run.verdict, run.stopped_by) == (RunStatus.INTERRUPTED, Verdict.STOPPED, "ann")
    assert "started" not in stage.kinds(run)
    assert is_off(stage)
    assert stage.runs.rooms.metrics.watched == []


def test_a_status_that_nobody_knows_is_an_interruption(stage: Any, experiment: Any) -> None:
    (stage.folder / "bin" / "odd.py").write_text(
        "def after_experiment_control(context, state, **words):\n    state['status'] = 'odd'\n"
    )
    odd = {"name": "odd", "provider": {"type": "python", "module": "odd"}}
    run = stage.finish(stage.start(experiment(controls=[odd])))
    assert json.loads(stage.runs.journal(run.id))["status"] == "odd"
    assert run.status is RunStatus.INTERRUPTED


def test_a_write_on_its_way_when_the_run_is_ended_does_not_stay(stage: Any, experiment: Any) -> None:
    arms = stage.arms()
    arms["provider"]["arguments"] = arms["provider"]["arguments"].replace("ssm", "ssm", 1)
    run = stage.start(experiment({**arms, "provider": {**arms["provider"], "path": "env", "arguments":
        "AWS_DELAY=1 aws " + arms["provider"]["arguments"]}}))  # fmt: skip
    until(lambda: "before-activity" in stage.kinds(run))
    assert stage.runs.rollback(run.id, by="ann").disarmed
    with stage.runs.rooms.storage.reading() as session:
        pid, _ = store.child_of(session, run.id)
    assert pid is not None
    assert not processes.in_group(pid)
    assert is_off(stage)


def test_rollbacks_are_played_to_their_end(stage: Any, experiment: Any) -> None:
    """Neither a second press nor a signal from outside may cut them short."""
    slow = {
        "type": "action",
        "name": "slow",
        "provider": {"type": "process", "path": "sleep", "arguments": ["0.7"]},
    }
    marks = {
        "type": "action", "name": "mark",
        "provider": {"type": "process", "path": "touch", "arguments": [str(stage.folder / "mark")]},
    }  # fmt: skip
    run = stage.start(experiment({**SLEEP}, rollbacks=[slow, marks]))
    until(lambda: "before-activity" in stage.kinds(run))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(stage.runs.rollback, run.id, by="ann")
        until(lambda: "rollbacks" in stage.kinds(run))
        stage.runs.dispatch.attending(
            run.id
        )._child._told_to_stop = False  # as if somebody else had the right
        stage.runs.dispatch.attending(run.id)._child.stop()
        stage.runs.rollback(run.id, by="bob")
        first.result(20)
    assert (stage.folder / "mark").exists()
    journal = json.loads(stage.runs.journal(run.id))
    assert [activity["status"] for activity in journal["rollbacks"]] == ["succeeded", "succeeded"]


def test_a_child_that_will_not_end_is_killed_and_its_journal_rebuilt(stage: Any, experiment: Any) -> None:
    run = stage.start(experiment(stage.arms(), SLEEP))
    until(lambda: stage.kinds(run).count("before-activity") == 2)
    attendance = stage.runs.dispatch.attending(run.id)
    attendance.forbid(by="ann")
    attendance.kill()
    ended = stage.finish(run)
    journal = json.loads(stage.runs.journal(run.id))
    assert journal["rebuilt-by-gameday"] is True
    assert journal["run"][0]["status"] == "succeeded"
    assert "status" not in journal["run"][1]
    assert (ended.status, str(ended.journal_state)) == (RunStatus.INTERRUPTED, "rebuilt")
    assert is_off(stage)


def test_going_down_ends_every_run_and_disarms(stage: Any, experiment: Any) -> None:
    run = stage.start(experiment(stage.arms(pauses={"after": 60}), rollbacks=[stage.disarms()]))
    until(lambda: "pause" in stage.kinds(run))
    stage.supervisor.shutdown()
    ended = stage.finish(run)
    assert (ended.status, ended.verdict) == (RunStatus.INTERRUPTED, Verdict.STOPPED)
    assert is_off(stage)


def test_in_a_hurry_rollbacks_are_not_waited_for_but_all_is_disarmed(stage: Any, experiment: Any) -> None:
    run = stage.start(experiment(stage.arms(pauses={"after": 60}), rollbacks=[SLEEP]))
    until(lambda: "pause" in stage.kinds(run))
    hurry = threading.Event()
    hurry.set()
    stage.supervisor.shutdown(hurry=hurry)
    assert is_off(stage)
    assert stage.finish(run).status is RunStatus.INTERRUPTED


def test_the_lease_is_renewed_while_the_child_lives(stage: Any, experiment: Any) -> None:
    run = stage.start(experiment(stage.arms(pauses={"after": 60})))
    until(lambda: stage.faults.calls.count("renew") >= 2)
    stage.runs.rollback(run.id, by="ann")


@pytest.mark.parametrize("state", [FaultState.DISARMED, FaultState.FLUSHING])
def test_a_run_whose_fault_the_guardian_took_away_is_ended(
    stage: Any, experiment: Any, state: FaultState
) -> None:
    run = stage.start(experiment(stage.arms(pauses={"after": 60})))
    until(lambda: "pause" in stage.kinds(run))
    over = stage.faults.disarm(1, by="the guardian", why="its deadline has passed")
    stage.faults.entries[1] = replace(over, state=state)
    ended = stage.finish(run)
    assert (ended.verdict, ended.stopped_by) == (Verdict.STOPPED, "the guardian")


def test_the_safety_lever_interrupts_every_run_and_lets_none_start(stage: Any, experiment: Any) -> None:
    document = experiment(stage.arms(pauses={"after": 60}), rollbacks=[stage.disarms()])
    run = stage.start(document)
    until(lambda: "pause" in stage.kinds(run))
    _, told_to_end = stage.runs.stop_all(None, by="ann", why="customers call")
    assert [stopped.id for stopped in told_to_end] == [run.id]
    assert is_off(stage)
    ended = stage.finish(run)
    assert (ended.status, ended.verdict) == (RunStatus.INTERRUPTED, Verdict.STOPPED)
    assert ended.stopped_by == "the safety lever, engaged by ann"
    with pytest.raises(Conflict, match="customers call"):
        stage.start(document)


def test_a_lever_that_another_process_engaged_interrupts_a_run_that_has_armed_nothing(
    stage: Any, experiment: Any
) -> None:
    run = stage.start(experiment(SLEEP))
    until(lambda: "before-activity" in stage.kinds(run))
    stage.faults.lever = "customers call"
    ended = stage.finish(run)
    assert (ended.status, ended.stopped_by) == (RunStatus.INTERRUPTED, "the safety lever")
