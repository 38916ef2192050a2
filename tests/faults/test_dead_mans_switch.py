"""A switch that outlives the machine: made before a fault is armed, moved with its deadline, gone with its disarm."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from app.dialects import Fault, FaultMode
from app.errors import Unavailable
from app.faults import FaultState, Store
from app.faults.dead_mans_switch import leaves
from app.settings import Environment

ROLE = "arn:aws:iam::123456789012:role/switch"
REFUSED = Fault(mode=FaultMode.DENYLIST, rate=0.5, deny_list=("dynamodb.*.amazonaws.com",))


class Scheduled:
    """Scheduler's schedules by name, in the order that they were made."""

    def __init__(self, parameters: Any) -> None:
        self.parameters = parameters
        self.rows: dict[str, dict[str, Any]] = {}
        self.armed_when_made: list[bool] = []
        self.trouble: Exception | None = None

    def write_at(self, name: str, at: datetime, **row: Any) -> None:
        if self.trouble:
            raise self.trouble
        self.armed_when_made.append(
            '"isEnabled": true' in (self.parameters.text("failureLambdaConfig") or "")
        )
        self.rows[name] = {"at": at, **row}

    def remove(self, name: str) -> bool:
        if self.trouble:
            raise self.trouble
        return self.rows.pop(name, None) is not None


@pytest.fixture
def switched(desk: Any) -> Any:
    desk.environment = Environment(name="test", region="us-east-2", dead_mans_switch_role=ROLE)
    desk.faults = desk.console()
    desk.scheduled = Scheduled(desk.parameters)
    desk.faults._aws._given["scheduler"] = desk.scheduled
    return desk


def arm(desk: Any) -> Any:
    return desk.faults.arm(store=desk.STORE, fault=REFUSED, by="ann", lifetime=timedelta(minutes=10))


def test_it_is_there_before_the_fault_is_and_writes_what_was_there(switched: Any) -> None:
    entry = arm(switched)
    (row,) = switched.scheduled.rows.values()
    assert switched.scheduled.armed_when_made == [False]
    assert row["at"] == entry.disarm_by + timedelta(minutes=2)
    assert (row["parameter"], row["value"], row["role"]) == (switched.NAME, switched.OFF, ROLE)


def test_a_disarm_takes_it_away(switched: Any) -> None:
    entry = arm(switched)
    switched.faults.disarm(entry.id, by="ann", why="asked")
    switched.faults.close()  # waits for what is let go afterwards
    assert switched.scheduled.rows == {}


@pytest.mark.parametrize("theirs", [None, '{"theirs": 1}'], ids=["disarmed", "written by somebody else"])
def test_one_that_could_not_be_taken_away_is_tried_again_before_it_writes(
    switched: Any, theirs: str | None
) -> None:
    entry = arm(switched)
    if theirs:
        switched.parameters.write(switched.NAME, theirs)
    switched.scheduled.trouble = Unavailable("Scheduler is away.")
    over = switched.faults.disarm(entry.id, by="ann", why="asked")
    assert over.undecided is (theirs is not None)
    switched.faults._later.submit(lambda: None).result()
    assert len(switched.scheduled.rows) == 1
    switched.scheduled.trouble = None
    switched.clock.advance(3)
    switched.guardian(switched.faults).step()
    switched.faults.close()
    assert switched.scheduled.rows == {}
    assert switched.stored == (theirs or switched.OFF)


def test_one_that_can_not_be_taken_away_for_long_is_tried_until_it_has_run(switched: Any) -> None:
    entry = arm(switched)
    switched.scheduled.trouble = Unavailable("Scheduler is away.")
    switched.faults.disarm(entry.id, by="ann", why="asked")
    guardian = switched.guardian(switched.faults)

    def looked_after(seconds: float) -> Any:
        switched.clock.advance(seconds)
        guardian.step()
        switched.faults._later.submit(lambda: None).result()
        return switched.faults.entry(entry.id).next_attempt_at

    for seconds in (3, 12, 45, 60):
        due = looked_after(seconds)
        assert due is not None
    assert due == switched.clock.now() + timedelta(minutes=1)
    switched.scheduled.trouble = None
    assert looked_after(60) is None
    assert switched.scheduled.rows == {}
    switched.scheduled.trouble = Unavailable("Scheduler is away.")
    switched.faults._release(switched.faults.entry(entry.id))
    assert looked_after(60) is not None
    assert looked_after(15 * 60) is None  # it has run by now


def test_it_moves_with_the_deadline(switched: Any) -> None:
    entry = arm(switched)
    later = switched.faults.extend(entry.id, minutes=30, by="ann")
    (row,) = switched.scheduled.rows.values()
    assert row["at"] == later.disarm_by + timedelta(minutes=2)


def test_without_it_nothing_is_armed(switched: Any) -> None:
    switched.scheduled.trouble = Unavailable("Scheduler is away.")
    with pytest.raises(Unavailable, match="Scheduler is away"):
        arm(switched)
    assert switched.stored == switched.OFF
    (entry,) = switched.faults.history()
    assert entry.state is FaultState.DISARMED


def test_it_flushes_warm_containers_first_where_the_version_needs_that(switched: Any) -> None:
    switched.functions.functions["ChaosTransformer"] = (switched.NAME, "1.0.0")
    switched.parameters.write(switched.NAME, "{}")
    arm(switched)
    flush, rest = sorted(switched.scheduled.rows.values(), key=lambda row: row["at"])
    assert flush["value"] == '{"latency": {"enabled": true, "percentage": 0}}'
    assert (rest["value"], rest["at"] - flush["at"]) == ("{}", timedelta(seconds=60))


def test_what_was_not_there_is_deleted(switched: Any) -> None:
    switched.parameters.delete(switched.NAME)
    arm(switched)
    (row,) = switched.scheduled.rows.values()
    assert row["value"] is None


SECRET = '{"isEnabled": false, "token": "hunter2"}'
VERSIONS = [("0.4.4", '{"isEnabled": false}'), ("1.0.0", "{}")]


@pytest.fixture
def secured(switched: Any) -> Any:
    """A parameter that holds a secret, read by functions with the Layer, which decrypts."""
    switched.functions.details["ChaosTransformer"] = {"wrapper": True}
    switched.parameters.put(switched.NAME, SECRET.encode(), kind="SecureString", key_id="alias/k")
    return switched


@pytest.mark.parametrize(("version", "off"), VERSIONS)
def test_a_secret_is_not_shown_by_it(secured: Any, version: str, off: str) -> None:
    secured.functions.functions["ChaosTransformer"] = (secured.NAME, version)
    entry = arm(secured)
    secured.faults.extend(entry.id, minutes=30, by="ann")
    (row,) = secured.scheduled.rows.values()
    assert (row["value"], row["kind"], row["key_id"]) == (off, "SecureString", "alias/k")


@pytest.mark.parametrize(("version", "off"), VERSIONS)
def test_a_console_that_is_back_after_it_puts_the_secret_back_to_the_byte(
    secured: Any, version: str, off: str
) -> None:
    secured.functions.functions["ChaosTransformer"] = (secured.NAME, version)
    entry = arm(secured)
    (row,) = secured.scheduled.rows.values()
    secured.parameters.put(secured.NAME, row["value"].encode(), kind=row["kind"], key_id=row["key_id"])
    assert secured.stored == off
    secured.clock.advance(13 * 60)
    secured.guardian(secured.faults).step()
    over = secured.faults.entry(entry.id)
    assert (over.state, secured.stored) == (FaultState.DISARMED, SECRET)
    held = secured.parameters.peek(secured.NAME)
    assert (held.type, held.key_id) == ("SecureString", "alias/k")


def test_one_that_ran_late_is_made_good_as_well(secured: Any) -> None:
    entry = arm(secured)
    (row,) = secured.scheduled.rows.values()
    secured.faults.disarm(entry.id, by="ann", why="asked")
    secured.parameters.put(secured.NAME, row["value"].encode(), kind=row["kind"], key_id=row["key_id"])
    secured.clock.advance(3)
    secured.guardian(secured.faults).step()
    assert (secured.faults.entry(entry.id).state, secured.stored) == (FaultState.DISARMED, SECRET)


@pytest.mark.parametrize(
    ("role", "kind", "recycle", "secure", "words"),
    [
        (ROLE, "ssm", False, False, ""),
        (ROLE, "ssm", True, False, "can not replace containers"),
        (ROLE, "ssm", False, True, "switches ssm:x off and does not bring back what it held"),
        (ROLE, "ssm", True, True, "restores it. The dead man's switch can not replace containers"),
        (ROLE, "appconfig", False, False, "if this machine dies for good, appconfig:x stays as it is then"),
        (None, "appconfig", True, False, ""),  # there is none, which is told already
    ],
)
def test_what_it_can_not_do_is_told(
    role: str | None, kind: str, words: str, *, recycle: bool, secure: bool
) -> None:
    environment = Environment(name="test", dead_mans_switch_role=role)
    store = Store(environment="test", name="x", kind=kind)
    told = leaves(environment, store, recycle=recycle, secure=secure)
    assert (words in told, bool(words)) == (True, bool(told))


def test_an_environment_without_a_role_has_none(desk: Any) -> None:
    desk.faults = desk.console()
    assert (
        arm(desk).state is FaultState.ARMED
    )  # and nobody asked for a scheduler, which the desk does not have
