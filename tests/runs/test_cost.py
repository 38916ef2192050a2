"""What a run will cost is said before it; at the cap it takes a person's word."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from app.runs.checks import Known, Level, check
from app.runs.cost import Cost, cost_of
from app.runs.measured import asked
from app.settings import Environment
from app.usage import Kind, Spending
from app.usage.amounts import amounts_of


def cost(spent: float, *, cap: float | None = 5.0, expected: float = 0.001, **more: Any) -> Cost:
    spending = Spending(environment="staging", month="2026-11", spent=spent, cap=cap)
    return Cost(spending=spending, metrics=100, expected=expected, **more)


def found(one: Cost, *accepted: str) -> Any:
    return next(f for f in check(Known(cost=one, accepted=frozenset(accepted))) if f.code == "cost")


@pytest.mark.parametrize(
    ("one", "level", "says"),
    [
        (cost(0, cap=None), Level.OK, "$0.0010"),
        (cost(3.9), Level.OK, "about 100 metrics"),
        (cost(4.0), Level.WARNING, "$4.00"),
        (cost(3.9, expected=0.2), Level.WARNING, "adds about $0.20"),
        (cost(5.0), Level.REFUSAL, "of at most $5.00"),
        (cost(0, cap=None, emulated=True), Level.OK, "costs nothing"),
    ],
)
def test_the_finding(one: Cost, level: Level, says: str) -> None:
    finding = found(one)
    assert finding.level is level
    assert says in finding.sentence
    assert "estimate" in finding.sentence or one.emulated


def test_the_cap_can_be_passed_by_a_persons_word_and_names_its_remedy() -> None:
    assert found(cost(6)).accept == "cost"
    assert "monthly_cap" in found(cost(6)).remedy
    accepted = found(cost(6), "cost")
    assert accepted.level is Level.WARNING
    assert "accepted" in accepted.sentence


def test_it_is_computed_from_the_experiments_own_queries_and_time() -> None:
    entries = [{"Id": "m", "MetricStat": {"Metric": {"MetricName": "sent"}}}]
    signals = [SimpleNamespace(query=SimpleNamespace(entries=entries)), SimpleNamespace(query=None)]
    reading = SimpleNamespace(signals=signals, expected_seconds=600)
    usage: Any = SimpleNamespace(
        spending=lambda name: Spending(environment=name, month="2026-11", spent=0, cap=None)
    )
    told = cost_of(reading, Environment(name="staging"), usage, ["a store"])
    assert told.metrics == (11 + 1 + 2) + 11
    assert told.expected == pytest.approx(0.00025)
    emulated = cost_of(reading, Environment(name="a", endpoint_url="http://localhost:1"), usage, [])
    assert (emulated.expected, emulated.emulated) == (0, True)


def test_what_a_runs_own_probes_asked_for_is_counted_as_its_own() -> None:
    run: Any = SimpleNamespace(
        environment="staging", topic="run:7",
        signals=[{"name": "in flight", "metrics": 3}, {"name": "errors", "metrics": 1}, {"name": "old"}],
    )  # fmt: skip
    use = asked(run, {"probes": [{"name": "in flight"}, {"name": "old"}, {"name": "no signal"}]})
    assert (use.metrics, use.environment, use.asked_for) == (3, "staging", {"run:7": 1.0})
    assert amounts_of(use) == {Kind.METRICS: 3}
