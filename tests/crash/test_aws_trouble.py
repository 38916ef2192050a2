"""AWS throttles, refuses, answers late or not at all; somebody else writes; two consoles want the same store.

In this process, with the real client against the oracle: what is asserted is what passed there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.aws import Aws
from app.clock import FrozenClock
from app.dialects import Fault, FaultMode, any_armed
from app.errors import Conflict, GamedayError, Invalid
from app.faults import Entry, Faults, FaultState, Guardian, Store
from app.live import Live
from app.settings import Environment
from app.storage import Storage
from app.storage.engine import sqlite_url
from tests.crash.harness import NAME, World

pytestmark = pytest.mark.sandbox
REFUSED = Fault(mode=FaultMode.DENYLIST, rate=0.5, deny_list=("dynamodb.*",))
OFF = '{"isEnabled": false}\n'
STORE = Store(environment="test", name=NAME)


@dataclass
class Desk:
    """Consoles in this process, each with a ledger of its own, on one oracle."""

    world: World
    clock: FrozenClock
    folder: Path
    made: list[tuple[Faults, Storage]] = field(default_factory=list)

    def console(self, name: str = "one") -> Faults:
        environment = Environment(
            name="test",
            region="us-east-2",
            endpoint_url=self.world.oracle.url,
            dialects={NAME: "failure-lambda/0.x", "other": "failure-lambda/0.x"},
        )
        environments = {"test": environment}
        storage = Storage(sqlite_url(self.folder / f"{name}.sqlite"))
        storage.migrate()
        faults = Faults(
            storage=storage, aws=Aws(environments), clock=self.clock, live=Live(), environments=environments
        )
        self.made.append((faults, storage))
        return faults

    def arm(self, faults: Faults) -> Entry:
        return faults.arm(store=STORE, fault=REFUSED, by="ann", lifetime=timedelta(minutes=5))

    def disarm(self, faults: Faults, entry: Entry) -> Entry:
        return faults.disarm(entry.id, by="ann", why="asked")

    def guard(self, faults: Faults, seconds: float) -> None:
        """The guardian's steps over that time."""
        guardian = Guardian(faults=faults, clock=self.clock)
        for _ in range(round(seconds)):
            self.clock.advance(1)
            guardian.step()

    @property
    def armed_writes(self) -> int:
        return sum(
            write.value is not None and any_armed(write.value) for write in self.world.oracle.history(NAME)
        )

    def hold(self, value: str | None, **more: Any) -> None:
        """What is there before: written past the oracle."""
        self.world.prepare(None)
        if value is not None:
            self.world.ssm.put_parameter(Name=NAME, Value=value, **{"Type": "String", **more})


@pytest.fixture
def desk(world: World, clock: FrozenClock, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(world=world, clock=clock, folder=tmp_path)
    made.hold(OFF)
    yield made
    for faults, storage in made.made:
        faults.close()
        storage.close()


TROUBLES = {
    "denied": {"code": "AccessDeniedException"},
    "throttled": {"code": "ThrottlingException"},
    "broken": {"code": "InternalServerError", "status": 500},
    "expired": {"code": "ExpiredTokenException"},
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_disarm_that_aws_does_not_do_is_an_alarm_and_tried_for_ever(desk: Desk, trouble: str) -> None:
    faults = desk.console()
    entry = desk.arm(faults)
    assert desk.world.armed()
    knob = desk.world.oracle.turn(operation="PutParameter", **TROUBLES[trouble])
    stuck = desk.disarm(faults, entry)
    assert (stuck.state, stuck.stuck) == (FaultState.DISARMING, True)
    with pytest.raises(Conflict):
        desk.arm(faults)
    desk.guard(faults, 65)
    assert faults.entry(entry.id).attempts > 3
    desk.world.oracle.knobs.remove(knob)
    desk.guard(faults, 31)
    assert (faults.entry(entry.id).state, desk.world.value) == (FaultState.DISARMED, OFF)


def test_retries_are_no_more_than_one_a_second(desk: Desk) -> None:
    faults = desk.console()
    entry = desk.arm(faults)
    desk.world.oracle.turn(operation="PutParameter", code="ThrottlingException")
    desk.disarm(faults, entry)
    before = desk.world.oracle.calls.count("PutParameter")
    desk.guard(faults, 60)
    tries = (desk.world.oracle.calls.count("PutParameter") - before) / 2  # the client tries each call twice
    assert 2 <= tries <= 60


@pytest.mark.parametrize("trouble", TROUBLES)
def test_an_arming_that_aws_does_not_do_leaves_nothing_behind(desk: Desk, trouble: str) -> None:
    faults = desk.console()
    desk.world.oracle.turn(operation="PutParameter", matching="denylist", **TROUBLES[trouble])
    with pytest.raises(GamedayError):
        desk.arm(faults)
    assert (desk.world.value, desk.armed_writes) == (OFF, 0)
    assert [entry.state for entry in faults.history()] == [FaultState.DISARMED]


@pytest.mark.parametrize("step", ["arm", "disarm"])
def test_a_write_that_is_applied_and_not_answered_counts_as_done(desk: Desk, step: str) -> None:
    faults = desk.console()
    text = "denylist" if step == "arm" else OFF.strip().replace('"', '\\"')
    if step == "arm":
        desk.world.oracle.turn(operation="PutParameter", times=1, lose_answer=True, matching=text)
        entry = desk.arm(faults)
        assert (entry.state, desk.world.armed()) == (FaultState.ARMED, True)
    else:
        entry = desk.arm(faults)
        desk.world.oracle.turn(operation="PutParameter", times=1, lose_answer=True, matching=text)
    over = desk.disarm(faults, entry)
    desk.guard(faults, 35)
    assert (faults.entry(entry.id).state, desk.world.value) == (FaultState.DISARMED, OFF), over.outcome
    assert len(faults.history()) == 1


@pytest.mark.parametrize("first", [0, 1], ids=["the winner first", "the loser first"])
def test_of_two_consoles_one_arms_and_the_value_before_comes_back(desk: Desk, first: int) -> None:
    consoles = [desk.console("one"), desk.console("two")]
    entry = desk.arm(consoles[0])
    with pytest.raises(Conflict, match="held by another console"):
        desk.arm(consoles[1])
    for faults in (consoles[first], consoles[1 - first]):
        for known in faults.active():
            desk.disarm(faults, known)
    assert (consoles[0].entry(entry.id).state, desk.world.value) == (FaultState.DISARMED, OFF)
    assert desk.armed_writes == 1


def test_two_guardians_on_one_ledger_write_once(desk: Desk) -> None:
    one, two = desk.console("same"), desk.console("same")
    entry = desk.arm(one)
    desk.clock.advance(301)
    for faults in (one, two):
        Guardian(faults=faults, clock=desk.clock).step()
    assert (two.entry(entry.id).state, desk.world.value) == (FaultState.DISARMED, OFF)
    back = [write for write in desk.world.oracle.history(NAME) if write.value == OFF]
    assert len(back) == 1


EDITS: dict[str, dict[str, Any]] = {
    "another value": {"Value": '{"isEnabled": false, "mine": 1}'},
    "another fault": {"Value": '{"isEnabled": true, "failureMode": "latency", "rate": 1}'},
    "a secure string": {"Value": "hidden", "Type": "SecureString"},
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_operators_own_value_stands_and_is_told(desk: Desk, edit: str) -> None:
    faults = desk.console()
    entry = desk.arm(faults)
    desk.world.ssm.put_parameter(Name=NAME, Overwrite=True, **{"Type": "String", **EDITS[edit]})
    over = desk.disarm(faults, entry)
    assert (over.state, over.undecided) == (FaultState.DRIFTED, True)
    held = desk.world.ssm.get_parameter(Name=NAME, WithDecryption=True)["Parameter"]
    assert held["Value"] == EDITS[edit]["Value"]


def test_what_an_operator_deletes_stays_deleted(desk: Desk) -> None:
    faults = desk.console()
    entry = desk.arm(faults)
    desk.world.ssm.delete_parameter(Name=NAME)
    assert desk.disarm(faults, entry).state is FaultState.DRIFTED
    assert desk.world.value is None


def test_an_operator_who_disarms_by_hand_is_no_drift(desk: Desk) -> None:
    faults = desk.console()
    entry = desk.arm(faults)
    desk.world.ssm.put_parameter(Name=NAME, Value=OFF, Type="String", Overwrite=True)
    assert desk.disarm(faults, entry).state is FaultState.DISARMED


def test_a_write_that_came_between_is_put_back(desk: Desk) -> None:
    """Between the read and the write of a disarm: there is no compare-and-set, so the versions tell."""
    faults = desk.console()
    entry = desk.arm(faults)
    theirs = '{"isEnabled": false, "theirs": true}'

    def write() -> None:
        desk.world.ssm.put_parameter(Name=NAME, Value=theirs, Type="String", Overwrite=True)

    text = OFF.strip().replace('"', '\\"')
    desk.world.oracle.turn(operation="PutParameter", times=1, matching=text, before=write)
    over = desk.disarm(faults, entry)
    assert (over.state, desk.world.value) == (FaultState.DRIFTED, theirs)


VALUES = {
    "absent": None,
    "a newline": '{"isEnabled": false}\n\n',
    "a mark of bytes": '\ufeff{"isEnabled": false}',
    "emoji": '{"isEnabled": false, "note": "🙂é"}',
    "no JSON": "hello = world",
    "a space": " ",
    "4 KB": "x" * 4096,
}


@pytest.mark.parametrize("value", VALUES)
def test_every_value_comes_back_byte_for_byte(desk: Desk, value: str) -> None:
    desk.hold(VALUES[value])
    faults = desk.console()
    entry = desk.arm(faults)
    assert desk.world.armed()
    assert desk.disarm(faults, entry).state is FaultState.DISARMED
    assert desk.world.value == VALUES[value]


def test_eight_kilobytes_keep_their_tier(desk: Desk) -> None:
    desk.hold("y" * 8192, Tier="Advanced")
    faults = desk.console()
    entry = desk.arm(faults)
    desk.disarm(faults, entry)
    (row,) = desk.world.ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [NAME]}])[
        "Parameters"
    ]
    assert (desk.world.value, row["Tier"]) == ("y" * 8192, "Advanced")


def test_a_secure_string_is_refused_before_any_write(desk: Desk) -> None:
    desk.hold("hidden", Type="SecureString")
    with pytest.raises(Invalid, match="SecureString"):
        desk.arm(desk.console())
    assert desk.world.oracle.history(NAME) == []


def test_a_parameter_that_takes_no_more_versions_is_refused_before_any_write(desk: Desk) -> None:
    for number in range(99):
        desk.world.ssm.put_parameter(Name=NAME, Value=f"{number}", Type="String", Overwrite=True)
    desk.world.ssm.label_parameter_version(Name=NAME, ParameterVersion=1, Labels=["keep"])
    with pytest.raises(Invalid, match="takes no further"):
        desk.arm(desk.console())
    assert desk.world.oracle.history(NAME) == []


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40))
def test_whatever_was_there_comes_back(desk: Desk, value: str) -> None:
    desk.hold(value)
    faults = desk.console()
    entry = desk.arm(faults)
    desk.disarm(faults, entry)
    assert desk.world.value == value


@pytest.mark.parametrize("hours", [2, 24 * 3650])
def test_a_clock_that_jumps_ahead_disarms_and_one_that_jumps_back_keeps_the_deadline(
    desk: Desk, hours: int
) -> None:
    faults = desk.console()
    entry = desk.arm(faults)
    desk.clock.advance(-hours * 3600 if hours < 24 else 0)
    desk.guard(faults, 2)
    assert faults.entry(entry.id).state is FaultState.ARMED
    desk.clock.advance(2 * hours * 3600)
    desk.guard(faults, 1)
    assert (faults.entry(entry.id).state, desk.world.value) == (FaultState.DISARMED, OFF)


def test_a_disk_that_is_full_arms_nothing_and_holds_up_no_disarm(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = desk.console()
    entry = desk.arm(faults)

    def full(*_words: Any, **_more: Any) -> Any:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(faults.ledger, "intend", full)
        with pytest.raises(OSError, match="No space"):
            faults.arm(
                store=Store(environment="test", name="other"),
                fault=REFUSED,
                by="b",
                lifetime=timedelta(minutes=1),
            )
    assert desk.world.oracle.history("other") == []
    with monkeypatch.context() as disk:
        disk.setattr(faults.ledger.storage, "writing", full)
        desk.clock.advance(600)
        desk.guard(faults, 2)
        assert desk.world.value == OFF
    desk.guard(faults, 1)
    assert faults.entry(entry.id).state is FaultState.DISARMED
