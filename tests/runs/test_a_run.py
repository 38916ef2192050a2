"""One run from its request to its verdict, with a real child."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.errors import Conflict, Invalid, NotFound, Unavailable
from app.runs import JournalState, RunStatus, Verdict, Wish

GETPID = {
    "type": "action",
    "name": "nothing",
    "provider": {"type": "python", "module": "os", "func": "getpid"},
}


def test_it_runs_and_keeps_the_journal(stage: Any, experiment: Any) -> None:
    run = stage.finish(stage.start(experiment(GETPID)))
    assert (run.status, run.deviated, run.verdict) == (RunStatus.COMPLETED, False, Verdict.HELD)
    assert run.journal_state is JournalState.KEPT
    assert json.loads(stage.runs.journal(run.id))["run"][0]["status"] == "succeeded"
    assert b"Action: nothing" in stage.runs.console_log(run)
    assert stage.runs.console_log(run, 9) == stage.runs.console_log(run)[-9:]


def test_its_events_are_numbered_without_a_gap(stage: Any, experiment: Any) -> None:
    run = stage.finish(stage.start(experiment(GETPID)))
    events = stage.runs.events(run.id)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert events[0].kind == "queued"
    assert [event.kind for event in events][-2:] == ["ended", "verdict"]
    assert stage.runs.events(run.id, after=3)[0].seq == 4


def test_a_second_start_with_the_same_key_is_the_first_one(stage: Any, experiment: Any) -> None:
    stage.catalog.add("one", experiment(GETPID))
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: stage.runs.start("one", Wish(), key="job 7", by="test"), range(8)))
    assert len({run.id for run in runs}) == 1
    stage.finish(runs[0])
    assert stage.runs.start("one", Wish(), key="job 7", by="test").id == runs[0].id
    assert stage.runs.start("one", Wish(), key="job 8", by="test").id != runs[0].id


def test_a_run_knows_the_schedule_that_asked_for_it(stage: Any, experiment: Any) -> None:
    run = stage.finish(stage.start(experiment(GETPID), schedule=7))
    by_hand = stage.finish(stage.start(experiment(GETPID)))
    assert (run.schedule, by_hand.schedule) == (7, None)
    assert stage.runs.those([run.id, 99])[run.id].schedule == 7
    span = {
        "begin": run.created_at,
        "end": by_hand.created_at + timedelta(microseconds=1),
        "newest": True,
        "limit": 9,
    }
    assert stage.runs.marks("test", **span) == [(by_hand.created_at, by_hand.id)]
    assert stage.runs.marks("elsewhere", **span) == []


def test_what_else_a_run_changes_is_kept_with_its_fault(stage: Any, experiment: Any) -> None:
    stage.runs.rooms.reading.unproven = (
        SimpleNamespace(activity="Delete", phase="method", what="runs `rm`"),
    )
    run = stage.finish(stage.start(experiment(stage.arms(), stage.disarms())))
    (entry,) = stage.faults.for_run(str(run.id))
    assert entry.plan.by_hand == "“Delete” runs `rm`"


def test_it_arms_only_what_the_ledger_knows_and_disarms_at_the_end(stage: Any, experiment: Any) -> None:
    run = stage.finish(stage.start(experiment(stage.arms(), rollbacks=[stage.disarms()])))
    kinds = stage.kinds(run)
    assert (
        kinds.index("asked") < kinds.index("before-activity") < kinds.index("armed") < kinds.index("disarmed")
    )
    assert run.verdict is Verdict.HELD
    assert run.account == "000000000000"
    assert not stage.faults.for_run(str(run.id))[0].active


def test_a_fault_without_a_rollback_is_disarmed_all_the_same(stage: Any, experiment: Any) -> None:
    stage.finish(stage.start(experiment(stage.arms())))
    assert json.loads(stage.store.read_text()) == {"isEnabled": False}


def test_the_value_is_translated_for_the_function_and_the_file_kept(stage: Any, experiment: Any) -> None:
    written = stage.arms().copy()
    written["provider"] = {
        **written["provider"],
        "arguments": written["provider"]["arguments"].replace("denylist", "blacklist"),
    }
    probe = {
        "type": "probe", "name": "look", "provider": {"type": "process", "path": "cat", "arguments": str(stage.store)},
    }  # fmt: skip
    run = stage.finish(stage.start(experiment(written, probe, {**written, "name": "again"})))
    journal = json.loads(stage.runs.journal(run.id))
    assert "translated" in stage.kinds(run)
    assert "denylist" in journal["run"][0]["activity"]["provider"]["arguments"]
    assert "denylist" in journal["run"][1]["output"]["stdout"]
    assert journal["experiment"]["method"][0] == written


def test_a_fault_that_never_fired_teaches_nothing(stage: Any, experiment: Any) -> None:
    stage.evidence.hit = 0
    run = stage.finish(stage.start(experiment(stage.arms())))
    assert run.verdict is Verdict.INCONCLUSIVE
    assert "never fired" in str(run.verdict_reason)


def test_a_write_that_is_no_fault_needs_a_yes(stage: Any, experiment: Any) -> None:
    odd = '{"is_enabled": "oddly"}'  # armed, and no fault that is known
    run = stage.finish(stage.start(experiment(stage.arms(value=odd))))
    assert run.verdict is Verdict.NOT_STARTED
    assert "no fault that this console can undo or prove" in str(run.verdict_reason)
    assert json.loads(stage.store.read_text()) == {"isEnabled": False}
    stage.runs.rooms.reading.unproven = [SimpleNamespace(activity="Arm", phase="method", what="runs `aws`")]
    stage.finish(stage.start(experiment(stage.arms(value=odd)), accept=["unproven"]))
    assert stage.store.read_text() == odd


@pytest.mark.parametrize("struck", [1, 2])
def test_of_two_faults_both_must_have_fired(stage: Any, experiment: Any, struck: int) -> None:
    other = stage.folder / "other"
    other.write_text('{"isEnabled": false}')
    second = stage.arms()
    second["provider"]["arguments"] = second["provider"]["arguments"].replace(str(stage.store), str(other))

    def of(entry: Any) -> Any:
        hit = 5 if entry.id == struck else 0
        return SimpleNamespace(hit=hit, interceptions=hit, can_see=True, why="")

    stage.evidence.of = of
    run = stage.finish(stage.start(experiment(stage.arms(), {**second, "name": "Arm the other"})))
    assert len(stage.faults.entries) == 2
    assert (run.verdict, "never fired" in str(run.verdict_reason)) == (Verdict.INCONCLUSIVE, True)


def test_an_experiment_that_does_not_load_is_said_to_be_broken(stage: Any, experiment: Any) -> None:
    run = stage.finish(
        stage.start({"title": "T", "description": "d", "method": [{"type": "action", "name": "x"}]})
    )
    assert (run.status, run.verdict) == (RunStatus.ABORTED, Verdict.FAILED)
    assert "provider" in str(run.verdict_reason)


def test_a_store_is_armed_by_one_run_at_a_time(stage: Any, experiment: Any) -> None:
    first = stage.start(experiment(stage.arms(pauses={"after": 60})))
    with pytest.raises(Conflict) as refusal:
        stage.start(experiment(stage.arms()), name="two")
    assert refusal.value.details["run"] == first.id
    assert stage.runs.rollback(first.id, by="test").disarmed


def test_what_is_asked_for_must_exist(stage: Any, experiment: Any) -> None:
    with pytest.raises(NotFound):
        stage.runs.start("nowhere", Wish(), by="test")
    stage.catalog.add("broken", experiment(), valid=False)
    with pytest.raises(Invalid):
        stage.runs.start("broken", Wish(), by="test")
    for wrong in ({"environment": "mars"}, {"rollback_strategy": "maybe"}, {"dry": "very"}):
        with pytest.raises(Invalid, match=next(iter(wrong.values()))):
            stage.start(experiment(), **wrong)
    assert stage.runs.list() == []


def test_a_dry_run_arms_nothing(stage: Any, experiment: Any) -> None:
    run = stage.finish(stage.start(experiment(stage.arms()), dry="actions"))
    assert "asked" not in stage.kinds(run)
    assert run.verdict is Verdict.INCONCLUSIVE
    assert json.loads(stage.runs.journal(run.id))["experiment"]["dry"] == "actions"


def test_variables_and_the_environment_reach_the_experiment(stage: Any, experiment: Any) -> None:
    echo = {
        "type": "probe", "name": "echo",
        "provider": {"type": "process", "path": "sh", "arguments": ["-c", "echo ${size} $COLOUR $AWS_REGION"]},
    }  # fmt: skip
    document = experiment(echo, configuration={"size": "small"})
    run = stage.finish(stage.start(document, variables={"size": "large"}))
    assert json.loads(stage.runs.journal(run.id))["run"][0]["output"]["stdout"] == "large green us-east-2\n"
    assert run.variables == {"size": "large"}


def test_a_run_whose_process_can_not_be_prepared_has_failed_and_says_why(
    stage: Any, experiment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_environment: str) -> dict[str, str]:
        raise Unavailable("AWS does not let this role be assumed.")

    monkeypatch.setattr(stage.runs.rooms.aws, "child_variables", refuse)
    run = stage.finish(stage.start(experiment(stage.arms())))
    assert (run.status, run.verdict) == (RunStatus.ABORTED, Verdict.FAILED)
    assert "AWS does not let this role be assumed." in run.verdict_reason
    again = stage.start(experiment(stage.arms()))  # the store is not held
    assert again.id != run.id
    stage.finish(again)


def test_the_hypothesis_is_looked_at_during_the_method_and_a_miss_can_end_it(
    stage: Any, experiment: Any, tmp_path: Any
) -> None:
    broken = tmp_path / "broken"
    probe = {
        "type": "probe", "name": "whole", "tolerance": 1,
        "provider": {"type": "process", "path": "test", "arguments": ["-e", str(broken)]},
    }  # fmt: skip
    breaks = {
        "type": "action", "name": "break", "pauses": {"after": 2},
        "provider": {"type": "process", "path": "touch", "arguments": [str(broken)]},
    }  # fmt: skip
    hypothesis = {"title": "whole", "probes": [probe]}
    document = experiment(breaks, {**GETPID, "name": "later"}, **{"steady-state-hypothesis": hypothesis})
    document["runtime"] = {"hypothesis": {"strategy": "continuously"}}
    run = stage.finish(stage.start(document, hypothesis_frequency=0.2, fail_fast=True))
    looked = [event for event in stage.runs.events(run.id) if event.kind == "hypothesis-during"]
    assert looked[-1].data["met"] is False
    assert "later" not in [event.data.get("name") for event in stage.runs.events(run.id)]
    assert run.deviated


def test_what_only_the_run_can_measure_becomes_samples(stage: Any, experiment: Any) -> None:
    printed = {
        "type": "probe", "name": "printed", "tolerance": {"type": "regex", "pattern": "4", "target": "stdout"},
        "provider": {"type": "process", "path": "echo", "arguments": ["42"]},
    }  # fmt: skip
    words = {"tolerance": None, "tolerance_text": "", "query": None, "unit": "", "terms": ()}
    stage.runs.rooms.reading.signals = [SimpleNamespace(key="printed", id="run-a", name="printed", **words)]
    probes = [
        printed,
        {"ref": "printed", "tolerance": printed["tolerance"]},
    ]  # one sample an instant, all the same
    document = experiment(GETPID, **{"steady-state-hypothesis": {"title": "t", "probes": probes}})
    run = stage.finish(stage.start(document))
    samples = stage.runs.rooms.metrics.recorded
    assert [(s.query, s.value, dict(s.parts)) for s in samples] == [("run-a", 42.0, {"met": 1.0})] * 2
    assert all(run.started_at <= sample.at <= run.ended_at for sample in samples)


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"variables": {"a": float("nan")}}, "variables.a"),
        ({"variables": {"a": {"b": [1, float("inf")]}}}, "variables.a.b[1]"),
        ({"variables": {"a": "\ud800"}}, "variables.a"),
        ({"accept": ["\ud800"]}, "accept[0]"),
        ({"stop": [{"alarm": "\ud800"}]}, "stop[0].alarm"),
        ({"environment": "\ud800"}, "environment"),
        ({"hypothesis_frequency": float("inf")}, "hypothesis_frequency"),
    ],
)
def test_what_no_journal_and_no_answer_can_hold_is_refused_and_nothing_is_kept(
    stage: Any, experiment: Any, asked: dict[str, Any], path: str
) -> None:
    with pytest.raises(Invalid) as refused:
        stage.start(experiment(GETPID), **asked)
    assert refused.value.problems[0].path == path
    assert stage.runs.list() == []


def test_variables_may_not_be_nested_beyond_reason(stage: Any, experiment: Any) -> None:
    deep: Any = 1
    for _ in range(900):
        deep = [deep]
    with pytest.raises(Invalid, match="deeper than"):
        stage.start(experiment(GETPID), variables={"a": deep})


@pytest.mark.parametrize("hypothesis", [False, True])
def test_a_fault_that_struck_without_a_look_after_it_is_not_called_held(
    stage: Any, experiment: Any, *, hypothesis: bool
) -> None:
    before = {"hypothesis": {"strategy": "before-method-only"}}
    asked = experiment(stage.arms(), rollbacks=[stage.disarms()], runtime=before)
    if not hypothesis:
        del asked["steady-state-hypothesis"]
    run = stage.finish(stage.start(asked))
    assert (run.status, run.verdict) == (RunStatus.COMPLETED, Verdict.INCONCLUSIVE)
    assert "not looked at after the method" in str(run.verdict_reason)


def test_a_fault_in_another_region_that_shows_only_when_it_is_about_to_be_written_is_refused(
    stage: Any, experiment: Any
) -> None:
    arms = stage.arms()
    arms["provider"]["arguments"] += " --region eu-west-1"
    over = stage.finish(stage.start(experiment(arms)))
    assert (over.verdict, stage.faults.calls) == (Verdict.NOT_STARTED, [])
    assert "elsewhere (region eu-west-1)" in over.verdict_reason
    assert '"isEnabled": false' in stage.store.read_text()


def test_a_fault_in_another_region_that_a_person_said_yes_to_is_leased_by_nobody(
    stage: Any, experiment: Any
) -> None:
    stage.runs.rooms.reading.unproven = [
        SimpleNamespace(activity="Arm", phase="method", what="writes ssm:p elsewhere", elsewhere=True)
    ]
    arms = stage.arms()
    arms["provider"]["arguments"] += " --region eu-west-1"
    over = stage.finish(stage.start(experiment(arms), accept=["unproven"]))
    assert (over.status, stage.faults.calls) == (RunStatus.COMPLETED, [])
