"""Which part moved, as a sentence."""

from __future__ import annotations

import pytest

from app.queries.explain import explain, moved

IN = ("messages in", 600.0)
LAB = (IN, ("CSV out", 597.0), ("DynamoDB writes", 250.0))
GUESS = "Consistent with work that is reported as done before it is."


@pytest.mark.parametrize(
    ("parts", "others_within", "reads", "supposes"),
    [
        (LAB, True, "DynamoDB writes are 42\u202f% of messages in",
         f"CSV out matches, and every other signal is within its tolerance. {GUESS}"),
        ((IN, ("Lambda errors", 1206.0)), False, "Lambda errors are 201\u202f% of messages in", ""),
        ((IN, ("Lambda errors", 1206.0)), True, "Lambda errors are 201\u202f% of messages in",
         "every other signal is within its tolerance."),
        ((IN, ("CSV out", 600.0), ("retries", 1200.0)), True, "retries are 200\u202f% of messages in",
         "CSV out matches, and every other signal is within its tolerance."),
        (LAB, False, "DynamoDB writes are 42\u202f% of messages in", "CSV out matches."),
        ((IN, ("orders", 90.0)), True, "orders are 15\u202f% of messages in",
         "every other signal is within its tolerance."),
        ((IN, ("orders", 90.0)), False, "orders are 15\u202f% of messages in", ""),
        ((IN, ("orders", None)), False, "orders are 0\u202f% of messages in", ""),
        ((IN, ("a", 300.0), ("b", 60.0)), False, "b are 10\u202f% of messages in", ""),  # the worst of them
        ((IN, ("CSV out", 560.0)), True, "", ""),  # nothing stands out
        ((("messages in", 0.0), ("orders", 9.0)), True, "", ""),
        ((("messages in", None),), True, "", ""),
        ((), True, "", ""),
    ],
)  # fmt: skip
def test_the_part_that_is_furthest_behind_is_named(parts, others_within, reads, supposes):
    told = explain(parts, others_within=others_within)
    assert (told.reads, told.supposes) == (reads, supposes)


def test_a_part_has_moved_from_85_percent_of_the_first_down() -> None:
    parts = (("in", 100.0), ("a", 85.0), ("b", 84.9), ("c", None))
    assert [label for label, _ in moved(parts)] == ["c", "b"]


def test_of_parts_above_the_first_they_have_moved_and_never_the_first() -> None:
    assert [label for label, _ in moved((("in", 100.0), ("ok", 99.0), ("errors", 201.0)))] == ["errors"]
