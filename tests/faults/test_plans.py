"""Disarming as the version needs it: flushed, recycled, and known to be over only when it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.dialects import DIALECTS, Fault, FaultMode, disarm_plan
from app.errors import Unavailable
from app.faults import FaultState
from app.faults.entry import Phase
from app.settings import Environment

FLAGS = "failure-lambda/1.x"
FLUSH = '{"latency": {"enabled": true, "percentage": 0}}'
REFUSED = Fault(mode=FaultMode.DENYLIST, rate=0.5, deny_list=("dynamodb.*.amazonaws.com",))
LATE = Fault(mode=FaultMode.LATENCY, rate=1, min_latency=5, max_latency=5)


@pytest.fixture
def flagged(desk: Any) -> Any:
    desk.functions.functions["ChaosTransformer"] = (desk.NAME, "1.0.0")
    desk.parameters.write(desk.NAME, "{}")
    return desk


def armed_1x(desk: Any, faults: Any) -> Any:
    return faults.arm(store=desk.STORE, fault=REFUSED, by="operator", lifetime=timedelta(minutes=10))


def test_warm_containers_of_1_0_are_flushed_before_the_store_rests(flagged: Any) -> None:
    faults = flagged.console()
    entry = faults.disarm(armed_1x(flagged, faults).id, by="operator", why="asked")
    assert (entry.state, flagged.stored) == (FaultState.FLUSHING, FLUSH)
    assert entry.phase(flagged.clock.now()) is Phase.PROPAGATING
    assert not entry.may_fire
    guardian = flagged.guardian(faults)
    flagged.clock.advance(59)
    guardian.step()
    assert flagged.stored == FLUSH
    flagged.clock.advance(2)
    guardian.step()
    after = faults.entry(entry.id)
    assert (after.state, flagged.stored) == (FaultState.DISARMED, "{}")
    assert after.phase(flagged.clock.now()) is Phase.PROPAGATING
    assert after.settles_at == flagged.clock.now() + timedelta(seconds=60)


def test_what_the_run_armed_before_is_cleared_though_its_last_fault_needs_no_flush(flagged: Any) -> None:
    faults = flagged.console()
    refused = {"value": DIALECTS[FLAGS].write(REFUSED), "plan": disarm_plan(REFUSED, FLAGS)}
    late = {"value": DIALECTS[FLAGS].write(LATE), "plan": disarm_plan(LATE, FLAGS)}
    flagged.arm(faults, dialect=FLAGS, fault=REFUSED, **refused)
    entry = flagged.arm(faults, dialect=FLAGS, fault=LATE, **late)
    entry = faults.disarm(entry.id, by="operator", why="asked")
    assert (entry.state, flagged.stored) == (FaultState.FLUSHING, FLUSH)


def test_what_is_put_back_over_somebody_elses_value_clears_containers_too(flagged: Any) -> None:
    faults = flagged.console()
    entry = armed_1x(flagged, faults)
    flagged.parameters.write(flagged.NAME, '{"theirs": 1}')
    assert faults.disarm(entry.id, by="operator", why="asked").undecided
    entry = faults.choose(entry.id, keep="ours", by="ann")
    assert (entry.state, entry.resolved_by, flagged.stored) == (FaultState.FLUSHING, "ann", FLUSH)
    flagged.clock.advance(61)
    flagged.guardian(faults).step()
    assert (faults.entry(entry.id).state, flagged.stored) == (FaultState.DISARMED, "{}")


def test_who_writes_again_while_it_flushes_is_asked_about_again(flagged: Any) -> None:
    faults = flagged.console()
    entry = armed_1x(flagged, faults)
    for theirs in ('{"theirs": 1}', '{"theirs": 2}'):
        flagged.parameters.write(flagged.NAME, theirs)
        flagged.clock.advance(61)
        assert faults.disarm(entry.id, by="operator", why="asked").undecided
        faults.choose(entry.id, keep="ours", by="ann")
    assert not faults.entry(entry.id).undecided


def test_a_console_that_dies_while_flushing_leaves_the_rest_to_the_next(flagged: Any) -> None:
    faults = flagged.console()
    entry = faults.disarm(armed_1x(flagged, faults).id, by="operator", why="asked")
    flagged.clock.advance(61)
    again = flagged.console()
    flagged.guardian(again).step()
    assert (again.entry(entry.id).state, flagged.stored) == (FaultState.DISARMED, "{}")


def test_pressing_again_while_flushing_changes_nothing(flagged: Any) -> None:
    faults = flagged.console()
    entry = faults.disarm(armed_1x(flagged, faults).id, by="operator", why="asked")
    assert faults.disarm(entry.id, by="operator", why="again").flush_until == entry.flush_until


def test_a_value_that_was_never_seen_in_the_store_needs_no_flush(flagged: Any) -> None:
    faults = flagged.console()
    entry = flagged.intend(
        faults, value=DIALECTS[FLAGS].write(REFUSED), dialect=FLAGS, plan=disarm_plan(REFUSED, FLAGS)
    )
    assert faults.disarm(entry.id, by="operator", why="asked").state is FaultState.DISARMED


def test_what_was_rolled_back_by_the_run_itself_is_flushed_all_the_same(flagged: Any) -> None:
    faults = flagged.console()
    entry = armed_1x(flagged, faults)
    flagged.parameters.write(flagged.NAME, "{}")
    assert faults.disarm(entry.id, by="operator", why="asked").state is FaultState.FLUSHING


@pytest.mark.parametrize("version", ["0.2.0", "0.4.1"])
def test_containers_that_never_clear_are_replaced_where_that_is_permitted(desk: Any, version: str) -> None:
    desk.environment = Environment(name="test", recycle=True)
    desk.functions.functions["ChaosTransformer"] = (desk.NAME, version)
    faults = desk.console()
    entry = faults.disarm(armed_1x(desk, faults).id, by="operator", why="asked")
    assert desk.functions.recycled == ["ChaosTransformer"]
    assert "are being replaced" in entry.outcome


def test_containers_are_replaced_where_what_was_before_is_chosen_over_theirs(desk: Any) -> None:
    desk.environment = Environment(name="test", recycle=True)
    desk.functions.functions["ChaosTransformer"] = (desk.NAME, "0.2.0")
    faults = desk.console()
    entry = armed_1x(desk, faults)
    desk.parameters.write(desk.NAME, '{"theirs": 1}')
    faults.disarm(entry.id, by="operator", why="asked")
    assert desk.functions.recycled == []
    assert "are being replaced" in faults.choose(entry.id, keep="ours", by="ann").outcome
    assert desk.functions.recycled == ["ChaosTransformer"]


def test_where_it_is_not_permitted_the_command_is_told(desk: Any) -> None:
    desk.functions.functions["ChaosTransformer"] = (desk.NAME, "0.2.0")
    faults = desk.console()
    entry = faults.disarm(armed_1x(desk, faults).id, by="operator", why="asked")
    assert (entry.state, desk.functions.recycled) == (FaultState.DISARMED, [])
    assert "aws lambda update-function-configuration" in entry.outcome
    assert "--function-name ChaosTransformer" in entry.outcome


def test_containers_that_can_not_be_replaced_do_not_keep_the_store_armed(desk: Any, monkeypatch: Any) -> None:
    desk.environment = Environment(name="test", recycle=True)
    desk.functions.functions["ChaosTransformer"] = (desk.NAME, "0.2.0")

    def refuse(_name: str) -> None:
        raise Unavailable("no")

    monkeypatch.setattr(desk.functions, "recycle", refuse)
    faults = desk.console()
    entry = faults.disarm(armed_1x(desk, faults).id, by="operator", why="asked")
    assert entry.state is FaultState.DISARMED
    assert "could not be replaced: no" in entry.outcome


def test_chaos_lambda_is_left_switched_off_since_it_fails_without_its_parameter(desk: Any) -> None:
    desk.parameters.delete(desk.NAME)
    faults = desk.console()
    value = DIALECTS["chaos_lambda/0.3"].write(LATE)
    entry = desk.arm(faults, value=value, dialect="chaos_lambda/0.3", fault=LATE, safe_value=None)
    assert faults.disarm(entry.id, by="operator", why="asked").state is FaultState.DISARMED
    assert desk.stored == '{"is_enabled": false}'


def test_a_log_line_after_it_should_be_over_is_an_alarm(desk: Any) -> None:
    faults = desk.console()
    entry = faults.disarm(desk.arm(faults).id, by="operator", why="asked")
    assert entry.phase(desk.clock.now()) is Phase.SETTLING
    desk.clock.advance(29)
    soon = faults.ledger.change(entry.id, last_hit_at=desk.clock.now())
    assert (soon.phase(desk.clock.now()), soon.stuck) == (Phase.SETTLING, False)
    desk.clock.advance(2)
    late = faults.ledger.change(entry.id, last_hit_at=desk.clock.now())
    assert (late.phase(desk.clock.now()), late.stuck) == (Phase.STUCK, True)
    quiet = faults.ledger.change(entry.id, quiet_at=desk.clock.now())
    assert (quiet.phase(desk.clock.now()), quiet.stuck) == (Phase.QUIET, False)
    assert quiet.seconds_to_quiet == 31
