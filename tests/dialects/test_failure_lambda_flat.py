"""The two flat dialects: what they obey, what they ignore without a word, and what clears them."""

from __future__ import annotations

import json

import pytest

from app.dialects import (
    DIALECTS,
    Fault,
    FaultMode,
    for_version,
    recognise,
    stickiness,
    translate,
)

OLD, NEW = "failure-lambda/0.2", "failure-lambda/0.x"
LAB = (
    '{"isEnabled": true, "failureMode": "blacklist", "rate": 0.5, "blacklist": ["dynamodb.*.amazonaws.com"]}'
)
SEED = (
    '{"isEnabled": false, "failureMode": "latency", "rate": 1, "minLatency": 100, "maxLatency": 400, '
    '"exceptionMsg": "Exception message!", "statusCode": 404, "diskSpace": 100, "denylist": ["s3.*.amazonaws.com"]}'
)
REFUSED = Fault(mode=FaultMode.DENYLIST, rate=0.5, deny_list=("dynamodb.*.amazonaws.com",))


def test_the_labs_value_means_something_to_version_0_2_only() -> None:
    assert DIALECTS[OLD].parse(LAB) == REFUSED
    assert DIALECTS[NEW].parse(LAB) is None


def test_the_labs_value_is_translated_for_0_x() -> None:
    translated = translate(LAB, NEW)
    assert DIALECTS[NEW].parse(translated) == REFUSED
    assert json.loads(translated) == {
        "isEnabled": True, "failureMode": "denylist", "rate": 0.5, "denylist": ["dynamodb.*.amazonaws.com"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "to"),
    [
        (DIALECTS[NEW].write(REFUSED), NEW),
        ('{"isEnabled": false}', OLD),
        ('{"isEnabled": true, "failureMode": "latency", "rate": 1, "minLatency": 1, "maxLatency": 2}', OLD),
        ("not json", NEW),
        (SEED, OLD),
    ],
)
def test_what_is_obeyed_already_or_off_is_not_rewritten(text: str, to: str) -> None:
    assert translate(text, to) == text


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        (LAB, OLD),
        (SEED, NEW),
        ('{"isEnabled": false}', NEW),
        ('{"isEnabled": false, "failureMode": "latency", "blacklist": []}', OLD),
        ('{"denylist": {"enabled": true}}', "failure-lambda/1.x"),
        ('{"is_enabled": false}', "chaos_lambda/0.3"),
        ('{"isEnabled": true, "delay": 400, "error_code": 404, "rate": 1}', "chaos_lambda/0.1"),
        ('{"denylist": ["s3"]}', None),
        ("[]", None),
        ("", None),
    ],
)
def test_a_value_is_recognised_by_its_names(text: str, dialect: str | None) -> None:
    assert recognise(text) == dialect


@pytest.mark.parametrize(
    ("version", "dialect"),
    [
        ("0.1.1", None), ("0.2.0", OLD), ("0.3.0", NEW), ("0.4.1", NEW), ("0.4.4", NEW),
        ("1.0.0", "failure-lambda/1.x"), ("10.2.0", None), ("", None),
    ],
)  # fmt: skip
def test_the_dialect_follows_from_the_librarys_version(version: str, dialect: str | None) -> None:
    assert for_version(version) == dialect


@pytest.mark.parametrize(
    ("text", "armed"),
    [
        (LAB, True),
        (
            '{"isEnabled": true, "failureMode": "denylist", "rate": 0}',
            True,
        ),  # does not clear a warm container
        ('{"isEnabled": false}', False),
        ('{"isEnabled": "true"}', False),
        ("{}", False),
        ("hello", False),
    ],
)
def test_only_is_enabled_decides_whether_a_value_is_armed(*, text: str, armed: bool) -> None:
    assert DIALECTS[NEW].is_armed(text) is armed


def test_without_a_rate_nothing_ever_fires() -> None:
    found = DIALECTS[NEW].parse('{"isEnabled": true, "failureMode": "denylist", "denylist": ["x"]}')
    assert found is not None
    assert found.rate == 0


def test_a_container_that_was_hit_stays_hit() -> None:
    assert "warm container" in (stickiness(REFUSED, NEW) or "")
    assert stickiness(Fault(mode=FaultMode.DENYLIST, rate=1), NEW) is None
    assert stickiness(Fault(mode=FaultMode.LATENCY, rate=0.5), NEW) is None
