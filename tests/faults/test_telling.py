"""What people are told of a fault, in the transaction that makes it so."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.errors import Unavailable
from app.storage.tables import LedgerRow, NoticeRow


def notices(faults):
    with faults.ledger.storage.reading() as session:
        return list(session.scalars(select(NoticeRow).order_by(NoticeRow.id)))


def kinds(faults):
    return [notice.kind for notice in notices(faults)]


def test_a_fault_is_told_from_its_intent_to_its_end(desk, clock):
    faults = desk.console()
    entry = desk.arm(faults)
    assert kinds(faults) == ["arming", "armed"]
    faults.extend(entry.id, minutes=20, by="otto")
    faults.disarm(entry.id, by="maria", why="maria asked for it")
    faults.note(entry.id, quiet_at=clock.now())
    faults.note(entry.id, clean_at=clock.now())
    assert kinds(faults) == ["arming", "armed", "extended", "disarmed", "clean"]


def test_each_says_what_where_how_hard_until_when_and_who(desk, clock):
    faults = desk.console()
    entry = desk.arm(faults, functions=("ChaosTransformer",))
    armed = notices(faults)[-1]
    assert (armed.environment, armed.subject, armed.at) == ("test", f"fault:{entry.id}", clock.now())
    data = armed.data
    assert data["functions"] == ["ChaosTransformer"]
    assert data["share"] == "50 %"
    assert data["store"] == "ssm:failureLambdaConfig"
    assert data["by"] == "operator"
    assert data["run"] == "42"
    assert datetime.fromisoformat(data["until"]) == entry.disarm_by
    assert "half of the invocations of ChaosTransformer" in data["what"]
    faults.disarm(entry.id, by="maria", why="maria asked for it")
    assert notices(faults)[-1].data["by"] == "maria"


def test_a_fault_that_can_not_be_disarmed_is_told_once_and_then_that_it_is(desk, clock):
    faults = desk.console()
    entry = desk.arm(faults)
    mend = desk.failing(Unavailable("AWS does not answer."), "get", "put", "delete", "describe", "history")
    for _ in range(3):
        faults.disarm(entry.id, by="maria", why="maria asked for it")
    assert kinds(faults)[2:] == ["stuck"]
    assert "AWS does not answer" in notices(faults)[-1].data["outcome"]
    mend()
    faults.disarm(entry.id, by="maria", why="maria asked for it")
    assert kinds(faults)[2:] == ["stuck", "disarmed"]


def test_a_fault_that_fires_after_its_end_is_stuck_too(desk, clock):
    faults = desk.console()
    entry = desk.arm(faults)
    over = faults.disarm(entry.id, by="maria", why="maria asked for it")
    faults.note(entry.id, last_hit_at=over.settles_at + timedelta(minutes=5))
    assert kinds(faults)[-1] == "stuck"
    assert notices(faults)[-1].data["phase"] == "fires"


def test_what_somebody_else_wrote_waits_for_a_person_and_that_is_told(desk):
    faults = desk.console()
    entry = desk.arm(faults)
    desk.parameters.write(desk.NAME, '{"isEnabled": false, "by": "somebody else"}')
    faults.disarm(entry.id, by="maria", why="maria asked for it")
    assert kinds(faults)[-1] == "stuck"
    assert notices(faults)[-1].data["phase"] == "drifted"


def test_what_was_never_written_is_told_as_over(desk):
    faults = desk.console()
    desk.failing(Unavailable("AWS does not answer."), "create", "put")
    with pytest.raises(Unavailable):
        desk.intend(faults)
    assert kinds(faults) == ["arming", "disarmed"]
    assert notices(faults)[-1].data["outcome"].startswith("Never written")


def test_an_intent_that_was_not_committed_is_not_told(desk):
    faults = desk.console()
    desk.arm(faults)
    with pytest.raises(Exception, match="held by run 42"):
        desk.intend(faults, run_id="43")
    assert kinds(faults) == ["arming", "armed"]


def test_whoever_dies_right_after_the_intent_has_told_of_it(desk):
    faults = desk.console()
    desk.die("put", name=desk.LOCK)
    desk.die("create", name=desk.LOCK)
    with pytest.raises(desk.Died):
        desk.intend(faults)
    assert kinds(desk.console()) == ["arming"]


def test_the_ledger_writes_though_nobody_can_be_told(desk, monkeypatch, caplog):
    faults = desk.console()
    entry = desk.arm(faults)

    def breaks(*_, **__):
        raise RuntimeError("a mistake in a notice")

    monkeypatch.setattr("app.faults.telling.notice", breaks)
    over = faults.disarm(entry.id, by="maria", why="maria asked for it")
    assert over.state == "disarmed"
    with faults.ledger.storage.reading() as session:
        assert session.get(LedgerRow, entry.id).state == "disarmed"
    assert "Nobody is told" in caplog.text


def test_the_lever_is_told_once_for_each_time_that_it_moves(desk):
    faults = desk.console()
    for _ in range(2):
        faults.engage(None, by="maria", why="an outage")
    faults.disengage(None, by="otto", why="")
    told = notices(faults)
    assert [(one.kind, one.environment, one.data["state"], one.data["by"]) for one in told] == [
        ("lever", "", "engaged", "maria"), ("lever", "", "disengaged", "otto"),
    ]  # fmt: skip


def test_the_lever_engages_though_nobody_can_be_told(desk, monkeypatch, caplog):
    faults = desk.console()
    entry = desk.arm(faults)
    monkeypatch.setattr("app.notifications.store.enqueue", None)
    assert faults.engage(None, by="maria", why="an outage").engaged
    assert faults.entry(entry.id).state == "disarmed"
    assert "Nobody is told" in caplog.text
