"""What a run will cost at CloudWatch, and whether the environment can still afford it: one finding. Pure but for the sum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.runs.finding import Finding, ok, refusal, warning
from app.settings import Environment
from app.usage import AS_OF, Kind, Prices, Spending, Usage, dollars, expected_metrics

COST = "cost"


@dataclass(frozen=True, kw_only=True)
class Cost:
    spending: Spending
    metrics: int  # that the run is expected to request
    expected: float  # US dollars, an estimate
    emulated: bool = False


def cost_of(reading: Any, environment: Environment, usage: Usage, stores: Sequence[Any]) -> Cost:
    queries = [signal.query.entries for signal in reading.signals if signal.query is not None]
    metrics = expected_metrics(
        queries, seconds=reading.expected_seconds / environment.speed, every=environment.poll_seconds,
        functions=len(stores),
    )  # fmt: skip
    return Cost(
        spending=usage.spending(environment.name), metrics=metrics, emulated=environment.is_emulated,
        expected=Prices.of(environment).of_amounts({Kind.METRICS: metrics}),
    )  # fmt: skip


def of_cost(cost: Cost, *, accepted: bool) -> Iterator[Finding]:
    """A refusal at the cap, a warning from four fifths of it on, else what the run will cost."""
    spending = cost.spending
    if spending.reached and not accepted:
        yield refusal(COST, spending.sentence, f"{spending.remedy} Or take it upon yourself.", accept=COST)
    elif spending.reached:
        yield warning(COST, f"{spending.sentence} You have accepted that.", spending.remedy)
    elif spending.near_with(cost.expected):
        words = f"{spending.sentence} This run adds about {dollars(cost.expected)}."
        yield warning(COST, words, "At the cap open pages get no samples, and new runs are refused.")
    elif cost.metrics:
        yield ok(COST, asked(cost))


def asked(cost: Cost) -> str:
    many = f"about {cost.metrics:,} metric{'s' if cost.metrics != 1 else ''}"
    if cost.emulated:
        return f"It will ask the emulator for {many}, which costs nothing."
    return f"It will ask CloudWatch for {many}: {dollars(cost.expected)} (estimate, list prices of {AS_OF})."
