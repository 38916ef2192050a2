"""`--stop-if` in a few words, and mistakes that say which part is wrong and what is right."""

from __future__ import annotations

from typing import Any

import pytest

from app.cli.run.stop_if import condition
from app.errors import Invalid
from app.experiments.extension import StopCondition, stop_problems


@pytest.mark.parametrize(
    ("text", "told", "sentence"),
    [
        ("in-flight>20 for 60s", {"signal": "in-flight", "above": 20.0, "for": 60.0}, "in-flight is above 20 for 60 s"),
        ("in-flight > 20", {"signal": "in-flight", "above": 20.0}, "in-flight is above 20"),
        ("in-flight<-2.5 for 2m", {"signal": "in-flight", "below": -2.5, "for": 120.0}, "in-flight is below -2.5 for 120 s"),
        ("the error rate>5 for 1h", {"signal": "the error rate", "above": 5.0, "for": 3600.0}, "the error rate is above 5 for 3600 s"),
        ("no data for 30s", {"no_data_for": 30.0}, "a signal has no data for 30 s"),
        ("in-flight no data for 30", {"signal": "in-flight", "no_data_for": 30.0}, "in-flight has no data for 30 s"),
        ("alarm:payments", {"alarm": "payments"}, "alarm payments is in ALARM"),
        ("alarm-prefix:pay", {"alarm_prefix": "pay"}, "an alarm whose name begins with pay is in ALARM"),
        ("alarm-tag:team=etl", {"alarm_tag": "team=etl"}, "an alarm tagged team=etl is in ALARM"),
    ],
)  # fmt: skip
def test_words_become_a_stop_condition(text: str, told: dict[str, Any], sentence: str) -> None:
    found = condition(text)
    assert found == told
    assert list(stop_problems(found, "stop")) == []
    assert StopCondition.of(found).sentence == sentence


@pytest.mark.parametrize(
    ("text", "part", "right"),
    [
        ("in-flight", "it has no <, no >", "'signal>20 for 60s'"),
        ("in-flight>=20", "“>=”", "'signal>20'"),
        ("in-flight>many", "“many” is no number", "'signal>20'"),
        ("in-flight>", "“” is no number", "'signal>20'"),
        (">20", "the signal's name is missing", "'in-flight>20'"),
        ("in-flight>20 during 60s", "“during 60s” is not understood", "for 60s"),
        ("in-flight>20 for a while", "“a while” is no duration", "60s, 2m or 1h"),
        ("in-flight>20 for", "“” is no duration", "60s, 2m or 1h"),
        ("no data", "for how long", "for 60s"),
        ("alarm:", "the alarm's name is missing", "'alarm:payments'"),
    ],
)
def test_a_mistake_says_which_part_and_what_is_right(text: str, part: str, right: str) -> None:
    with pytest.raises(Invalid) as error:
        condition(text)
    assert part in str(error.value)
    assert right in str(error.value)
    assert text in str(error.value)
