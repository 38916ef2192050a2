"""Until when a sample counts, and from when on one is missing. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

MISSED = 2.5  # polls: one may fail, or come late, and two may not
SLACK = 1.0  # seconds
LATEST_BUCKET = 65.0  # seconds: CloudWatch's own come a minute apart


def is_stale(sample_at: datetime, now: datetime, poll_seconds: float) -> bool:
    """Whether it is too old at `now` to say how things are."""
    return now - sample_at > fresh_for(poll_seconds)


def gap(poll_seconds: float) -> float:
    """Seconds between two samples beyond which nobody looked: no line is drawn across, and what was there is fetched."""
    return max(LATEST_BUCKET, fresh_for(poll_seconds).total_seconds())


def fresh_for(poll_seconds: float) -> timedelta:
    return timedelta(seconds=MISSED * poll_seconds + SLACK)
