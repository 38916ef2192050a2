"""Nothing of the method runs without a yes; rollbacks need none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.mark.parametrize("background", [False, True], ids=["foreground", "background"])
def test_the_pipe_closed_at_about_to_arm_leaves_the_store_untouched(
    begin: Any, experiment: Any, activity: Any, store: Path, background: bool
) -> None:
    arm = activity("arm", "write", arguments={"path": str(store)}, background=background)
    back = activity("back", "write", arguments={"path": str(store.with_name("back"))})
    after = activity("after", "dawdle", arguments={"seconds": 30})
    told = begin(experiment(arm, after, rollbacks=[back]), answers=lambda _: None)
    told.wait_for("ask", "arm")
    told.hang_up()
    journal = told.finish()
    assert not store.exists()
    assert store.with_name("back").exists()
    assert journal is not None
    assert journal["status"] == "interrupted"


@pytest.mark.parametrize("answer", [{"answer": "refuse", "why": "no"}, {"answer": "what?"}, {}])
@pytest.mark.parametrize("background", [False, True])
def test_anything_but_go_is_a_no(
    begin: Any, experiment: Any, activity: Any, store: Path, answer: Any, background: bool
) -> None:
    arm = activity(
        "arm", "write", arguments={"path": str(store)}, background=background, pauses={"after": 30}
    )
    later = activity("later", "write", arguments={"path": str(store)})

    def answers(asked: dict[str, Any]) -> dict[str, Any]:
        return answer if asked["name"] == "arm" or background else {"answer": "go"}

    journal = begin(experiment(arm, later), answers=answers).finish()
    assert not store.exists()
    assert journal["status"] == "interrupted"


def test_no_answer_in_time_is_a_no(begin: Any, experiment: Any, activity: Any, store: Path) -> None:
    arm = activity("arm", "write", arguments={"path": str(store)})
    journal = begin(experiment(arm), answers=lambda _: None, answer_within=0.2).finish()
    assert not store.exists()
    assert journal["status"] == "interrupted"


def test_an_answer_that_can_not_be_read_is_a_no(
    begin: Any, experiment: Any, activity: Any, store: Path
) -> None:
    told = begin(experiment(activity("arm", "write", arguments={"path": str(store)})), answers=lambda _: None)
    told.wait_for("ask")
    told.child.connection.send_bytes(b"go")
    told.finish()
    assert not store.exists()


def test_probes_of_the_hypothesis_and_rollbacks_are_not_asked_about(
    begin: Any, experiment: Any, activity: Any
) -> None:
    probe = activity("steady", "answer", "probe", tolerance=42)
    asked: list[str] = []

    def answers(about: dict[str, Any]) -> dict[str, Any]:
        asked.append(about["name"])
        return {"answer": "go"}

    document = experiment(
        activity("go", "answer"),
        activity("look", "answer", "probe"),
        rollbacks=[activity("back", "answer"), activity("later", "answer", background=True)],
        runtime={"hypothesis": {"strategy": "continuously"}},
    )
    document["steady-state-hypothesis"] = {"title": "s", "probes": [probe]}
    journal = begin(document, answers=answers).finish()
    assert asked == ["go", "look"]
    assert journal["status"] == "completed"
    assert journal["steady_states"]["during"]


def test_another_provider_runs_and_the_file_s_stays_in_the_journal(
    begin: Any, experiment: Any, activity: Any, store: Path
) -> None:
    arm = activity("arm", "write", arguments={"path": str(store), "text": "old"})
    document = experiment(arm, {"ref": "arm"}, activity("own", "answer"))

    def answers(about: dict[str, Any]) -> dict[str, Any]:
        new = {"provider": {"arguments": {"path": str(store), "text": "new"}}}
        return {"answer": "go", **(new if about["name"] == "arm" else {})}

    journal = begin(document, answers=answers).finish()
    assert store.read_text() == "new"
    assert journal["experiment"]["method"] == document["method"]
    assert [run["activity"]["provider"]["arguments"].get("text") for run in journal["run"]] == [
        "new",
        "new",
        None,
    ]


def test_the_same_activity_twice_at_once_gets_its_provider_back(
    begin: Any, experiment: Any, activity: Any, store: Path
) -> None:
    arm = activity("arm", "dawdle", arguments={"seconds": 0.3}, background=True)
    document = experiment(arm, {"ref": "arm", "background": True}, {"ref": "arm"})
    new = {"provider": {"arguments": {"seconds": 0.2}}}
    journal = begin(document, answers=lambda _: {"answer": "go", **new}).finish()
    assert journal["experiment"]["method"] == document["method"]
    assert {run["activity"]["provider"]["arguments"]["seconds"] for run in journal["run"]} == {0.2}


def test_it_asks_about_what_will_run_configuration_filled_in_and_secrets_not(
    begin: Any, experiment: Any, activity: Any
) -> None:
    say = activity("say", "answer", arguments={"value": "${place} ${pin}"}, secrets=["bank"])
    document = experiment(
        say,
        configuration={"place": {"type": "env", "key": "PLACE"}},
        secrets={"bank": {"pin": {"type": "env", "key": "PIN"}}},
    )
    told = begin(document, environ={"PLACE": "here", "PIN": "s3cret"})
    asked = told.wait_for("ask")
    told.finish()
    assert asked["data"]["provider"]["arguments"] == {"value": "here ${pin}"}
    assert "s3cret" not in json.dumps([m for m in told.messages if m["kind"] == "ask"])


def test_pauses_are_shortened_by_the_speed_and_nothing_else_is(
    begin: Any, experiment: Any, activity: Any
) -> None:
    slow = activity("slow", "dawdle", arguments={"seconds": 0.2}, pauses={"after": 1200})
    told = begin(experiment(slow), speed=12000)
    journal = told.finish()
    assert journal["run"][0]["duration"] >= 0.2
    assert journal["duration"] < 600
    assert told.wait_for("pause")["data"] == {
        "name": "slow", "seconds": 0.1, "asked": 1200.0, "phase": "method", "background": False,
    }  # fmt: skip
