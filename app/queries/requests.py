"""Many queries in one GetMetricData request, and the answer told apart again. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from app.queries.query import Query

MOST = 500  # queries in a call, AWS's limit
IDENTIFIER = re.compile(r"\b[a-z][A-Za-z0-9_]*\b")  # functions are in capitals
Series = Mapping[datetime, float]


def batches(queries: Sequence[Query]) -> Iterator[list[Query]]:
    """Queries of one window that fit in one call each; equal ones once."""
    by_window: dict[int, dict[str, Query]] = {}
    for query in queries:
        by_window.setdefault(query.window, {})[query.id] = query
    for same in by_window.values():
        batch: list[Query] = []
        count = 0
        for query in same.values():
            if batch and count + len(query.entries) > MOST:
                yield batch
                batch, count = [], 0
            batch.append(query)
            count += len(query.entries)
        yield batch


def entries(batch: Sequence[Query]) -> list[dict[str, Any]]:
    """MetricDataQueries for all of them: ids made unique, and every term returned, for its parts."""
    return [_renamed(entry, query, number) for number, query in enumerate(batch) for entry in query.entries]


def _renamed(entry: dict[str, Any], query: Query, number: int) -> dict[str, Any]:
    ids = {one["Id"] for one in query.entries}
    made = {**entry, "Id": _id(number, entry["Id"]), "ReturnData": True}
    if "Expression" in entry:
        made["Expression"] = IDENTIFIER.sub(
            lambda match: _id(number, match[0]) if match[0] in ids else match[0], entry["Expression"]
        )
    return made


def result_id(number: int, query: Query) -> str:
    """What the value of a batch's `number`th query is called in the answer."""
    return _id(number, query.result)


def _id(number: int, name: str) -> str:
    return f"q{number}_{name}"


def values(
    batch: Sequence[Query], series: Callable[[str], Series]
) -> Iterator[tuple[Query, list[tuple[datetime, float, dict[str, float | None]]]]]:
    """Each query with its values, the newest first: bucket's begin, value, parts by label.

    `series` gives the values of an id by bucket. A query without data comes with an empty list.
    """
    for number, query in enumerate(batch):
        told = series(_id(number, query.result))
        terms = {t.label: series(_id(number, t.id)) for t in query.terms if t.id != query.result}
        points = [
            (at, told[at], {label: one.get(at) for label, one in terms.items()})
            for at in sorted(told, reverse=True)
        ]
        yield query, _folded(query, points)


def _folded(
    query: Query, points: list[tuple[datetime, float, dict[str, float | None]]]
) -> list[tuple[datetime, float, dict[str, float | None]]]:
    if query.fold is None or not points:
        return points
    newest, values_of_window = points[0][0], [value for _, value, _ in points]
    return [(newest, query.folded(values_of_window), {})]
