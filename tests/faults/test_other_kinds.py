"""The same lease for stores of other kinds: kept, guarded, and back as it was, absent included."""

from __future__ import annotations

from typing import Any

import pytest

from app.aws import InMemoryParameters
from app.dialects import Fault, FaultMode, disarm_plan
from app.errors import Invalid
from app.faults import FaultState, Store

LIMITED = '{"ReservedConcurrentExecutions": 0}'
REFUSED = Fault(mode=FaultMode.DENYLIST, rate=1, deny_list=("s3",))
ARMED = '{"isEnabled": true, "failureMode": "denylist", "rate": 1, "denylist": ["s3"]}'


@pytest.fixture
def kinds(desk: Any) -> Any:
    """A console whose stores of each kind are held apart."""
    desk.others = {
        "lambda-concurrency": InMemoryParameters(),
        "event-source-mapping": InMemoryParameters({"u": '{"Enabled": true}'}),
        "events-rule": InMemoryParameters({"nightly": '{"State": "DISABLED"}'}),
        "appconfig": InMemoryParameters(),
    }
    desk.faults = desk.console()
    desk.faults._aws.others = desk.others
    return desk


def lease(desk: Any, kind: str, name: str, value: str, mode: FaultMode, **more: Any) -> Any:
    store = Store(environment="test", kind=kind, name=name)
    fault = Fault(mode=mode, rate=1)
    given = {
        "store": store,
        "value": value,
        "fault": fault,
        "dialect": kind,
        "announced": (value,),
        "safe_value": None,
    }
    entry = desk.intend(desk.faults, **{**given, **more})
    desk.others[kind].write(name, entry.value.decode())
    return desk.faults.confirm(entry.id)


@pytest.mark.parametrize(
    ("kind", "name", "value", "mode", "before"),
    [
        ("lambda-concurrency", "f", LIMITED, FaultMode.CONCURRENCY, None),
        ("event-source-mapping", "u", '{"Enabled": false}', FaultMode.MAPPING, '{"Enabled": true}'),
        ("events-rule", "nightly", '{"State": "ENABLED"}', FaultMode.RULE, '{"State": "DISABLED"}'),
    ],
)
def test_a_setting_comes_back_as_it_was_absent_included(
    kinds: Any, kind: str, name: str, value: str, mode: FaultMode, before: str | None
) -> None:
    entry = lease(kinds, kind, name, value, mode)
    assert entry.state is FaultState.ARMED
    over = kinds.faults.disarm(entry.id, by="operator", why="asked")
    assert (over.state, kinds.others[kind].text(name)) == (FaultState.DISARMED, before)


def test_the_guardian_puts_a_setting_back_at_its_deadline(kinds: Any) -> None:
    entry = lease(
        kinds, "lambda-concurrency", "f", LIMITED, FaultMode.CONCURRENCY, run_id=None, lease_until=None
    )
    kinds.clock.advance(11 * 60)
    kinds.guardian(kinds.faults).step()
    assert kinds.faults.entry(entry.id).state is FaultState.DISARMED
    assert kinds.others["lambda-concurrency"].text("f") is None


def test_what_the_experiments_own_rollback_lifted_is_over(kinds: Any) -> None:
    entry = lease(kinds, "lambda-concurrency", "f", LIMITED, FaultMode.CONCURRENCY, announced=(LIMITED, ""))
    kinds.others["lambda-concurrency"].delete("f")
    over = kinds.faults.disarm(entry.id, by="operator", why="asked")
    assert over.state is FaultState.DISARMED


def test_somebody_elses_limit_stands(kinds: Any) -> None:
    entry = lease(kinds, "lambda-concurrency", "f", LIMITED, FaultMode.CONCURRENCY)
    kinds.others["lambda-concurrency"].write("f", '{"ReservedConcurrentExecutions": 7}')
    over = kinds.faults.disarm(entry.id, by="operator", why="asked")
    assert over.state is FaultState.DRIFTED
    assert over.theirs == b'{"ReservedConcurrentExecutions": 7}'


def test_its_lock_is_a_parameter_under_a_name_of_ours(kinds: Any) -> None:
    lease(kinds, "events-rule", "nightly", '{"State": "ENABLED"}', FaultMode.RULE)
    names = {name for call, name in kinds.parameters.calls if call == "create"}
    assert names == {"/gameday/events-rule/nightly.gameday-lock"}


def test_appconfig_rests_on_a_configuration_that_is_off_since_it_can_not_be_emptied(kinds: Any) -> None:
    dialect = "failure-lambda/0.x"
    plan = disarm_plan(REFUSED, dialect, kind="appconfig")
    entry = lease(
        kinds, "appconfig", "a/e/p", ARMED, FaultMode.DENYLIST, fault=REFUSED, dialect=dialect, plan=plan
    )
    over = kinds.faults.disarm(entry.id, by="operator", why="asked")
    assert (over.state, kinds.others["appconfig"].text("a/e/p")) == (
        FaultState.DISARMED,
        '{"isEnabled": false}',
    )
    assert (over.settles_at - kinds.clock.now()).total_seconds() == 45


def test_a_setting_is_not_armed_by_hand(kinds: Any) -> None:
    store = Store(environment="test", kind="events-rule", name="nightly")
    with pytest.raises(Invalid, match="a setting of AWS"):
        kinds.faults.arm(store=store, fault=REFUSED, by="ann", lifetime=kinds.clock.now() - kinds.clock.now())


@pytest.mark.parametrize(
    ("over", "version", "written"),
    [
        ('{"latency": {"enabled": true}}', "", '{"latency": {"enabled": true, "max_latency": 5}, "x": 1}'),
        ("", "1", '{"latency": {"enabled": false, "max_latency": 5}, "x": 1}'),
    ],
)
def test_what_a_command_without_a_whole_value_will_write(
    desk: Any, over: str, version: str, written: str
) -> None:
    desk.parameters = InMemoryParameters(
        {desk.NAME: '{"latency": {"enabled": false, "max_latency": 5}, "x": 1}'}
    )
    assert desk.console().written(desk.STORE, over=over, version=version) == written
