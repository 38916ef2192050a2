"""Somebody else who writes in the moment between our look and our write loses nothing: SSM has no compare-and-set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from app.errors import Conflict, Unavailable
from app.faults import FaultState

THEIRS = '{"isEnabled": false, "table": "orders-v2"}'
NEWER = '{"isEnabled": false, "table": "orders-v3"}'
THEIR_FAULT = '{"isEnabled": true, "failureMode": "latency", "rate": 1, "table": "orders-v2"}'
THEIR_FAULT_OFF = THEIR_FAULT.replace("true", "false")


def before_each_write(desk: Any, values: Sequence[str | None]) -> None:
    """Somebody writes one of these each time that the console is about to; None: deletes."""
    left = list(values)

    def somebody(call: str, name: str) -> None:
        if (call, name) == ("put", desk.NAME) and left:
            value = left.pop(0)
            desk.parameters.delete(name) if value is None else desk.parameters.write(name, value)

    desk.parameters.before = somebody


@pytest.mark.parametrize(
    ("written", "stands"),
    [
        ((THEIRS,), THEIRS),
        ((THEIRS, NEWER), NEWER),
        ((THEIR_FAULT,), THEIR_FAULT_OFF),
        ((THEIR_FAULT, THEIRS), THEIRS),
        ((None,), None),
        ((THEIRS, None), None),
    ],
)
def test_who_writes_as_a_stray_is_switched_off_is_heard(
    desk: Any, written: Sequence[str | None], stands: str | None
) -> None:
    desk.parameters.write(desk.NAME, desk.ARMED)
    faults = desk.console()
    before_each_write(desk, written)
    said = faults.switch_off(desk.STORE, by="ann")
    assert desk.stored == stands
    assert f"What somebody else wrote meanwhile stands: {stands or 'no value'}." in said


def test_a_type_and_a_key_that_came_between_stay(desk: Any) -> None:
    desk.parameters.write(desk.NAME, desk.ARMED)
    faults = desk.console()

    def somebody(call: str, name: str) -> None:
        if (call, name) == ("put", desk.NAME):
            desk.parameters.before = lambda _call, _name: None
            desk.parameters.put(name, THEIRS.encode(), kind="SecureString", tier="Advanced", key_id="alias/k")

    desk.parameters.before = somebody
    faults.switch_off(desk.STORE, by="ann")
    stands = desk.parameters.peek(desk.NAME)
    assert (stands.type, stands.tier, stands.key_id) == ("SecureString", "Advanced", "alias/k")


def test_somebody_who_arms_it_without_end_is_told_of(desk: Any) -> None:
    desk.parameters.write(desk.NAME, desk.ARMED)
    faults = desk.console()
    before_each_write(desk, [THEIR_FAULT] * 9)
    with pytest.raises(Unavailable, match="written again as soon as"):
        faults.switch_off(desk.STORE, by="ann")


def disarm(faults: Any, entry: Any) -> Any:
    return faults.disarm(entry.id, by="ann", why="asked")


@pytest.mark.parametrize(
    ("written", "stands"), [((THEIRS, NEWER), NEWER), ((None,), None), ((THEIRS, NEWER, THEIRS), THEIRS)]
)
@pytest.mark.parametrize("how", ["disarm", "choose"])
def test_who_writes_as_a_fault_is_put_back_is_heard(
    desk: Any, written: Sequence[str | None], stands: str | None, how: str
) -> None:
    faults = desk.console()
    entry = desk.arm(faults)
    if how == "choose":
        desk.parameters.write(desk.NAME, '{"isEnabled": false, "first": 1}')
        disarm(faults, entry)
        before_each_write(desk, written)
        with pytest.raises(Conflict, match="written once more"):
            faults.choose(entry.id, keep="ours", by="ann")
    else:
        before_each_write(desk, written)
        disarm(faults, entry)
    after = faults.entry(entry.id)
    assert (after.state, after.undecided, desk.stored) == (FaultState.DRIFTED, True, stands)
    assert after.theirs == (stands.encode() if stands else None)


def test_somebody_elses_fault_that_comes_after_a_drift_is_found(desk: Any) -> None:
    faults = desk.console()
    entry = desk.arm(faults)
    desk.parameters.write(desk.NAME, THEIR_FAULT)
    assert disarm(faults, entry).theirs_armed
    assert faults.scan("test") == ()  # a person is asked about it already
    desk.parameters.write(desk.NAME, desk.ARMED)
    assert [str(stray.store) for stray in faults.scan("test")] == ["ssm:failureLambdaConfig"]
