"""What every dialect promises: it reads back what it writes, refuses what it can not say, and is off when off."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dialects import (
    DIALECTS,
    Fault,
    FaultMode,
    Match,
    any_armed,
    recognise,
    switched_off,
    translate,
)
from app.errors import Invalid

FLAGS = "failure-lambda/1.x"
PYTHON = "chaos_lambda/0.3"
numbers = st.floats(min_value=0, max_value=1e6, allow_nan=False) | st.integers(min_value=0, max_value=10**6)
rates = st.floats(min_value=0.001, max_value=1)
percentages = st.integers(1, 100).map(lambda percent: percent / 100)
hosts = st.lists(st.text("abc.-", min_size=1)).map(tuple)
# Text without lone surrogates: what JSON in UTF-8 can hold.
texts = st.text(st.characters(codec="utf-8"))
matches = st.lists(
    st.builds(Match, path=texts, value=texts, operator=st.sampled_from(["eq", "startsWith"]))
    | st.builds(Match, path=texts, operator=st.just("exists")),
    max_size=2,
).map(tuple)


def one(mode: FaultMode, **fields: Any) -> st.SearchStrategy[Fault]:
    return st.builds(Fault, mode=st.just(mode), **fields)


def flat(rate: st.SearchStrategy[float]) -> st.SearchStrategy[Fault]:
    return st.one_of(
        one(FaultMode.DENYLIST, rate=rate, deny_list=st.lists(texts).map(tuple)),
        one(FaultMode.LATENCY, rate=rate, min_latency=numbers, max_latency=numbers),
        one(FaultMode.EXCEPTION, rate=rate, message=texts),
        one(FaultMode.STATUSCODE, rate=rate, status_code=st.integers(100, 599)),
        one(FaultMode.DISKSPACE, rate=rate, disk_space=numbers),
    )


def flags(*, matching: bool) -> Mapping[FaultMode, st.SearchStrategy[Fault]]:
    common: dict[str, Any] = {"rate": percentages, **({"match": matches} if matching else {})}
    ordered = st.tuples(numbers, numbers).map(sorted)
    return {
        FaultMode.LATENCY: st.builds(
            lambda pair, **rest: Fault(mode=FaultMode.LATENCY, min_latency=pair[0], max_latency=pair[1], **rest),
            ordered, **common,
        ),
        FaultMode.TIMEOUT: one(FaultMode.TIMEOUT, timeout_buffer=numbers, **common),
        FaultMode.DISKSPACE: one(
            FaultMode.DISKSPACE, disk_space=st.integers(1, 10_240).map(lambda mib: mib * 1.048576), **common
        ),
        FaultMode.DENYLIST: one(FaultMode.DENYLIST, deny_list=hosts, **common),
        FaultMode.STATUSCODE: one(FaultMode.STATUSCODE, status_code=st.integers(100, 599), **common),
        FaultMode.EXCEPTION: one(FaultMode.EXCEPTION, message=texts, **common),
        FaultMode.CORRUPTION: one(FaultMode.CORRUPTION, body=st.none() | texts, **common),
    }  # fmt: skip


@st.composite
def several(draw: st.DrawFn, *, matching: bool = True) -> Fault:
    """Faults of different modes, in the order in which the library evaluates them."""
    kinds = flags(matching=matching)
    chosen = draw(st.sets(st.sampled_from(list(kinds)), min_size=1))
    first, *rest = [draw(kinds[mode]) for mode in kinds if mode in chosen]
    return Fault(**{**vars(first), "also": tuple(rest)})


python_faults = st.one_of(
    st.builds(
        lambda rate, delay: Fault(mode=FaultMode.LATENCY, rate=rate, min_latency=delay, max_latency=delay),
        rates, st.integers(0, 10**6),
    ),
    one(FaultMode.EXCEPTION, rate=rates, message=texts),
    one(FaultMode.STATUSCODE, rate=rates, status_code=st.integers(0, 999)),
)  # fmt: skip


@pytest.mark.parametrize("name", ["failure-lambda/0.2", "failure-lambda/0.x"])
@given(fault=flat(rates))
def test_the_flat_format_reads_back_what_it_writes(name: str, fault: Fault) -> None:
    written = DIALECTS[name].write(fault)
    assert DIALECTS[name].parse(written) == fault
    assert DIALECTS[name].is_armed(written)


@given(fault=several())
def test_flags_read_back_what_they_write(fault: Fault) -> None:
    written = DIALECTS[FLAGS].write(fault)
    found = DIALECTS[FLAGS].parse(written)
    assert found is not None
    assert [rounded(one) for one in found.every] == [rounded(one) for one in fault.every]
    assert DIALECTS[FLAGS].is_armed(written)
    assert recognise(written) == FLAGS


def rounded(fault: Fault) -> Fault:
    """MiB and MB are not whole multiples of each other in floating point."""
    size = None if fault.disk_space is None else round(fault.disk_space, 6)
    return Fault(**{**vars(fault), "also": (), "disk_space": size})


@given(fault=python_faults)
def test_chaos_lambda_reads_back_what_it_writes(fault: Fault) -> None:
    written = DIALECTS[PYTHON].write(fault)
    assert DIALECTS[PYTHON].parse(written) == fault
    assert recognise(written) == PYTHON


@pytest.mark.parametrize("name", DIALECTS)
@given(
    text=st.text()
    | st.recursive(
        st.none() | st.booleans() | st.text() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(
            st.sampled_from(["isEnabled", "denylist", "latency", "enabled", "match", "percentage", "is_enabled"]), inner
        ),
        max_leaves=8,
    ).map(json.dumps)
)  # fmt: skip
def test_no_text_breaks_a_dialect(name: str, text: str) -> None:
    DIALECTS[name].parse(text)
    assert not DIALECTS[name].is_armed(DIALECTS[name].off(text))
    recognise(text)
    with contextlib.suppress(Invalid):  # a fault that `name` has no words for
        translate(text, name)


@pytest.mark.parametrize("name", DIALECTS)
@given(text=st.dictionaries(st.sampled_from(["x", "isEnabled", "denylist"]), st.booleans()).map(json.dumps))
def test_off_is_off_and_keeps_what_it_does_not_know(name: str, text: str) -> None:
    off = DIALECTS[name].off(text)
    assert DIALECTS[name].parse(off) is None
    assert json.loads(off).get("x") == json.loads(text).get("x")


@pytest.mark.parametrize("name", [name for name in DIALECTS if name != "chaos_lambda/0.1"])
def test_arming_keeps_the_fields_it_does_not_know(name: str) -> None:
    fault = Fault(mode=FaultMode.STATUSCODE, rate=0.5, status_code=503)
    written = json.loads(DIALECTS[name].write(fault, onto='{"owner": "team a", "rate": 1}'))
    assert written["owner"] == "team a"


REFUSED = Fault(mode=FaultMode.DENYLIST, rate=0.5, deny_list=("s3.*",))
LATE = Fault(mode=FaultMode.LATENCY, rate=0.5, min_latency=100, max_latency=400)


@pytest.mark.parametrize(
    ("name", "fault", "words"),
    [
        ("failure-lambda/0.x", Fault(**{**vars(LATE), "also": (REFUSED,)}), "one fault at a time"),
        ("failure-lambda/0.x", Fault(mode=FaultMode.TIMEOUT, rate=1), "no timeout fault"),
        ("failure-lambda/0.2", Fault(mode=FaultMode.CORRUPTION, rate=1), "no corruption fault"),
        ("failure-lambda/0.x", Fault(**{**vars(LATE), "match": (Match(path="a", value="b"),)}), "by their event"),
        (FLAGS, Fault(mode=FaultMode.EXCEPTION, rate=0.005), "0.5 % is none"),
        (FLAGS, Fault(mode=FaultMode.DISKSPACE, rate=1, disk_space=100), "95 MiB are 99.6147 MB"),
        (FLAGS, Fault(mode=FaultMode.STATUSCODE, rate=1, status_code=99), "status code 99"),
        (FLAGS, Fault(mode=FaultMode.LATENCY, rate=1, min_latency=9, max_latency=1), "from 9 to 1 ms"),
        (FLAGS, Fault(mode=FaultMode.DENYLIST, rate=1, deny_list=("(a+)+",)), "skips the pattern"),
        (FLAGS, Fault(mode=FaultMode.DENYLIST, rate=1, deny_list=("x" * 513,)), "512 characters"),
        (FLAGS, Fault(**{**vars(LATE), "also": (LATE,)}), "two were asked for"),
        (FLAGS, Fault(mode=FaultMode.TIMEOUT, rate=1, timeout_buffer=-1), "buffer of -1 ms"),
        (FLAGS, Fault(**{**vars(LATE), "match": (Match(path="a"),)}), "match of a by eq nothing"),
        (PYTHON, Fault(mode=FaultMode.STATUSCODE, rate=1), "status code that is left out"),
        (PYTHON, LATE, "not a range from 100 to 400 ms"),
        (PYTHON, REFUSED, "no denylist fault"),
        (PYTHON, Fault(**{**vars(LATE), "max_latency": 100, "also": (LATE,)}), "one fault at a time"),
        ("chaos_lambda/0.1", LATE, "in the function's code"),
    ],
)  # fmt: skip
def test_what_a_dialect_can_not_say_is_refused_in_a_sentence(name: str, fault: Fault, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        DIALECTS[name].write(fault)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"latency": {"enabled": true}}', Fault(mode=FaultMode.LATENCY, rate=1, min_latency=0, max_latency=0)),
        ('{"statuscode": {"enabled": true, "percentage": 7}}', Fault(mode=FaultMode.STATUSCODE, rate=0.07, status_code=500)),
        ('{"latency": {"enabled": true, "percentage": 0.5}}', None),
        ('{"latency": {"enabled": true, "percentage": 0}}', None),
        ('{"latency": {"enabled": "true"}}', None),
        ('{"latency": {"enabled": true, "min_latency": 9, "max_latency": 1}}', None),
        ('{"denylist": ["s3"]}', None),
        ('{"denylist": {"enabled": true, "deny_list": ["(a+)+"]}}', None),
        ('{"exception": {"enabled": true, "match": [{"path": "a", "operator": "like", "value": "b"}]}}', None),
        ('{"statuscode": {"enabled": true, "status_code": 700}}', None),
        ('{"isEnabled": true, "failureMode": "latency", "rate": 1}', None),
    ],
)  # fmt: skip
def test_flags_that_the_library_skips_are_no_fault(text: str, fault: Fault | None) -> None:
    assert DIALECTS[FLAGS].parse(text) == fault


@pytest.mark.parametrize(
    "text",
    [
        '{"is_enabled": true, "fault_type": "latency", "delay": 400}',  # no rate: every invocation fails
        '{"is_enabled": true, "fault_type": "latency", "delay": 0.4, "rate": 1}',
        '{"is_enabled": true, "fault_type": "blackhole", "rate": 1}',
        '{"is_enabled": false, "fault_type": "latency", "delay": 400, "rate": 1}',
    ],
)
def test_chaos_lambda_passes_these_through(text: str) -> None:
    assert DIALECTS[PYTHON].parse(text) is None


def test_chaos_lambda_0_1_is_read_and_its_rate_is_all_where_it_is_missing() -> None:
    fault = DIALECTS["chaos_lambda/0.1"].parse('{"isEnabled": true, "delay": 400, "error_code": 404}')
    assert fault == Fault(mode=FaultMode.DECORATED, rate=1, min_latency=400, max_latency=400, status_code=404)


def test_a_document_of_two_eras_is_switched_off_for_both() -> None:
    both = '{"isEnabled": true, "failureMode": "latency", "rate": 1, "latency": {"enabled": true, "min_latency": 5}}'
    assert DIALECTS["failure-lambda/0.x"].parse(both) is not None
    off = DIALECTS[FLAGS].off(both)
    assert not any_armed(off)
    assert not DIALECTS["failure-lambda/0.x"].is_armed(switched_off(both))


def test_feature_flags_of_appconfig_are_read_and_switched_off_in_their_envelope() -> None:
    values = {"latency": {"enabled": True, "percentage": 50, "max_latency": 9}, "other": {"enabled": True}}
    envelope = {"version": "1", "flags": {"latency": {"name": "latency"}}, "values": values}
    text = json.dumps(envelope)
    assert (recognise(text), any_armed(text)) == ("failure-lambda/1.x", True)
    assert DIALECTS["failure-lambda/1.x"].parse(text).rate == 0.5
    off = json.loads(switched_off(text))
    assert off == {**envelope, "values": {**values, "latency": {**values["latency"], "enabled": False}}}
    assert not any_armed(json.dumps(off))


def test_a_deny_list_travels_from_0_2_to_1_x() -> None:
    lab = '{"isEnabled": true, "failureMode": "blacklist", "rate": 0.5, "blacklist": ["dynamodb.*.amazonaws.com"]}'
    assert json.loads(translate(lab, FLAGS)) == {
        "denylist": {"enabled": True, "percentage": 50, "deny_list": ["dynamodb.*.amazonaws.com"]}
    }


ENVELOPE = '{"timestamp":"t","level":"INFO","fields":{"source":"failure-lambda","mode":"denylist","action":"inject"}}'


@pytest.mark.parametrize(
    ("name", "line", "mode"),
    [
        ("failure-lambda/0.x", "Intercepted network connection to dynamodb.us-east-2.amazonaws.com", "denylist"),
        ("failure-lambda/0.2", "Intercepted network connection to s3", "denylist"),
        ("failure-lambda/0.x", "Injecting dependency failure through a network block for denylisted sites: a,b", None),
        ("failure-lambda/0.x", "Injecting 3120 ms latency.", "latency"),
        ("failure-lambda/0.x", "Injecting status code: 404", "statuscode"),
        ("failure-lambda/0.x", "Injecting exception message: no", "exception"),
        ("failure-lambda/0.x", "Injecting disk space: 100 MB", "diskspace"),
        ("failure-lambda/0.x", "ETL completed", None),
        (FLAGS, '{"source":"failure-lambda","level":"info","mode":"latency","action":"inject","latency_ms":3}', "latency"),
        (FLAGS, '{"source":"failure-lambda","level":"info","mode":"denylist","action":"inject","patterns":["a"]}', None),
        (FLAGS, '{"source":"failure-lambda","level":"info","mode":"denylist","action":"block","hostname":"a"}', "denylist"),
        (FLAGS, '{"source":"failure-lambda","mode":"corruption","action":"inject","method":"mangle"}', "corruption"),
        (FLAGS, '{"source":"failure-lambda","mode":"latency","action":"dryrun","percentage":50,"roll":3}', None),
        (FLAGS, '{"source":"failure-lambda","action":"config","enabled_flags":["latency"]}', None),
        (FLAGS, ENVELOPE, "denylist"),
        (FLAGS, "a sentence about failure-lambda", None),
        (PYTHON, "[DEBUG] sleeping now", "latency"),
        (PYTHON, "[DEBUG] corrupting now", "statuscode"),
        (PYTHON, "[INFO] Injecting 400 ms of delay with a rate of 0.5", None),  # before the dice
        (PYTHON, "[INFO] Injecting 400 ms of delay with a rate of 1", "latency"),  # which all fall well
        (PYTHON, "Injecting exception_type <class 'Exception'> with message no a rate of 1", "exception"),
        (PYTHON, "Injecting exception_type <class 'Exception'> with message no a rate of 0", None),
        (PYTHON, "Injecting Error 404 at a rate of 1.0", "statuscode"),
    ],
)  # fmt: skip
def test_a_log_line_says_which_fault_struck(name: str, line: str, mode: str | None) -> None:
    assert DIALECTS[name].struck(line) == mode
