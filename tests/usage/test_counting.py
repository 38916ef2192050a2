"""What was asked is added up by environment, day and run, written in batches, and lost only where nothing could be done."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from app.aws.metering import Use
from app.clock import FrozenClock
from app.usage import Kind, Usage
from tests.usage.conftest import PLACES


def metrics(count: int, *, environment: str = "staging", **asked_for: float) -> Use:
    shares = {name.replace("_", ":"): share for name, share in asked_for.items()}
    return Use(
        environment=environment,
        service="cloudwatch",
        operation="GetMetricData",
        metrics=count,
        asked_for=shares,
    )


def test_counts_are_there_at_once_and_written_once_for_many_calls(
    usage: Usage, storage: Any, clock: Any
) -> None:
    for _ in range(1000):
        usage.meter(metrics(2))
    assert usage.of_month("2026-11")["staging"]["2026-11-26"] == {Kind.METRICS: 2000}
    assert usage.flush()
    assert not usage.flush()
    assert Usage(storage, clock, PLACES).of_month("2026-11")["staging"]["2026-11-26"] == {Kind.METRICS: 2000}
    assert Usage(storage, clock, PLACES).spending("staging").spent == pytest.approx(0.02)


def test_what_a_run_asked_for_is_its_own_and_part_of_the_month(usage: Usage) -> None:
    usage.meter(metrics(4, run_7=0.75))
    usage.flush()
    usage.meter(metrics(2, run_7=1.0))
    assert usage.of_subjects(["run:7", "run:8"]) == {"run:7": {Kind.METRICS: 5}, "run:8": {}}
    assert usage.of_month("2026-11")["staging"]["2026-11-26"][Kind.METRICS] == 6


def test_many_counts_are_added_in_one_statement_onto_what_is_there(usage: Usage, storage: Any) -> None:
    asked: list[str] = []
    event.listen(storage.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    for _ in range(2):
        for run in range(50):
            usage.meter(metrics(run + 1, **{f"run_{run}": 1.0}))
        usage.flush()
    assert len([text for text in asked if text.startswith("INSERT")]) == 2
    found = usage.of_subjects(["run:7", "run:49"])
    assert found == {"run:7": {Kind.METRICS: 16}, "run:49": {Kind.METRICS: 100}}


def test_days_and_months_are_utcs_and_a_new_month_begins_at_nothing(usage: Usage, clock: FrozenClock) -> None:
    usage.meter(metrics(500_000))
    usage.flush()
    assert usage.spending("staging").reached
    clock.advance(5 * 86400)
    assert clock.now() == datetime(2026, 12, 1, 12, tzinfo=UTC)
    assert not usage.spending("staging").reached
    usage.meter(metrics(1))
    assert set(usage.of_month("2026-11")["staging"]) == {"2026-11-26"}
    assert set(usage.of_month("2026-12")["staging"]) == {"2026-12-01"}


def test_a_write_that_fails_is_tried_again_and_nothing_counts_twice(
    usage: Usage, storage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage.meter(metrics(3))
    with monkeypatch.context() as broken:
        broken.setattr(
            "app.usage.store.add", lambda *_: (_ for _ in ()).throw(OperationalError("x", {}, Exception()))
        )
        with pytest.raises(OperationalError):
            usage.flush()
    assert usage.of_month("2026-11")["staging"]["2026-11-26"] == {Kind.METRICS: 3}
    usage.meter(metrics(1))
    usage.flush()
    assert usage.of_month("2026-11")["staging"]["2026-11-26"] == {Kind.METRICS: 4}


def test_threads_and_a_flush_at_any_moment_lose_nothing(usage: Usage, storage: Any, clock: Any) -> None:
    def ask() -> None:
        for _ in range(300):
            usage.meter(metrics(1))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        usage.flush()
    usage.flush()
    other = Usage(storage, clock, PLACES)
    for one in (usage, other):
        assert one.of_month("2026-11")["staging"]["2026-11-26"] == {Kind.METRICS: 2400}
        assert one.spending("staging").spent == pytest.approx(0.024)


def test_two_processes_add_to_the_same_day(usage: Usage, storage: Any, clock: Any) -> None:
    other = Usage(storage, clock, PLACES)
    for one in (usage, other):
        one.meter(metrics(1))
        one.flush()
    assert usage.of_month("2026-11")["staging"]["2026-11-26"] == {Kind.METRICS: 2}


def test_stopping_writes_what_is_left(usage: Usage, storage: Any, clock: Any) -> None:
    usage.start()
    usage.meter(metrics(9))
    usage.stop()
    assert Usage(storage, clock, PLACES).of_month("2026-11")["staging"]["2026-11-26"] == {Kind.METRICS: 9}


def test_an_emulator_is_counted_costs_nothing_and_has_no_cap(usage: Usage) -> None:
    usage.meter(metrics(10_000_000, environment="sandbox"))
    spending = usage.spending("sandbox")
    assert (spending.spent, spending.cap, spending.reached) == (0, None, False)
    assert usage.of_month("2026-11")["sandbox"]["2026-11-26"][Kind.METRICS] == 10_000_000
    assert usage.stopped("sandbox") == ""


def test_at_the_cap_it_says_what_stops_what_goes_on_and_what_to_do(usage: Usage) -> None:
    usage.meter(metrics(499_999))
    assert usage.stopped("staging") == ""
    assert usage.spending("staging").near
    usage.meter(metrics(1))
    told = usage.stopped("staging")
    for words in ("$5.00", "staging", "Runs and armed faults are", "monthly_cap", "gameday.toml"):
        assert words in told


def test_where_the_database_fails_nothing_is_kept_from_anybody(
    usage: Usage, storage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "reading", lambda: 1 / 0)
    assert usage.stopped("staging") == ""
