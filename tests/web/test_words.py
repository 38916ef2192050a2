"""Numbers and times the way a person says them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.web import words

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (48.13, "%", "48.1\u202f%"), (1.0, "%", "1.0\u202f%"), (0.0, "", "0"), (0.0, "%", "0.0\u202f%"), (-10.04, "%", "−10.0\u202f%"),
        (-0.01, "%", "0.0\u202f%"), (2914.4, "", "2\u202f914"), (598.0, "", "598"), (12.34, "", "12.3"), (0.3456, "", "0.35"),
        (None, "%", "no data"), (12345.6, "%", "12\u202f346\u202f%"),
    ],
)  # fmt: skip
def test_a_number_is_rounded_as_it_is_said(value: float | None, unit: str, said: str) -> None:
    assert words.number(value, unit) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (4.13, "4.1 s"),
        (4.0, "4 s"),
        (53, "53 s"),
        (113, "1 min 53 s"),
        (120, "2 min"),
        (7500, "2 h 5 min"),
        (300000, "3 days"),
    ],
)
def test_a_span(seconds: float, said: str) -> None:
    assert words.span(seconds) == said


@pytest.mark.parametrize(("seconds", "shown"), [(252, "4:12"), (3852, "1:04:12"), (0, "0:00"), (-3, "0:00")])
def test_a_counter(seconds: float, shown: str) -> None:
    assert words.clock(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "just now"),
        (9, "9 s ago"),
        (100, "1 min 40 s ago"),
        (840, "14 min ago"),
        (100000, "yesterday"),
        (500000, "5 days ago"),
    ],
)
def test_ago(seconds: float, said: str) -> None:
    assert words.ago(NOW - timedelta(seconds=seconds), NOW) == said


def test_an_id_is_safe_whatever_it_is_made_of() -> None:
    assert words.dom_id("signal", 'a b"<x>/ü') == "signal-a-b-x"


def test_the_command_by_hand_is_quoted_for_a_shell() -> None:
    told = words.by_hand("ssm", "x; rm -rf /", b"{\"a\": 'b'}", region="us-east-2", endpoint=None)
    assert told.startswith("aws ssm put-parameter --name 'x; rm -rf /'")
    assert words.by_hand("ssm", "x", None, region=None, endpoint=None) == "aws ssm delete-parameter --name x"


@pytest.mark.parametrize(
    ("kind", "name", "value", "command"),
    [
        ("lambda-concurrency", "f", None, "aws lambda delete-function-concurrency --function-name f"),
        ("lambda-concurrency", "f", b'{"ReservedConcurrentExecutions": 7}',
         "aws lambda put-function-concurrency --function-name f --reserved-concurrent-executions 7"),
        ("event-source-mapping", "u", b'{"Enabled": true}', "aws lambda update-event-source-mapping --uuid u --enabled"),
        ("events-rule", "bus/r", b'{"State": "ENABLED"}', "aws events enable-rule --name r --event-bus-name bus"),
        ("events-rule", "r", b'{"State": "DISABLED"}', "aws events disable-rule --name r"),
        ("appconfig", "a/e/p", b"{}", "gameday disarm appconfig:a/e/p"),
    ],
)  # fmt: skip
def test_every_kind_of_store_has_its_command(kind: str, name: str, value: bytes | None, command: str) -> None:
    assert words.by_hand(kind, name, value, region=None, endpoint=None) == command
