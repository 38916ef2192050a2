"""What pages and reports tell of a run that ended long ago: its own samples, however many came after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.clock import FrozenClock
from app.live import Live
from app.metrics import MET, Metrics, Sample
from app.queries import Judgement, Tolerance
from app.reports.progress import progress
from app.reports.report import series_of
from app.settings import Environment, Settings
from app.storage import Storage
from app.storage.engine import sqlite_url
from app.web.cards import Moment, signal_cards
from tests.conftest import NOON
from tests.reports.conftest import RUN, at

SANDBOX = Environment(name="staging", poll_seconds=1)
POLLED = {"name": "flight", "id": "flight", "query": "abc", "tolerance": "−10 … 20 %", "low": -10, "high": 20}
OF_RUNS = {"name": "text", "id": "run-text", "query": None, "tolerance": "", "low": 0}


@pytest.fixture
def metrics(tmp_path: Path, clock: FrozenClock) -> Iterator[Metrics]:
    storage = Storage(sqlite_url(tmp_path / "metrics.sqlite"))
    storage.migrate()
    room = Metrics(storage=storage, aws=None, clock=clock, live=Live(), environments={"staging": SANDBOX})  # type: ignore[arg-type]
    yield room
    storage.close()


def sampled(query: str, moment: datetime, value: float | None, **parts: float) -> Sample:
    return Sample(environment="staging", query=query, at=moment, value=value, parts=parts)


def test_the_series_of_an_old_run_is_its_own(metrics: Metrics) -> None:
    metrics.record([sampled("abc", at(second), 1.0) for second in range(330)])
    metrics.record([sampled("abc", at(1000 + second), 99.0) for second in range(2100)])
    series = series_of(metrics, RUN, POLLED, at(4000))
    assert (len(series.samples), series.last) == (330, 1.0)


def test_what_another_run_measured_a_minute_later_is_not_this_ones(metrics: Metrics) -> None:
    metrics.record(
        [sampled("run-text", at(-60), None, **{MET: 0.0}), sampled("run-text", at(320), None, **{MET: 1.0})]
    )
    metrics.record([sampled("run-text", at(390), None, **{MET: 0.0})])
    assert series_of(metrics, RUN, OF_RUNS, at(4000)).met is True
    silent = replace(RUN, started_at=at(10), ended_at=at(300))
    assert series_of(metrics, silent, OF_RUNS, at(4000)).met is None


def test_the_card_of_an_old_run_has_its_last_sample_and_the_moment_it_left(metrics: Metrics) -> None:
    metrics.record([sampled("abc", at(second), 50.0 if second > 110 else 1.0) for second in range(2400)])
    signal: Any = SimpleNamespace(
        query=SimpleNamespace(id="abc", window=60), key="flight", name="flight", unit="%",
        tolerance=Tolerance(low=-10, high=20), tolerance_text="", terms=(), id="flight",
    )  # fmt: skip
    moment = Moment(now=at(900), environment=SANDBOX, armed_at=at(50), began=NOON)
    card = signal_cards(SimpleNamespace(metrics=metrics), [signal], moment)[0]  # type: ignore[arg-type]
    assert (card.judgement, card.at) == (Judgement.OUTSIDE, at(900))
    assert card.left == "left the tolerance 1 min 1 s after arming"


def test_the_terminal_of_an_old_run_judges_its_last_sample_as_of_its_end(metrics: Metrics) -> None:
    run: Any = replace(RUN, facts={"signals": [POLLED]})
    metrics.record([sampled("abc", at(second), 50.0) for second in range(330)])
    runs: Any = SimpleNamespace(get=lambda _: run, timeline=lambda _: ())
    told = progress(
        7, runs=runs, faults=SimpleNamespace(for_run=lambda _: []), metrics=metrics, evidence=SimpleNamespace(),
        settings=Settings(folder=Path(), environments={"staging": SANDBOX}, default_environment="staging"), now=at(9000),
    )  # type: ignore[arg-type]  # fmt: skip
    assert [(one["judgement"], one["value"]) for one in told["signals"]] == [("outside", 50.0)]


def test_samples_are_bounded_on_both_sides(metrics: Metrics) -> None:
    metrics.record([sampled("abc", at(second), float(second)) for second in range(100)])
    told = metrics.samples("staging", "abc", at(10), 3, at(50))
    assert [one.value for one in told] == [48.0, 49.0, 50.0]
    assert len(metrics.samples("staging", "abc", at(10))) == 90
    assert metrics.samples("staging", "abc", at(10), until=at(10) - timedelta(seconds=1)) == []
