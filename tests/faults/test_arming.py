"""Arming: written down first, always with a deadline, one at a time."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.aws import InMemoryFunctions, Parameter
from app.errors import Conflict, Invalid, KeyReused, Unavailable
from app.faults import FaultState, Store
from app.settings import Environment


def test_an_intent_is_on_disk_before_the_store_is_touched(desk: Any) -> None:
    seen: list[tuple[str, FaultState]] = []

    def look(call: str, name: str) -> None:
        if call in ("put", "create"):
            seen.extend((name, entry.state) for entry in desk.console().active())

    desk.parameters.before = look
    desk.console().arm(store=desk.STORE, fault=desk.REFUSED, by="operator", lifetime=timedelta(minutes=5))
    assert seen == [(desk.LOCK, FaultState.INTENDED), (desk.NAME, FaultState.INTENDED)]


def test_the_toggle_writes_in_the_functions_own_dialect_and_reads_back(desk: Any) -> None:
    faults = desk.console()
    entry = faults.arm(store=desk.STORE, fault=desk.REFUSED, by="operator", lifetime=timedelta(minutes=5))
    kept = {"comment": "two spaces"}  # what the library does not know stays
    assert (entry.state, json.loads(desk.stored)) == (FaultState.ARMED, json.loads(desk.ARMED) | kept)
    assert entry.functions == ("ChaosTransformer",)
    assert (
        entry.sentence == "half of the invocations of ChaosTransformer are refused dynamodb.*.amazonaws.com"
    )
    desk.functions.functions["ChaosTransformer"] = (desk.NAME, "0.2.0")
    faults.disarm(entry.id, by="operator", why="asked")
    again = faults.arm(store=desk.STORE, fault=desk.REFUSED, by="operator", lifetime=timedelta(minutes=5))
    assert again.dialect == "failure-lambda/0.2"
    assert b'"blacklist"' in again.value


def test_a_deadline_is_cut_to_the_longest_lease(desk: Any) -> None:
    desk.environment = Environment(name="test", longest_lease=timedelta(minutes=2))
    entry = desk.arm(desk.console(), disarm_by=desk.clock.now() + timedelta(days=1))
    assert entry.disarm_by == desk.clock.now() + timedelta(minutes=2)


def test_a_deadline_must_lie_ahead(desk: Any) -> None:
    with pytest.raises(Invalid):
        desk.intend(desk.console(), disarm_by=desk.clock.now())
    assert desk.parameters.calls == []


def test_of_two_runs_one_gets_the_store_and_the_other_is_told_which(desk: Any) -> None:
    faults = desk.console()
    held = desk.arm(faults, run_id="42")
    with pytest.raises(Conflict) as refused:
        desk.intend(faults, run_id="43")
    assert refused.value.details == {"run": 42, "fault": held.id}
    with pytest.raises(Conflict):
        faults.arm(store=desk.STORE, fault=desk.REFUSED, by="operator", lifetime=timedelta(minutes=1))
    assert faults.busy(desk.STORE) == held


def test_of_many_at_once_exactly_one_wins(desk: Any) -> None:
    consoles = [desk.console() for _ in range(4)]  # four processes on one ledger
    barrier, won, lost = threading.Barrier(8), [], []

    def arm(number: int) -> None:
        barrier.wait()
        try:
            won.append(desk.intend(consoles[number % 4], run_id=str(number)))
        except Conflict as refused:
            lost.append(refused.details.get("run"))

    threads = [threading.Thread(target=arm, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert lost == [int(won[0].run_id)] * 7


def test_two_consoles_with_ledgers_of_their_own_exclude_each_other(desk: Any) -> None:
    first, second = desk.console("first"), desk.console("second")
    entry = desk.arm(first)
    with pytest.raises(Conflict, match="held by another console"):
        desk.intend(second)
    assert desk.stored == desk.ARMED
    assert second.active() == []
    first.disarm(entry.id, by="operator", why="asked")
    first.close()
    assert desk.parameters.peek(desk.LOCK) is None
    assert desk.intend(second).state is FaultState.INTENDED


def test_the_lock_of_a_console_that_is_gone_is_taken_over(desk: Any) -> None:
    first, second = desk.console("first"), desk.console("second")
    desk.arm(first)
    desk.clock.advance(10 * 60 + 14 * 60)
    with pytest.raises(Conflict):
        desk.intend(second)
    desk.clock.advance(2 * 60)
    entry = desk.arm(second)
    second.disarm(entry.id, by="operator", why="asked")
    assert desk.stored == desk.ROLLBACK  # never the dead console's armed value


def test_a_lock_left_by_this_consoles_own_crash_is_taken_over_at_once(desk: Any) -> None:
    faults = desk.console()
    entry = desk.arm(faults)
    desk.die("get", name=desk.LOCK)
    faults.disarm(entry.id, by="operator", why="asked")
    faults.close()
    assert desk.parameters.peek(desk.LOCK) is not None
    assert desk.arm(desk.console(), run_id="43").state is FaultState.ARMED


def test_a_lock_whose_answer_was_lost_is_recognised_as_its_own(desk: Any) -> None:
    create = desk.parameters.create

    def create_twice(name: str, value: bytes) -> bool:
        create(name, value)
        return bool(create(name, value))  # as a client that retries sees it

    desk.parameters.create = create_twice
    assert desk.intend(desk.console()).state is FaultState.INTENDED


def test_of_two_consoles_that_take_over_the_same_stale_lock_the_first_keeps_it(desk: Any) -> None:
    first, second = desk.console("first"), desk.console("second")
    desk.parameters.write(desk.LOCK, '{"until": "2020-01-01T00:00:00+00:00", "holder": "gone"}')

    def meanwhile(call: str, name: str) -> None:
        if (call, name) == ("put", desk.LOCK):
            desk.parameters.before = lambda _call, _name: None
            desk.intend(first)

    desk.parameters.before = meanwhile
    with pytest.raises(Conflict, match="a moment ago"):
        desk.intend(second)
    assert first.active()[0].holder in desk.parameters.text(desk.LOCK)


def test_a_lock_that_a_person_made_is_respected(desk: Any) -> None:
    desk.parameters.write(desk.LOCK, "hands off")
    desk.clock.advance(10**7)
    with pytest.raises(Conflict):
        desk.intend(desk.console())


def test_a_run_that_writes_twice_keeps_what_was_there_before_the_first(desk: Any) -> None:
    faults = desk.console()
    first = desk.arm(faults)
    stronger = desk.ARMED.replace("0.5", "0.9")
    second = desk.arm(faults, value=stronger, announced=(stronger,))
    assert second.id == first.id
    assert faults.disarm(second.id, by="operator", why="asked").state is FaultState.DISARMED
    assert desk.stored == desk.OFF


def test_a_run_that_writes_twice_keeps_the_longest_lease_of_the_first(desk: Any) -> None:
    desk.environment = Environment(name="test", longest_lease=timedelta(minutes=20))
    faults = desk.console()
    first = desk.arm(faults)
    desk.clock.advance(15 * 60)
    second = desk.arm(faults, value=desk.ARMED.replace("0.5", "0.9"))
    assert (second.id, second.disarm_by) == (first.id, first.created_at + timedelta(minutes=20))


def test_a_secure_string_is_refused_before_any_write(desk: Any) -> None:
    desk.parameters.put(desk.NAME, b"cipher", kind="SecureString")
    desk.parameters.calls.clear()
    with pytest.raises(Invalid, match="SecureString"):
        desk.intend(desk.console())
    assert {call for call, _ in desk.parameters.calls} == {"describe"}


@pytest.mark.parametrize(("minutes", "armed"), [(4, False), (6, True)])
def test_a_lease_longer_than_the_credentials_is_refused(desk: Any, minutes: int, *, armed: bool) -> None:
    faults = desk.console()
    faults._aws.credentials_end = desk.clock.now() + timedelta(minutes=minutes)
    try:
        faults.arm(store=desk.STORE, fault=desk.REFUSED, by="ann", lifetime=timedelta(minutes=5))
    except Invalid as refused:
        assert "credentials end" in str(refused)  # noqa: PT017  one of two outcomes
    assert ('"isEnabled": true' in desk.stored) is armed


def test_functions_that_would_not_obey_are_refused(desk: Any) -> None:
    desk.functions = InMemoryFunctions({"a": (desk.NAME, "9.0.0")})
    with pytest.raises(Invalid, match=r"failure-lambda 9\.0\.0"):
        desk.console().arm(store=desk.STORE, fault=desk.REFUSED, by="operator", lifetime=timedelta(minutes=1))
    assert desk.stored == desk.OFF


@pytest.mark.parametrize(
    "change", [{"rate": 0.0}, {"rate": 50.0}, {"deny_list": ()}, {"deny_list": ("",)}, {"deny_list": ("(",)}]
)
def test_a_fault_that_would_do_nothing_or_something_else_is_refused(
    desk: Any, change: dict[str, Any]
) -> None:
    fault = replace(desk.REFUSED, **change)
    with pytest.raises(Invalid):
        desk.console().arm(store=desk.STORE, fault=fault, by="operator", lifetime=timedelta(minutes=1))
    assert desk.parameters.calls == []


def test_a_write_whose_answer_is_lost_is_disarmed(desk: Any) -> None:
    faults = desk.console()

    def lose(call: str, name: str) -> None:
        if (call, name) == ("put", desk.NAME):
            desk.parameters.after = lambda _call, _name: None
            raise Unavailable("the connection broke")

    desk.parameters.after = lose
    with pytest.raises(Unavailable):
        faults.arm(store=desk.STORE, fault=desk.REFUSED, by="operator", lifetime=timedelta(minutes=1))
    assert desk.stored == desk.OFF
    assert faults.active() == []


def test_what_somebody_wrote_just_before_the_fault_is_what_is_put_back(desk: Any) -> None:
    faults = desk.console()
    entry = desk.intend(faults)
    theirs = '{"isEnabled": false, "rate": 0.1}'
    desk.parameters.write(desk.NAME, theirs)
    desk.parameters.write(desk.NAME, desk.ARMED)
    faults.confirm(entry.id)
    faults.disarm(entry.id, by="operator", why="asked")
    assert desk.stored == theirs


def test_a_write_that_did_not_happen_is_not_called_armed(desk: Any) -> None:
    faults = desk.console()
    entry = faults.confirm(desk.intend(faults).id)
    assert entry.state is FaultState.INTENDED
    assert "does not hold the fault" in (entry.outcome or "")


def test_what_happens_is_published(desk: Any) -> None:
    heard: list[str] = []
    desk.live.publish = lambda topic, kind, data=None, **_: heard.append(f"{topic} {kind} {data['state']}")
    faults = desk.console()
    entry = desk.arm(faults)
    faults.disarm(entry.id, by="operator", why="asked")
    assert heard == [f"faults fault {state}" for state in ("intended", "armed", "disarming", "disarmed")]


@pytest.mark.parametrize("text", ["failureLambdaConfig", "ssm:failureLambdaConfig"])
def test_a_store_is_named_in_one_way(text: str) -> None:
    assert str(Store.parse(text, "test")) == "ssm:failureLambdaConfig"


@pytest.mark.parametrize("text", ["s3:bucket", "ssm:", ":"])
def test_a_store_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        Store.parse(text, "test")


def test_the_store_is_held_in_its_own_environment_only(desk: Any) -> None:
    assert desk.console().busy(Store(environment="other", name=desk.NAME)) is None
    assert isinstance(desk.parameters.peek(desk.NAME), Parameter)


def by_hand(desk: Any, faults: Any, **given: Any) -> Any:
    words = {"store": desk.STORE, "fault": desk.REFUSED, "by": "maria", "lifetime": timedelta(minutes=5)}
    return faults.arm(**words, **given)


def test_a_second_arming_with_the_same_key_is_the_first_one_whatever_became_of_it(desk: Any) -> None:
    faults = desk.console()
    first = by_hand(desk, faults, key="a", fingerprint="1")
    faults.disarm(first.id, by="maria", why="asked")
    again = by_hand(desk, desk.console(), key="a", fingerprint="1")
    assert (again.id, again.replayed, again.state) == (first.id, True, FaultState.DISARMED)
    assert not first.replayed
    assert len(faults.history()) == 1


def test_of_many_armings_at_once_with_one_key_one_arms_and_all_are_told_of_it(desk: Any) -> None:
    faults = desk.console()
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: by_hand(desk, faults, key="a", fingerprint="1"), range(8)))
    assert {entry.id for entry in told} == {1}
    assert sum(not entry.replayed for entry in told) == 1
    assert [call for call in desk.parameters.calls if call[0] == "put"] == [("put", desk.NAME)]


def test_a_key_of_another_arming_is_refused_before_any_write(desk: Any) -> None:
    faults = desk.console()
    first = by_hand(desk, faults, key="a", fingerprint="1")
    with pytest.raises(KeyReused) as refused:
        by_hand(desk, faults, key="a", fingerprint="2")
    assert refused.value.details == {"fault": first.id}


@pytest.mark.parametrize(("after", "came_to"), [(False, (2, False, "armed")), (True, (1, True, "disarmed"))])
def test_a_retry_ends_what_a_dead_console_was_arming_and_arms_once(
    desk: Any, *, after: bool, came_to: tuple[int, bool, str]
) -> None:
    desk.die("put", after=after)
    with pytest.raises(desk.Died):
        by_hand(desk, desk.console(), key="a", fingerprint="1")
    faults = desk.console()
    again = by_hand(desk, faults, key="a", fingerprint="1")
    assert (again.id, again.replayed, str(again.state)) == came_to
    assert [entry.id for entry in faults.active()] == ([] if after else [2])
    assert (desk.stored == desk.OFF) is after


@pytest.mark.parametrize("call", ["put", "create"])
def test_the_key_of_an_arming_that_failed_is_free_again(desk: Any, call: str) -> None:
    faults = desk.console()
    mend = desk.failing(Unavailable("AWS is away"), call)
    with pytest.raises(Unavailable):
        by_hand(desk, faults, key="a", fingerprint="1")
    mend()
    faults.disarm_each(faults.active(), by="maria", why="asked")
    again = by_hand(desk, faults, key="a", fingerprint="1")
    assert (again.state, again.replayed) == (FaultState.ARMED, False)
    assert by_hand(desk, faults, key="a", fingerprint="1").replayed


def test_the_key_of_an_arming_that_failed_and_could_not_be_undone_yet_is_not_told_as_armed(desk: Any) -> None:
    faults = desk.console()

    def broken(call: str, name: str) -> None:
        if (call, name) == ("put", desk.NAME):
            desk.parameters.before = away

    def away(_call: str, name: str) -> None:
        if name == desk.NAME:
            raise Unavailable("AWS is away")

    desk.parameters.before = broken
    with pytest.raises(Unavailable):
        by_hand(desk, faults, key="a", fingerprint="1")
    assert faults.active()[0].stuck
    desk.parameters.before = lambda _call, _name: None
    with pytest.raises(Conflict, match="Disarm that first"):
        by_hand(desk, faults, key="a", fingerprint="1")


def test_the_key_of_an_arming_that_a_console_died_over_is_free_once_that_is_disarmed(desk: Any) -> None:
    desk.die("put")
    with pytest.raises(desk.Died):
        by_hand(desk, desk.console(), key="a", fingerprint="1")
    heir = desk.console()
    desk.guardian(heir).recover(heir.ledger.by_hand())
    with pytest.raises(KeyReused):
        by_hand(desk, heir, key="a", fingerprint="2")
    again = by_hand(desk, heir, key="a", fingerprint="1")
    assert (again.state, again.replayed) == (FaultState.ARMED, False)


def test_the_key_of_an_arming_that_another_process_undid_is_free_again(desk: Any) -> None:
    faults, other = desk.console(), desk.console()

    def meanwhile(call: str, name: str) -> None:
        if (call, name) == ("put", desk.NAME):
            desk.parameters.before = lambda _call, _name: None
            other.disarm_each(other.active(), by="bob", why="asked")

    desk.parameters.before = meanwhile
    with pytest.raises(Unavailable):
        by_hand(desk, faults, key="a", fingerprint="1")
    assert not by_hand(desk, faults, key="a", fingerprint="1").replayed


def test_the_ledger_is_searched(desk: Any) -> None:
    faults = desk.console()
    by_hand(desk, faults)
    faults.disarm(1, by="maria", why="asked")
    desk.arm(faults, run_id="42")
    assert [entry.id for entry in faults.history(state=FaultState.DISARMED)] == [1]
    assert [entry.id for entry in faults.history(run_id="42")] == [2]
    assert [entry.id for entry in faults.history(before=2)] == [1]
    assert faults.history(environment="other") == []
    now, second = desk.clock.now(), timedelta(seconds=1)
    assert [entry.id for entry in faults.between("test", now, now + second)] == [
        2
    ]  # the first was over by then
    assert [entry.id for entry in faults.between("test", now - second, now + second)] == [2, 1]
    assert faults.between("test", now - second, now) == []  # neither had begun
    assert faults.last(desk.STORE) == faults.entry(1)


def test_a_store_that_is_not_there_and_that_nothing_reads_is_not_made(desk: Any) -> None:
    nope = Store(environment="test", name="nope")
    with pytest.raises(Invalid, match="no function is known to read it") as refused:
        desk.console().arm(store=nope, fault=desk.REFUSED, by="operator", lifetime=timedelta(minutes=1))
    assert "ssm:failureLambdaConfig" in str(refused.value)  # what is read
    assert "add it to stores in gameday.toml" in str(refused.value)
    assert (desk.parameters.text("nope"), desk.console().active()) == (None, [])


@pytest.mark.parametrize(
    "declared", [{"stores": ("ssm:nope",)}, {"dialects": {"nope": "failure-lambda/0.x"}}]
)
def test_a_store_that_the_settings_name_may_be_made(desk: Any, declared: dict[str, Any]) -> None:
    desk.environment = Environment(name="test", **declared)
    nope = Store(environment="test", name="nope")
    entry = desk.console().arm(store=nope, fault=desk.REFUSED, by="operator", lifetime=timedelta(minutes=1))
    assert (entry.state, entry.functions) == (FaultState.ARMED, ())
