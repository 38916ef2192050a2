"""Somebody else wrote the store, or armed one without the console; and deadlines that move."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from app.errors import Changed, Conflict, Invalid
from app.faults import FaultState
from app.settings import Environment

THEIRS = '{"isEnabled": false, "theirs": 1}'


@pytest.fixture
def drifted(desk: Any) -> Any:
    desk.faults = desk.console()
    desk.entry = desk.arm(desk.faults)
    desk.parameters.write(desk.NAME, THEIRS)
    desk.entry = desk.faults.disarm(desk.entry.id, by="operator", why="asked")
    assert desk.entry.state is FaultState.DRIFTED
    return desk


def test_both_values_are_there_to_choose_from(drifted: Any) -> None:
    assert drifted.entry.undecided
    assert (drifted.entry.theirs, drifted.entry.previous) == (THEIRS.encode(), drifted.OFF.encode())


def test_theirs_stands_where_a_person_says_so(drifted: Any) -> None:
    entry = drifted.faults.choose(drifted.entry.id, keep="theirs", by="ann")
    assert (entry.undecided, entry.resolved_by, drifted.stored) == (False, "ann", THEIRS)


def test_a_fault_of_theirs_that_is_let_stand_is_told_of_from_then_on(desk: Any) -> None:
    faults = desk.console()
    entry = desk.arm(faults)
    desk.parameters.write(desk.NAME, desk.ARMED.replace("0.5", "1"))
    assert faults.disarm(entry.id, by="operator", why="asked").theirs_armed
    assert faults.strays() == ()
    faults.choose(entry.id, keep="theirs", by="ann")
    assert [str(stray.store) for stray in faults.strays()] == ["ssm:failureLambdaConfig"]


def test_a_choice_of_what_is_not_there_any_more_changes_nothing(drifted: Any) -> None:
    def changed(entry: Any) -> None:
        assert entry.id == drifted.entry.id
        raise Changed("It has changed.")

    before = drifted.entry.mark
    for keep in ("theirs", "ours"):
        with pytest.raises(Changed):
            drifted.faults.choose(drifted.entry.id, keep=keep, by="ann", check=changed)
    assert drifted.faults.entry(drifted.entry.id).undecided
    assert drifted.stored == THEIRS
    drifted.parameters.write(drifted.NAME, "{}")
    with pytest.raises(Conflict):
        drifted.faults.choose(drifted.entry.id, keep="ours", by="ann")
    assert drifted.faults.entry(drifted.entry.id).mark != before


def test_what_was_before_comes_back_where_a_person_says_so(drifted: Any) -> None:
    entry = drifted.faults.choose(drifted.entry.id, keep="ours", by="ann")
    assert (entry.state, drifted.stored) == (FaultState.DISARMED, drifted.OFF)
    assert "ann put back what was there before" in entry.outcome


def test_a_value_that_changed_again_is_shown_again_and_not_overwritten(drifted: Any) -> None:
    drifted.parameters.write(drifted.NAME, "{}")
    with pytest.raises(Conflict, match="written once more"):
        drifted.faults.choose(drifted.entry.id, keep="ours", by="ann")
    assert drifted.stored == "{}"
    drifted.faults.choose(drifted.entry.id, keep="ours", by="ann")
    assert drifted.stored == drifted.OFF


def test_a_value_that_comes_between_look_and_write_is_not_lost(drifted: Any) -> None:
    newer = '{"isEnabled": false, "newer": 1}'

    def write_between(call: str, name: str) -> None:
        if (call, name) == ("put", drifted.NAME):
            drifted.parameters.before = lambda _call, _name: None
            drifted.parameters.write(drifted.NAME, newer)

    drifted.parameters.before = write_between
    with pytest.raises(Conflict, match="written once more"):
        drifted.faults.choose(drifted.entry.id, keep="ours", by="ann")
    assert drifted.stored == newer
    assert drifted.faults.entry(drifted.entry.id).theirs == newer.encode()


def test_a_store_that_is_armed_again_is_not_written_over(drifted: Any) -> None:
    again = drifted.arm(drifted.faults, run_id="43")
    for keep in ("ours", "theirs"):
        with pytest.raises(Conflict, match="armed again"):
            drifted.faults.choose(drifted.entry.id, keep=keep, by="ann")
    assert drifted.stored == drifted.ARMED
    assert drifted.faults.disarm(again.id, by="ann", why="asked").state is FaultState.DISARMED


def test_there_is_one_choice(drifted: Any) -> None:
    drifted.faults.choose(drifted.entry.id, keep="theirs", by="ann")
    with pytest.raises(Conflict, match="nothing to choose"):
        drifted.faults.choose(drifted.entry.id, keep="ours", by="bob")
    assert drifted.stored == THEIRS


@pytest.mark.parametrize("minutes", [1, 30])
def test_a_deadline_is_moved_either_way(desk: Any, minutes: int) -> None:
    faults = desk.console()
    entry = faults.extend(desk.arm(faults).id, minutes=minutes, by="ann")
    assert entry.disarm_by == desk.clock.now() + timedelta(minutes=minutes)
    assert "ann" in entry.outcome


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "lies ahead"), (-5, "lies ahead"), (61, "longer than 60")]
)
def test_a_deadline_has_bounds(desk: Any, minutes: int, words: str) -> None:
    faults = desk.console()
    with pytest.raises(Invalid, match=words):
        faults.extend(desk.arm(faults).id, minutes=minutes, by="ann")


def test_the_longest_lease_counts_from_the_arming(desk: Any) -> None:
    desk.environment = Environment(name="test", longest_lease=timedelta(minutes=20))
    faults = desk.console()
    entry = desk.arm(faults)
    desk.clock.advance(9 * 60)
    with pytest.raises(Invalid, match="longer than 20 minutes"):
        faults.extend(entry.id, minutes=12, by="ann")


def test_a_deadline_is_not_moved_beyond_the_credentials(desk: Any) -> None:
    faults = desk.console()
    entry = desk.arm(faults)
    faults._aws.credentials_end = desk.clock.now() + timedelta(minutes=15)
    with pytest.raises(Invalid, match="credentials end"):
        faults.extend(entry.id, minutes=20, by="ann")
    assert faults.extend(entry.id, minutes=14, by="ann").disarm_by < faults._aws.credentials_end


def test_what_is_over_can_not_be_extended(desk: Any) -> None:
    faults = desk.console()
    entry = desk.arm(faults)
    faults.disarm(entry.id, by="operator", why="asked")
    with pytest.raises(Conflict):
        faults.extend(entry.id, minutes=5, by="ann")


def test_an_armed_value_that_the_ledger_does_not_hold_is_found(desk: Any) -> None:
    faults = desk.console()
    assert faults.scan("test") == ()
    desk.parameters.write(desk.NAME, desk.ARMED)
    (stray,) = faults.scan("test")
    assert (str(stray.store), stray.functions) == ("ssm:failureLambdaConfig", ("ChaosTransformer",))
    assert (
        stray.sentence == "half of the invocations of ChaosTransformer are refused dynamodb.*.amazonaws.com"
    )
    assert faults.strays() == (stray,)


def test_what_the_ledger_holds_is_no_stray(desk: Any) -> None:
    faults = desk.console()
    desk.arm(faults)
    assert faults.scan("test") == ()


def test_stores_that_no_function_names_are_looked_into_where_the_settings_name_them(desk: Any) -> None:
    desk.functions.functions.clear()
    desk.parameters.write("other", desk.ARMED)
    desk.environment = Environment(name="test", stores=("ssm:other",))
    assert [str(stray.store) for stray in desk.console().scan("test")] == ["ssm:other"]


def test_a_stray_is_switched_off_with_its_other_fields_kept(desk: Any) -> None:
    faults = desk.console()
    desk.parameters.write(desk.NAME, desk.ARMED)
    faults.scan("test")
    said = faults.switch_off(desk.STORE, by="ann")
    assert "is off, read back" in said
    assert desk.stored == desk.ARMED.replace('"isEnabled": true', '"isEnabled": false')
    assert faults.strays() == ()


def test_a_stray_is_switched_off_as_its_version_needs_it(desk: Any) -> None:
    desk.functions.functions["ChaosTransformer"] = (desk.NAME, "1.0.0")
    armed = '{"owner": "a", "denylist": {"enabled": true, "deny_list": ["s3.*"]}}'
    desk.parameters.write(desk.NAME, armed)
    said = desk.console().switch_off(desk.STORE, by="ann")
    flags = json.loads(desk.stored)
    assert (flags["owner"], flags["denylist"]["enabled"]) == ("a", False)
    assert flags["latency"] == {"enabled": True, "percentage": 0}  # at which warm containers clear
    assert "containers that were hit clear" in said


@pytest.mark.parametrize("permitted", [True, False])
def test_containers_that_a_stray_has_hit_for_good_are_replaced_or_told_of(
    desk: Any, *, permitted: bool
) -> None:
    desk.environment = Environment(name="test", recycle=permitted)
    desk.functions.functions["ChaosTransformer"] = (desk.NAME, "0.4.1")
    desk.parameters.write(desk.NAME, desk.ARMED)
    said = desk.console().switch_off(desk.STORE, by="ann")
    assert desk.functions.recycled == (["ChaosTransformer"] if permitted else [])
    assert ("are being replaced" if permitted else "aws lambda update-function-configuration") in said


def test_a_stray_keeps_its_type_its_tier_and_its_key(desk: Any) -> None:
    desk.parameters.put(
        desk.NAME, desk.ARMED.encode(), kind="SecureString", tier="Advanced", key_id="alias/mine"
    )
    desk.console().switch_off(desk.STORE, by="ann")
    after = desk.parameters.describe(desk.NAME)
    assert (after.type, after.tier, after.key_id) == ("SecureString", "Advanced", "alias/mine")


def test_a_lease_of_somebody_is_not_switched_off_behind_its_back(desk: Any) -> None:
    faults = desk.console()
    desk.arm(faults)
    with pytest.raises(Conflict):
        faults.switch_off(desk.STORE, by="ann")


def test_no_value_of_a_secure_string_is_in_a_sentence(desk: Any) -> None:
    """Sentences go to pages, logs, and other people's chats."""
    secret = '{"isEnabled": false, "token": "canary"}'
    desk.parameters.put(desk.NAME, secret.encode(), kind="SecureString")
    faults = desk.console()
    entry = desk.arm(faults, secure=True, value=desk.ARMED.replace("{", '{"token": "canary", ', 1))
    desk.parameters.put(desk.NAME, b'{"isEnabled": false, "token": "canary too"}', kind="SecureString")
    over = faults.disarm(entry.id, by="ann", why="asked")
    assert over.undecided
    chosen = faults.choose(entry.id, keep="ours", by="ann")
    assert desk.stored == secret
    desk.parameters.put(
        desk.NAME, desk.ARMED.replace("{", '{"token": "canary", ', 1).encode(), kind="SecureString"
    )
    faults.scan("test")
    (stray,) = faults.strays()
    switched = faults.switch_off(desk.STORE, by="ann")
    told = [over.outcome, chosen.outcome, stray.sentence, stray.shown, switched]
    told += [entry.shown(value) for value in (over.value, over.previous, over.theirs)]
    assert [one for one in told if "canary" in (one or "")] == []
