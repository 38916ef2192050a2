"""Runs in line for a busy store: who begins when, what is looked at again, and how one gets out of it. Real children."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from app.dialects import Fault, FaultMode
from app.errors import Conflict, Invalid, KeyReused, Unavailable
from app.faults import Entry, FaultState, Store
from app.runs import Place, Run, RunStatus, Supervisor, Verdict, Wish
from app.runs.checks import Finding, refusal
from app.runs.line import heads
from app.runs.preflight import plain
from app.runs.run import InLine
from app.runs.standing import counted
from tests.waiting import until


class Door:
    """Holds runs open until a test lets them go."""

    def __init__(self, folder: Path) -> None:
        self.gate = folder / "gate"

    @property
    def activity(self) -> dict[str, Any]:
        words = f"until [ -e {self.gate} ]; do sleep 0.02; done"
        provider = {"type": "process", "path": "sh", "arguments": ["-c", words]}
        return {"type": "action", "name": "hold", "provider": provider}

    def open(self) -> None:
        self.gate.touch()


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


@pytest.fixture
def line(stage: Any) -> Any:
    stage.supervisor.start()
    return stage.runs.line


@pytest.fixture
def held(stage: Any, experiment: Any, door: Door, line: Any) -> Run:
    """A run that is armed, and does not end until the door opens."""
    run = stage.start(experiment(stage.arms(), door.activity, rollbacks=[stage.disarms()]))
    until(lambda: "armed" in stage.kinds(run))
    return run


def settled(stage: Any, run: Run) -> bool:
    return stage.runs.get(run.id).verdict is not None


def queued(stage: Any, **words: Any) -> Run:
    return stage.runs.start("one", Wish(), by="test", queue=True, **words)


def by_hand(stage: Any) -> Entry:
    """Somebody arms the store without a run."""
    now = datetime.now().astimezone()
    entry = Entry(
        id=1, store=Store(environment="test", name=str(stage.store)), run_id=None, by="maria", state=FaultState.ARMED,
        dialect="failure-lambda/0.x", fault=Fault(mode=FaultMode.DENYLIST, rate=0.5), functions=(), previous=b"{}",
        value=b"{}", created_at=now, disarm_by=now,
    )  # fmt: skip
    stage.faults.entries[1] = entry
    return entry


class Looks:
    """Preflight with findings that a test chooses."""

    def __init__(self) -> None:
        self.found: list[Finding] = []
        self.asked: list[Any] = []
        self.silent = False  # AWS

    def look(self, reading: Any, environment: Any, accepted: Any = (), stop: Any = ()) -> list[Finding]:
        self.asked.append(reading)
        return self.found

    def refuse(self, findings: list[Finding], *, dry: str | None = None, queue: bool = False) -> None:
        if self.silent:
            raise Unavailable("AWS does not answer.")
        findings = counted(findings, dry=dry, queue=queue)
        if refused := [finding for finding in findings if finding.level == "refusal"]:
            told = [plain(finding) for finding in findings]
            raise Conflict(" ".join(finding.sentence for finding in refused), findings=told)


def test_a_free_store_is_used_at_once(stage: Any, experiment: Any, line: Any) -> None:
    run = stage.start(experiment(stage.arms()), queue=True)
    assert not run.waiting
    assert stage.finish(run).verdict is Verdict.HELD


def test_runs_behind_a_busy_store_begin_one_after_the_other_in_the_order_they_came(
    stage: Any, door: Door, held: Run
) -> None:
    runs = [queued(stage) for _ in range(3)]
    assert [run.status for run in runs] == [RunStatus.QUEUED] * 3
    places = [stage.runs.line.place(run) for run in runs]
    assert [(place.position, place.run) for place in places] == [
        (1, held.id), (2, runs[0].id), (3, runs[1].id),
    ]  # fmt: skip
    assert all(stage.runs.get(run.id).started_at is None for run in runs)
    door.open()
    until(lambda: all(settled(stage, run) for run in runs))
    over = [stage.runs.get(run.id) for run in (held, *runs)]
    assert [run.verdict for run in over] == [Verdict.HELD] * 4
    for first, second in pairwise(over):
        assert first.ended_at <= second.started_at
    assert stage.runs.line.place(over[-1]) is None


def test_a_long_line_is_read_at_once_and_without_its_documents(stage: Any, experiment: Any) -> None:
    by_hand(stage)
    stage.start(experiment(stage.arms()), queue=True)
    runs = stage.runs.list() + [queued(stage) for _ in range(9)]
    asked: list[str] = []
    event.listen(
        stage.runs.rooms.storage.engine, "before_cursor_execute", lambda *told: asked.append(told[2])
    )
    assert stage.runs.line.step()
    places = stage.runs.line.places(runs)
    assert [(places[run.id].position, places[run.id].run) for run in runs[:3]] == [
        (1, None), (2, runs[0].id), (3, runs[1].id),
    ]  # fmt: skip
    assert len(places) == 10
    queries = [text for text in asked if text.startswith("SELECT")]
    assert (len(queries), any("document" in text for text in queries)) == (2, False)


@pytest.mark.parametrize(
    ("line", "first"),
    [
        ([("a", "one", False), ("a", "one", True), ("a", "two", True)], {3}),
        ([("a", "one", True), ("b", "one", True), ("a", "one", True)], {1, 2}),
        ([("a", "one two", True), ("a", "two", True), ("a", "", True), ("a", "one", True)], {1, 3}),
        ([("a", "one", False), ("a", "one two", True), ("a", "two", True)], set()),
    ],
)
def test_whose_turn_it_is(line: list[tuple[str, str, bool]], first: set[int]) -> None:
    unfinished = [
        InLine(id=number, environment=place, stores=frozenset(stores.split()), waiting=waiting)
        for number, (place, stores, waiting) in enumerate(line, start=1)
    ]
    assert heads(unfinished) == first


def test_the_last_runs_of_many_experiments_are_read_at_once(stage: Any, experiment: Any) -> None:
    by_hand(stage)
    for name in ("one", "two", "one", "one"):
        stage.start(experiment(stage.arms()), name, queue=True)
    last = stage.runs.last_of_each(["one", "two", "nobody's"], 2, "test")
    told = {name: [run.id for run in runs] for name, runs in last.items()}
    assert told == {"one": [4, 3], "two": [2], "nobody's": []}
    assert stage.runs.last_of_each(["one"], 2, "elsewhere") == {"one": []}
    assert last["one"][0] == replace(stage.runs.get(4), document={})


def test_a_run_that_does_not_queue_is_still_refused_and_passes_nobody(stage: Any, held: Run) -> None:
    waits = queued(stage)
    with pytest.raises(Conflict) as refused:
        stage.runs.start("one", Wish(), by="test")
    assert refused.value.details == {"run": held.id}
    stage.runs.rollback(held.id, by="test")
    assert stage.runs.get(waits.id)


def test_it_waits_for_a_fault_that_was_armed_by_hand(stage: Any, experiment: Any, line: Any) -> None:
    entry = by_hand(stage)
    run = stage.start(experiment(stage.arms()), queue=True)
    assert line.place(run) == Place(position=1, fault=1)
    with pytest.raises(Conflict, match="armed by hand"):
        stage.start(experiment(stage.arms()))
    stage.faults.entries[1] = replace(entry, state=FaultState.DISARMED)
    until(lambda: settled(stage, run))
    assert stage.runs.get(run.id).verdict is Verdict.HELD


def test_the_rollback_button_takes_it_out_of_the_line(stage: Any, door: Door, held: Run) -> None:
    first, second = queued(stage), queued(stage)
    done = stage.runs.rollback(first.id, by="maria")
    assert done.disarmed
    assert "never begins" in done.sentence
    assert (done.run.status, done.run.verdict) == (RunStatus.INTERRUPTED, Verdict.STOPPED)
    assert done.run.started_at is None
    assert "maria" in done.run.verdict_reason
    assert stage.runs.line.place(second).position == 1
    again = stage.runs.rollback(first.id, by="maria")
    assert "had ended already" in again.sentence
    assert "intend" not in stage.faults.calls[1:]


def test_the_safety_lever_ends_those_in_line(stage: Any, held: Run) -> None:
    waits = queued(stage)
    stage.runs.stop_all(None, by="maria", why="enough")
    until(lambda: settled(stage, waits) and settled(stage, held))
    assert stage.runs.get(waits.id).verdict is Verdict.STOPPED
    with pytest.raises(Conflict):
        queued(stage)


def test_a_lever_that_another_process_engaged_ends_those_in_line(stage: Any, held: Run) -> None:
    waits = queued(stage)
    stage.faults.lever = "by hand, elsewhere"
    until(lambda: settled(stage, waits))
    assert stage.runs.get(waits.id).stopped_by == "the safety lever"


def test_a_lever_that_is_engaged_while_its_turn_comes_ends_it_unplayed(
    stage: Any, experiment: Any, line: Any
) -> None:
    looks = stage.runs._preflight = Looks()
    entry = by_hand(stage)
    run = stage.start(experiment(stage.arms()), queue=True)

    def engaged_meanwhile(*asked: Any) -> list[Finding]:
        del asked
        stage.faults.lever = "by hand, elsewhere"
        return []

    looks.look = engaged_meanwhile
    stage.faults.entries[1] = replace(entry, state=FaultState.DISARMED)
    until(lambda: settled(stage, run))
    over = stage.runs.get(run.id)
    assert (over.stopped_by, over.started_at) == ("the safety lever", None)
    assert not {"asked", "started"} & set(stage.kinds(run))


def test_it_is_looked_at_again_when_its_turn_comes_and_a_refusal_is_its_verdict(
    stage: Any, door: Door, held: Run
) -> None:
    looks = stage.runs._preflight = Looks()
    looks.found = [refusal("armed", "It is armed.", "Wait.")]
    waits = queued(stage)
    assert waits.waiting
    looks.found = [refusal("permission", "The console may not write it.", "Allow it.")]
    door.open()
    until(lambda: settled(stage, waits))
    run = stage.runs.get(waits.id)
    assert (run.verdict, run.status) == (Verdict.NOT_STARTED, RunStatus.ABORTED)
    assert "may not write it" in run.verdict_reason
    assert len(looks.asked) == 2
    assert stage.faults.calls.count("intend") == 1


def test_a_dry_run_begins_in_its_turn_whatever_only_an_arming_one_is_refused_for(
    stage: Any, door: Door, held: Run
) -> None:
    looks = stage.runs._preflight = Looks()
    looks.found = [refusal("permission", "The console may not write it.", "Allow it.")]
    waits = stage.runs.start("one", Wish(dry="actions"), by="test", queue=True)
    assert waits.waiting
    door.open()
    until(lambda: settled(stage, waits))
    run = stage.runs.get(waits.id)
    assert (run.status, run.facts["findings"][0]["level"]) == (RunStatus.COMPLETED, "refusal")
    assert stage.faults.calls.count("intend") == 1


def test_its_turn_comes_again_where_aws_did_not_answer_at_first(stage: Any, door: Door, held: Run) -> None:
    looks = stage.runs._preflight = Looks()
    waits = queued(stage)
    looks.silent = True
    door.open()
    until(lambda: len(looks.asked) > 3)
    assert stage.runs.get(waits.id).waiting
    looks.silent = False
    until(lambda: settled(stage, waits))
    assert stage.runs.get(waits.id).verdict is Verdict.HELD


def test_what_waiting_does_not_mend_is_refused_at_once(stage: Any, held: Run) -> None:
    looks = stage.runs._preflight = Looks()
    looks.found = [refusal("unproven", "It calls something.", "Say yes.", "unproven")]
    with pytest.raises(Conflict, match="calls something"):
        queued(stage)
    assert len(stage.runs.list()) == 1


def test_a_look_refuses_what_a_start_with_the_same_words_would(stage: Any, held: Run) -> None:
    looks = stage.runs._preflight = Looks()
    assert [(found.level, found.sentence) for found in stage.runs.preflight("one", Wish())] == [
        ("refusal", f"ssm:{stage.store} is in use by run {held.id}. Wait for its end, or roll it back.")
    ]
    with pytest.raises(Conflict, match=f"is in use by run {held.id}"):
        stage.runs.start("one", Wish(), by="test")
    assert [found.level for found in stage.runs.preflight("one", Wish(), queue=True)] == ["warning"]
    looks.found = [refusal("unproven", "It calls something.", "Say yes.", "unproven")]
    assert {found.level for found in stage.runs.preflight("one", Wish(dry="actions"), queue=True)} == {
        "warning"
    }
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"stop": [{"signal": "nosuch", "above": 1}]}, "has no signal “nosuch”"),
        ({"dry": "run"}, "no kind of dry run"),
        ({"rollback_strategy": "maybe"}, "no rollback strategy"),
        ({"environment": "nowhere"}, "no environment “nowhere”"),
    ]
    for words, why in wrong:
        for ask in (stage.runs.preflight, partial(stage.runs.start, by="test")):
            with pytest.raises(Invalid, match=why):
                ask("one", Wish(**words))


@pytest.mark.parametrize(("dry", "comes_to"), [(None, Verdict.HELD), ("actions", Verdict.INCONCLUSIVE)])
def test_who_arms_by_hand_in_the_moment_of_its_turn_is_waited_for(
    stage: Any, experiment: Any, line: Any, dry: str | None, comes_to: Verdict
) -> None:
    looks = stage.runs._preflight = Looks()
    entry = by_hand(stage)
    run = stage.start(experiment(stage.arms()), queue=True, dry=dry)
    look = looks.look

    def armed_meanwhile(*asked: Any) -> list[Finding]:
        stage.faults.entries[1] = entry
        looks.look = look
        return [refusal("armed", "It is armed.", "Wait.")]

    looks.look = armed_meanwhile
    stage.faults.entries[1] = replace(entry, state=FaultState.DISARMED)
    until(lambda: looks.look is look)
    until(lambda: line.place(run) == Place(position=1, fault=1))
    assert not settled(stage, run)
    stage.faults.entries[1] = replace(entry, state=FaultState.DISARMED)
    until(lambda: settled(stage, run))
    assert stage.runs.get(run.id).verdict is comes_to


def test_a_run_in_line_that_breaks_the_console_ends_instead_of_holding_up_the_rest(
    stage: Any, door: Door, held: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, well = queued(stage), queued(stage)
    taken = stage.runs.rooms.reading.taken

    def breaks(run: Run, folder: Path) -> Any:
        if run.id == broken.id:
            raise ZeroDivisionError
        return taken(run, folder)

    monkeypatch.setattr(stage.runs.rooms.reading, "taken", breaks)
    door.open()
    until(lambda: settled(stage, well))
    assert stage.runs.get(broken.id).verdict is Verdict.NOT_STARTED
    assert stage.runs.get(well.id).verdict is Verdict.HELD


def test_ending_it_and_beginning_it_at_the_same_moment_is_one_of_both(
    stage: Any, door: Door, held: Run
) -> None:
    waits = queued(stage)
    with ThreadPoolExecutor() as pool:
        door.open()
        done = pool.submit(
            lambda: (until(lambda: stage.runs.get(held.id).ended), stage.runs.rollback(waits.id, by="m"))
        ).result()[1]
    assert done.disarmed
    until(lambda: settled(stage, waits))
    assert stage.store.read_text() == '{"isEnabled": false}'
    assert [kind for kind in stage.kinds(waits) if kind == "ended"] == ["ended"]


def test_going_down_ends_those_in_line_and_none_of_them_begins(stage: Any, held: Run) -> None:
    waits = queued(stage)
    stage.supervisor.shutdown(wait=False)
    run = stage.runs.get(waits.id)
    assert (run.status, run.verdict, run.started_at) == (RunStatus.INTERRUPTED, Verdict.STOPPED, None)
    assert "going down" in run.stopped_by


def test_after_a_crash_a_run_that_waited_is_ended_not_begun(stage: Any, experiment: Any) -> None:
    by_hand(stage)
    waits = stage.start(experiment(stage.arms()), queue=True)
    stage.faults.entries.clear()
    Supervisor(stage.runs).heal()
    assert stage.runs.line.step() is False
    run = stage.runs.get(waits.id)
    assert (run.status, run.verdict) == (RunStatus.INTERRUPTED, Verdict.STOPPED)
    assert "intend" not in stage.faults.calls


# --- keys -------------------------------------------------------------------------------------------------


def test_a_key_tells_the_first_run_again_even_while_that_holds_the_store(
    stage: Any, experiment: Any, door: Door
) -> None:
    asked = experiment(stage.arms(), door.activity)
    first = stage.start(asked, key="a", fingerprint="1")
    until(lambda: "armed" in stage.kinds(first))
    again = stage.start(asked, key="a", fingerprint="1")
    assert (again.id, again.replayed, first.replayed) == (first.id, True, False)
    door.open()


def test_eight_starts_at_once_with_one_key_are_one_run(stage: Any, experiment: Any, door: Door) -> None:
    stage.catalog.add("one", experiment(stage.arms(), door.activity))
    with ThreadPoolExecutor(8) as pool:
        runs = list(
            pool.map(lambda _: stage.runs.start("one", Wish(), key="a", fingerprint="1", by="t"), range(8))
        )
    assert len({run.id for run in runs}) == 1
    assert sum(not run.replayed for run in runs) == 1
    door.open()


def test_a_key_with_another_request_is_refused(stage: Any, experiment: Any) -> None:
    first = stage.finish(stage.start(experiment(), key="a", fingerprint="1"))
    with pytest.raises(KeyReused) as refused:
        stage.start(experiment(), key="a", fingerprint="2")
    assert isinstance(refused.value, Invalid)
    assert refused.value.details == {"run": first.id}


def test_a_run_in_line_keeps_its_key(stage: Any, held: Run) -> None:
    waits = queued(stage, key="a", fingerprint="1")
    assert queued(stage, key="a", fingerprint="1").id == waits.id
    assert stage.runs.line.place(waits).position == 1


def test_a_line_that_is_full_takes_nobody_else(
    stage: Any, held: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.runs.line.LONGEST", 2)
    waits = [queued(stage) for _ in range(2)]
    with pytest.raises(Conflict, match="2 runs wait in test already"):
        queued(stage)
    stage.runs.rollback(waits[0].id, by="test")
    again = queued(stage)
    assert stage.runs.line.place(again) == Place(position=2, run=waits[1].id)
