"""Whom a request to CloudWatch is made for. Pure.

A query that a run watches is that run's, whoever else looks at it; where several runs do, they share it. What only
open pages and faults that were armed by hand want is nobody's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from app.aws.metering import metrics_requested
from app.queries import Query

PAGE = "page:"  # how the subject of an open page begins


def shares(batch: Sequence[Query], watched: Mapping[str, Sequence[Query]]) -> dict[str, float]:
    """Each subject's share of one request, by the metrics in it; together 1, or less where some are nobody's."""
    weights = {query.id: metrics_requested(query.entries) for query in batch}
    whole = sum(weights.values())
    found: dict[str, float] = defaultdict(float)
    for query in batch:
        whose = [s for s, qs in watched.items() if not s.startswith(PAGE) and query.id in {q.id for q in qs}]
        for subject in whose:
            found[subject] += weights[query.id] / whole / len(whose) if whole else 0.0
    return dict(found)
