"""Routes are tested on stand-ins: each method of one takes what the room's own takes, or the tests would say nothing."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from app.aws import Aws
from app.evidence import Evidence
from app.experiments import Catalog
from app.faults import Faults
from app.metrics import Metrics
from app.runs import Runs
from app.sandbox.control import Control
from tests.web import stand_ins

ROOMS: dict[type, type] = {
    stand_ins.FakeAws: Aws,
    stand_ins.FakeCatalog: Catalog,
    stand_ins.FakeControl: Control,
    stand_ins.FakeEvidence: Evidence,
    stand_ins.FakeFaults: Faults,
    stand_ins.FakeMetrics: Metrics,
    stand_ins.FakeRuns: Runs,
}
OF_TESTS = {"add", "armed", "leave_tolerance", "place", "places", "sample", "tell"}  # what only they call


def public(kind: type) -> dict[str, Any]:
    return {name: member for name, member in inspect.getmembers(kind, inspect.isfunction) if name[0] != "_"}


def taken(function: Any) -> list[tuple[str, Any, bool]]:
    """Each parameter's name, how it is given, and whether it must be."""
    return [
        (one.name, one.kind, one.default is inspect.Parameter.empty)
        for one in inspect.signature(function).parameters.values()
    ]


METHODS = [(fake, name) for fake in ROOMS for name in public(fake) if name not in OF_TESTS]


@pytest.mark.parametrize(("fake", "name"), METHODS, ids=lambda one: getattr(one, "__name__", one))
def test_a_stand_in_takes_what_its_room_takes(fake: type, name: str) -> None:
    room = public(ROOMS[fake])
    assert name in room, "the room has no such method"
    of_fake, of_room = taken(public(fake)[name]), taken(room[name])
    if of_room[-1][1] is inspect.Parameter.VAR_KEYWORD:  # the room hands on whatever it is given
        of_fake, of_room = of_fake[: len(of_room) - 1], of_room[:-1]
    assert of_fake == of_room
