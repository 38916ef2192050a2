"""Whom a request is made for: a run's queries are the run's, whoever else looks at them."""

from __future__ import annotations

import pytest

from app.metrics.attribution import shares
from tests.metrics.test_polling import query

IN, OUT = query("in"), query("out")


@pytest.mark.parametrize(
    ("watched", "told"),
    [
        ({}, {}),
        ({"page:a:x": [IN, OUT]}, {}),
        ({"run:1": [IN, OUT]}, {"run:1": 1.0}),
        ({"run:1": [IN, OUT], "page:a:x": [IN, OUT]}, {"run:1": 1.0}),
        ({"run:1": [IN], "page:a:x": [OUT]}, {"run:1": 0.5}),
        ({"run:1": [IN], "run:2": [IN, OUT]}, {"run:1": 0.25, "run:2": 0.75}),
    ],
)
def test_each_subject_bears_what_is_asked_for_it(watched, told):
    assert shares([IN, OUT], watched) == told
