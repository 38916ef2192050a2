"""One value of a query at one instant, and how its reading stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

MET = "met"  # the part of a sample that a run has measured: 1 where its tolerance was met, else 0


@dataclass(frozen=True, kw_only=True)
class Sample:
    environment: str
    query: str  # Query.id
    at: datetime
    value: float | None  # None: CloudWatch had no data, which is not zero
    parts: Mapping[str, float | None] = field(default_factory=dict)  # by the term's label


@dataclass(frozen=True, kw_only=True)
class Reading:
    sample: Sample | None  # the newest, of whatever age
    error: str | None = None  # a sentence; None where the last poll went well
    error_since: datetime | None = None  # when it began
