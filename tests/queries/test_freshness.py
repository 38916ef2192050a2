"""How old a sample may be: one rule for pages, preflight, verdicts, reports and the command line."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.queries.freshness import gap, is_stale
from tests.conftest import NOON


@pytest.mark.parametrize(
    ("poll", "age", "stale"),
    [(60, 151, False), (60, 152, True), (1, 3.5, False), (1, 3.6, True), (6, 17, True)],
)
def test_one_missed_poll_is_none_and_two_are(poll: float, age: float, *, stale: bool) -> None:
    assert is_stale(NOON, NOON + timedelta(seconds=age), poll) is stale


@pytest.mark.parametrize(("poll", "seconds"), [(1, 65), (60, 151)])
def test_buckets_of_a_minute_have_no_gap_between_them(poll: float, seconds: float) -> None:
    assert gap(poll) == seconds
