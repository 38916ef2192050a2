"""A CloudWatch query as a value that can be compared, merged with others, and evaluated."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from statistics import mean
from typing import Any

FILLED = re.compile(r"\bFILL\(\s*([a-z]\w*)\s*,\s*0(?:\.0*)?\s*\)")


class Fold(StrEnum):
    """How chaosaws' `get_metric_data` makes one value of a window's many, rounded to two digits."""

    SUM = "Sum"
    MINIMUM = "Minimum"
    MAXIMUM = "Maximum"
    MEAN = "Average"


FOLDS: Mapping[Fold, Callable[[Sequence[float]], float]] = {
    Fold.SUM: sum,
    Fold.MINIMUM: min,
    Fold.MAXIMUM: max,
    Fold.MEAN: mean,
}


@dataclass(frozen=True, kw_only=True)
class Term:
    """One part of a query: a metric, or an expression over other parts."""

    id: str
    label: str  # for people
    expression: str | None = None
    metric: str | None = None  # `AWS/SQS NumberOfMessagesSent`
    period: int | None = None  # seconds


@dataclass(frozen=True, kw_only=True)
class Query:
    """MetricDataQueries over a window that ends now, and which result is the value.

    `document` is the canonical JSON text of the MetricDataQueries list as AWS takes it, `${…}` resolved.
    `result` is the id whose newest value counts (`MetricDataResults[0].Values[0]` of the probe).
    `when_empty` is what the probe itself reports where CloudWatch has nothing (chaosaws: 0); the page
    still calls that `no data`.
    """

    document: str
    result: str
    window: int  # seconds
    when_empty: float | None = None
    fold: Fold | None = None  # None: the newest value counts

    @cached_property
    def id(self) -> str:
        """12 hex digits that are the same for equal queries."""
        text = f"{self.document}|{self.result}|{self.window}" + (f"|{self.fold}" if self.fold else "")
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The MetricDataQueries."""
        entries: list[dict[str, Any]] = json.loads(self.document)
        return entries

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """Every entry, in the order of the document. No two have the same label."""
        terms = [_term(entry) for entry in self.entries]
        often = Counter(term.label for term in terms)
        return tuple(
            replace(term, label=f"{term.label} ({term.id})") if often[term.label] > 1 else term
            for term in terms
        )

    @cached_property
    def zeros(self) -> frozenset[str]:
        """Labels of the terms that the value takes for 0 where they have no data: `FILL(writes,0)`."""
        filled = {name for term in self.terms for name in FILLED.findall(term.expression or "")}
        return frozenset(term.label for term in self.terms if term.id in filled)

    def folded(self, values: Sequence[float]) -> float:
        """The value out of a window's values, at least one, the newest first."""
        return values[0] if self.fold is None else round(FOLDS[self.fold](values), 2)


def _term(entry: dict[str, Any]) -> Term:
    stat = entry.get("MetricStat") or {}
    metric = stat.get("Metric") or {}
    name = f"{metric.get('Namespace')} {metric.get('MetricName')}" if metric else None
    return Term(
        id=entry["Id"],
        label=entry.get("Label") or metric.get("MetricName") or entry["Id"],
        expression=entry.get("Expression"),
        metric=name,
        period=stat.get("Period") or entry.get("Period"),
    )
