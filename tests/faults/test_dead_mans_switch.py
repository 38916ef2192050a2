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


@pytest.mark.parametrize(
    ("role", "kind", "recycle", "words"),
    [
        (ROLE, "ssm", False, ""),
        (ROLE, "ssm", True, "can not replace containers"),
        (ROLE, "appconfig", False, "if this machine dies for good, appconfig:x stays as it is then"),
        (None, "appconfig", True, ""),  # there is none, which is told already
    ],
)
def test_what_it_can_not_do_is_told(role: str | None, kind: str, words: str, *, recycle: bool) -> None:
    environment = Environment(name="test", dead_mans_switch_role=role)
    told = leaves(environment, Store(environment="test", name="x", kind=kind), recycle=recycle)
    assert (words in told, bool(words)) == (True, bool(told))


def test_an_environment_without_a_role_has_none(desk: Any) -> None:
    desk.faults = desk.console()
    assert (
        arm(desk).state is FaultState.ARMED
    )  # and nobody asked for a scheduler, which the desk does not have
