"""Whom a verdict reaches: everybody, but of a schedule's runs only where it changes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from app.runs import Verdict, Wanted
from app.storage.tables import NoticeRow, RunRow

GETPID = {
    "type": "action", "name": "nothing", "provider": {"type": "python", "module": "os", "func": "getpid"},
}  # fmt: skip
BREAKS = {
    "type": "action", "name": "breaks", "provider": {"type": "python", "module": "os", "func": "no_such"},
}  # fmt: skip


def notices(stage: Any) -> list[NoticeRow]:
    with stage.runs.rooms.storage.reading() as session:
        return list(session.scalars(select(NoticeRow).order_by(NoticeRow.id)))


def scheduled(stage: Any, document: Any, schedule: int) -> Any:
    """As a schedule's fire leaves its run; the schedule is noted while the child is held."""
    held = stage.runs.dispatch.enqueue
    stage.runs.dispatch.enqueue = lambda _: None
    run = stage.start(document)
    with stage.runs.rooms.storage.writing() as session:
        row = session.get(RunRow, run.id)
        session.execute(
            update(RunRow).where(RunRow.id == run.id).values(request={**row.request, "schedule": schedule})
        )
    stage.runs.dispatch.enqueue = held
    held(run.id)
    return stage.finish(run)


def test_a_verdict_is_told_with_its_reason_and_run(stage: Any, experiment: Any) -> None:
    run = stage.finish(stage.start(experiment(stage.arms(), rollbacks=[stage.disarms()])))
    (told,) = [notice for notice in notices(stage) if notice.kind == "verdict"]
    assert (told.environment, told.subject) == ("test", f"run:{run.id}")
    assert told.data["verdict"] == str(run.verdict)
    assert told.data["reason"] == run.verdict_reason
    assert told.data["functions"] == ["transform"]
    assert told.data["by"] == "test"
    assert told.data["was"] is None


def test_of_a_schedule_only_a_change_of_verdict_is_told(stage: Any, experiment: Any) -> None:
    verdicts = []
    for activity in (GETPID, GETPID, BREAKS, BREAKS, GETPID):
        verdicts.append(scheduled(stage, experiment(activity), 4).verdict)
        scheduled(stage, experiment(GETPID), 5)  # another one's runs between
    assert verdicts[0] is Verdict.HELD
    assert verdicts[2] is not Verdict.HELD
    told = [(one.data["was"], one.data["verdict"]) for one in notices(stage) if one.data.get("schedule") == 4]
    broken = str(verdicts[2])
    assert len(stage.runs.find(Wanted(schedule=4), limit=50)) == 5
    assert stage.runs.find(Wanted(schedule=4), limit=1)[0].schedule == 4
    assert stage.runs.find(Wanted(schedule=6), limit=50) == []
    assert told == [(None, "held"), ("held", broken), (broken, "held")]


def test_a_person_s_run_between_is_told_and_counts_for_no_schedule(stage: Any, experiment: Any) -> None:
    scheduled(stage, experiment(GETPID), 4)
    stage.finish(stage.start(experiment(BREAKS)))
    scheduled(stage, experiment(GETPID), 4)
    assert [one.data["schedule"] for one in notices(stage)] == [4, None]


def test_the_verdict_stands_though_nobody_can_be_told(
    stage: Any, experiment: Any, monkeypatch: Any, caplog: Any
) -> None:
    def breaks(*_: Any, **__: Any) -> None:
        raise RuntimeError("a mistake in a notice")

    monkeypatch.setattr("app.runs.telling.notice", breaks)
    run = stage.finish(stage.start(experiment(GETPID)))
    assert run.verdict is Verdict.HELD
    assert notices(stage) == []
    assert "Nobody is told" in caplog.text
