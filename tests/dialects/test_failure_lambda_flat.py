"""The two flat dialects: what they obey, what they ignore without a word, and what clears them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dialects import (
    DIALECTS,
    Fault,
    FaultMode,
    any_armed,
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

numbers = st.floats(min_value=0, max_value=1e6, allow_nan=False) | st.integers(min_value=0, max_value=10**6)
rates = st.floats(min_value=0.001, max_value=1)
faults = st.one_of(
    st.builds(Fault, mode=st.just(FaultMode.DENYLIST), rate=rates, deny_list=st.lists(st.text()).map(tuple)),
    st.builds(Fault, mode=st.just(FaultMode.LATENCY), rate=rates, min_latency=numbers, max_latency=numbers),
    st.builds(Fault, mode=st.just(FaultMode.EXCEPTION), rate=rates, message=st.text()),
    st.builds(Fault, mode=st.just(FaultMode.STATUSCODE), rate=rates, status_code=st.integers(100, 599)),
    st.builds(Fault, mode=st.just(FaultMode.DISKSPACE), rate=rates, disk_space=numbers),
)


@pytest.mark.parametrize("name", DIALECTS)
@given(fault=faults)
def test_what_is_written_is_read_back_as_the_same_fault(name: str, fault: Fault) -> None:
    dialect = DIALECTS[name]
    assert dialect.parse(dialect.write(fault)) == fault
    assert dialect.is_armed(dialect.write(fault))


@pytest.mark.parametrize("name", DIALECTS)
@given(
    text=st.text()
    | st.recursive(st.none() | st.booleans() | st.text(), st.lists, max_leaves=5).map(json.dumps)
)
def test_no_text_breaks_a_dialect(name: str, text: str) -> None:
    DIALECTS[name].parse(text)
    DIALECTS[name].is_armed(text)
    recognise(text)
    translate(text, name)


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
        ('{"denylist": {"enabled": true}}', None),
        ("[]", None),
        ("", None),
    ],
)
def test_a_value_is_recognised_by_its_names(text: str, dialect: str | None) -> None:
    assert recognise(text) == dialect


@pytest.mark.parametrize(
    ("version", "dialect"),
    [
        ("0.1.1", None), ("0.2.0", OLD), ("0.3.0", NEW), ("0.4.1", NEW), ("0.4.4", NEW), ("1.0.0", None),
        ("10.2.0", None), ("", None),
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
    assert any_armed(text) is armed


@pytest.mark.parametrize("name", DIALECTS)
def test_off_is_off(name: str) -> None:
    assert not DIALECTS[name].is_armed(DIALECTS[name].off())
    assert DIALECTS[name].parse(DIALECTS[name].off()) is None


def test_without_a_rate_nothing_ever_fires() -> None:
    found = DIALECTS[NEW].parse('{"isEnabled": true, "failureMode": "denylist", "denylist": ["x"]}')
    assert found is not None
    assert found.rate == 0


@pytest.mark.parametrize(
    ("line", "fired"),
    [
        ("Intercepted network connection to dynamodb.us-east-2.amazonaws.com", True),
        ("Injecting dependency failure through a network block for denylisted sites: a,b", False),
        ("Injecting 3120 ms latency.", True),
        ("Injecting status code: 404", True),
        ("Injecting exception message: no", True),
        ("Injecting disk space: 100 MB", True),
        ("ETL completed", False),
    ],
)
def test_a_log_line_says_whether_the_fault_struck(*, line: str, fired: bool) -> None:
    assert DIALECTS[NEW].fired(line) is fired


def test_an_interception_names_its_host() -> None:
    line = "Intercepted network connection to dynamodb.us-east-2.amazonaws.com"
    assert DIALECTS[OLD].interception(line) == "dynamodb.us-east-2.amazonaws.com"
    assert DIALECTS[OLD].interception("nothing") is None


def test_a_container_that_was_hit_stays_hit() -> None:
    assert "warm container" in (stickiness(REFUSED, NEW) or "")
    assert stickiness(Fault(mode=FaultMode.DENYLIST, rate=1), NEW) is None
    assert stickiness(Fault(mode=FaultMode.LATENCY, rate=0.5), NEW) is None
