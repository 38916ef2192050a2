"""What to do with a store, by what it holds: pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.aws import Parameter
from app.faults import Entry, FaultState, plan

OFF, ARMED, ROLLBACK, THEIRS = (
    b'{"isEnabled": false} ',
    b'{"isEnabled": true}',
    b'{"isEnabled": false}',
    b"theirs",
)
GONE = None


@pytest.fixture
def entry(desk: Any, clock: Any) -> Any:
    def make(previous: bytes | None, safe: bytes | None = ROLLBACK) -> Entry:
        return Entry(
            id=1, store=desk.STORE, run_id="42", by="operator", state=FaultState.ARMED, dialect="failure-lambda/0.x",
            fault=desk.REFUSED, functions=(), previous=previous, value=ARMED, announced=(ARMED.decode(),),
            safe_value=safe, created_at=clock.now(), disarm_by=clock.now(),
        )  # fmt: skip

    return make


@pytest.mark.parametrize(
    ("previous", "safe", "held", "step"),
    [
        (OFF, ROLLBACK, ARMED, OFF),
        (OFF, ROLLBACK, ROLLBACK, OFF),
        (OFF, ROLLBACK, OFF, FaultState.DISARMED),
        (OFF, ROLLBACK, THEIRS, FaultState.DRIFTED),
        (OFF, ROLLBACK, GONE, FaultState.DRIFTED),
        (GONE, ROLLBACK, ARMED, GONE),
        (GONE, ROLLBACK, ROLLBACK, GONE),
        (GONE, ROLLBACK, GONE, FaultState.DISARMED),
        (GONE, ROLLBACK, THEIRS, FaultState.DRIFTED),
        (ARMED, ROLLBACK, ARMED, ROLLBACK),  # armed before: the experiment's own rollback value
        (ARMED, None, ARMED, b'{"isEnabled": false}'),  # or the dialect's off
        (ARMED, ARMED, ARMED, b'{"isEnabled": false}'),
        (ARMED + b" ", ROLLBACK, ARMED + b" ", FaultState.DISARMED),  # never written: not ours to change
        (ARMED, ROLLBACK, ROLLBACK, FaultState.DISARMED),
        (b"hello", ROLLBACK, ARMED, b"hello"),
    ],
)
def test_the_next_step(
    entry: Any,
    previous: bytes | None,
    safe: bytes | None,
    held: bytes | None,
    step: bytes | FaultState | None,
) -> None:
    current = Parameter(name="x", value=held, version=2) if held is not None else None
    decided = plan.decide(entry(previous, safe), current)
    if isinstance(step, FaultState):
        assert isinstance(decided, plan.Settled)
        assert decided.state is step
        assert decided.outcome.endswith(".")
    else:
        assert decided == plan.Write(value=step)


def test_a_changed_type_is_put_back_too(entry: Any) -> None:

    listed = replace(entry(OFF), previous_meta={"type": "StringList"})
    assert plan.decide(listed, Parameter(name="x", value=OFF, type="String")) == plan.Write(value=OFF)


def test_tries_grow_apart_and_never_end(clock: Any) -> None:
    waits = [
        (plan.retry_at(attempts, clock.now()) - clock.now()).seconds for attempts in (1, 2, 3, 6, 7, 1000)
    ]
    assert waits == [1, 2, 4, 30, 30, 30]


def test_looks_end(clock: Any) -> None:
    start = clock.now()
    looks, at = [], start
    while at := plan.next_look(start, at):
        looks.append((at - start) // timedelta(seconds=1))
    assert looks == [3, 15, 60]
