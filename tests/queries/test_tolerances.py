"""Tolerances as bounds, as words, and as judgements."""

from __future__ import annotations

import pytest

from app.queries import Judgement, Tolerance
from app.queries.tolerance import drawable, in_words

RANGE = {"type": "range", "range": [-10.0, 20.0], "target": "stdout"}


@pytest.mark.parametrize(
    ("tolerance", "bounds", "words"),
    [
        (0, Tolerance(low=0, high=0), "= 0 %"),
        (RANGE, Tolerance(low=-10, high=20), "−10 … 20 %"),
        ([200, 204], Tolerance(values=(200, 204)), "one of 200, 204 %"),
        (True, None, "= True"),
        ("ok", None, "= ok"),
        ({"type": "regex", "pattern": "^ok$"}, None, "matches ^ok$"),
        ({"type": "jsonpath", "path": "a.b"}, None, "has a.b"),
        ({"type": "probe", "name": "look"}, None, "as “look” says"),
    ],
)
def test_each_kind_is_drawn_where_it_can_be_and_told_in_words(tolerance, bounds, words):
    assert drawable(tolerance) == bounds
    assert in_words(tolerance, "%") == words


@pytest.mark.parametrize(
    ("value", "judgement"),
    [(-10.1, "outside"), (-10, "within"), (20, "within"), (20.1, "outside"), (None, "no data")],
)
def test_bounds_belong_to_the_range_and_no_data_never_passes(value, judgement):
    assert drawable(RANGE).judge(value) == Judgement(judgement)
