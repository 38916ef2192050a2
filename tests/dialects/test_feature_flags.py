"""A fault among AppConfig's feature flags: said so that AppConfig takes it, and nobody's flag is lost by it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from app.dialects import (
    DIALECTS,
    Fault,
    FaultMode,
    Match,
    any_armed,
    meaning,
    recognise,
    same,
    switched_off,
    translate,
)
from app.dialects.failure_lambda_1x import flush
from app.errors import Invalid
from tests.aws.feature_flags import Dating, refused
from tests.dialects.test_every_dialect import FLAGS, rounded, several

LATE = Fault(mode=FaultMode.LATENCY, rate=0.5, min_latency=100, max_latency=400)
CHECKOUT = {
    "name": "Checkout",
    "_updatedAt": "then",
    "attributes": {"limit": {"constraints": {"type": "number"}}},
}
SHOP: dict[str, Any] = {
    "version": "1", "flags": {"checkout": CHECKOUT}, "values": {"checkout": {"enabled": True, "limit": 5, "_updatedAt": "then"}},
}  # fmt: skip
EMPTY: dict[str, Any] = {"version": "1", "flags": {}, "values": {}}
BARE: dict[str, Any] = {"version": "1", "flags": {}}
FORMER = {
    "version": "1",
    "flags": {"latency": {"name": "Late", "attributes": {
        "percentage": {"constraints": {"type": "number"}}, "max_latency": {}, "team": {"constraints": {"type": "string", "required": True}},
    }}},
    "values": {"latency": {"enabled": False, "percentage": 1, "max_latency": 7, "team": "a"}},
}  # fmt: skip


def constrained(**constraints: Any) -> str:
    declared = {"latency": {"name": "latency", "attributes": {"percentage": {"constraints": constraints}}}}
    return json.dumps({**EMPTY, "flags": declared})


@pytest.mark.parametrize("onto", [EMPTY, BARE, SHOP, FORMER], ids=["empty", "bare", "shop", "former"])
@given(fault=several(matching=False))
def test_what_is_written_is_read_back_and_taken_by_appconfig(onto: dict[str, Any], fault: Fault) -> None:
    written = DIALECTS[FLAGS].write(fault, onto=json.dumps(onto))
    assert refused(json.loads(written)) == ""
    found = DIALECTS[FLAGS].parse(written)
    assert found is not None
    assert [rounded(one) for one in found.every] == [rounded(one) for one in fault.every]
    assert (recognise(written), any_armed(written)) == (FLAGS, True)
    for off in (DIALECTS[FLAGS].off(written), switched_off(written), flush(written)):
        assert refused(json.loads(off)) == ""
        assert not any_armed(off)


@given(fault=several(matching=False))
def test_flags_that_are_a_products_survive_with_all_that_is_declared_of_them(fault: Fault) -> None:
    for text in (DIALECTS[FLAGS].write(fault, onto=json.dumps(SHOP)), flush(json.dumps(SHOP))):
        written = json.loads(text)
        assert written["flags"]["checkout"] == CHECKOUT
        assert written["values"]["checkout"] == SHOP["values"]["checkout"]


def test_what_is_not_declared_yet_is_declared_by_its_type() -> None:
    written = json.loads(
        DIALECTS[FLAGS].write(Fault(mode=FaultMode.DENYLIST, rate=1, deny_list=("s3",)), json.dumps(EMPTY))
    )
    assert written == {
        "version": "1",
        "flags": {"denylist": {"name": "denylist", "attributes": {
            "percentage": {"constraints": {"type": "number"}},
            "deny_list": {"constraints": {"type": "array", "elements": {"type": "string"}}},
        }}},
        "values": {"denylist": {"enabled": True, "percentage": 100, "deny_list": ["s3"]}},
    }  # fmt: skip


def test_a_flag_that_is_there_keeps_its_name_and_its_own_attributes_and_no_word_of_an_earlier_fault() -> None:
    fault = Fault(mode=FaultMode.LATENCY, rate=0.5, min_latency=1, max_latency=2)
    written = json.loads(DIALECTS[FLAGS].write(fault, onto=json.dumps(FORMER)))
    assert written["flags"]["latency"]["name"] == "Late"
    assert written["values"]["latency"] == {
        "enabled": True, "percentage": 50, "min_latency": 1, "max_latency": 2, "team": "a",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "onto", "words"),
    [
        (Fault(**{**vars(LATE), "match": (Match(path="a", value="b"),)}), json.dumps(SHOP), "Leave `match` out"),
        (Fault(mode=FaultMode.EXCEPTION, rate=1, message="x" * 1025), json.dumps(SHOP), "1024 characters"),
        (LATE, constrained(type="number", maximum=10), "declared with percentage as .* and 50 is not that"),
        (LATE, constrained(type="number", minimum=60), "50 is not that"),
        (LATE, constrained(type="string"), "50 is not that"),
        (LATE, constrained(type="number", enum=[1, 2]), "50 is not that"),
        (LATE, json.dumps({**EMPTY, "flags": {"latency": {"attributes": {"team": {"constraints": {"type": "string", "required": True}}}}}}),
         "needs? team"),
    ],
)  # fmt: skip
def test_what_appconfig_would_not_take_is_refused_in_a_sentence(fault: Fault, onto: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        DIALECTS[FLAGS].write(fault, onto=onto)


def test_what_clears_warm_containers_is_taken_whatever_somebody_has_declared() -> None:
    written = flush(constrained(type="number", minimum=60, required=True))
    assert refused(json.loads(written)) == ""
    assert json.loads(written)["values"]["latency"] == {"enabled": True, "percentage": 0}


def test_a_flag_with_variants_is_a_fault_if_one_of_them_is_and_off_without_them() -> None:
    variant = {"name": "some", "enabled": True, "attributeValues": {"percentage": 50}, "rule": "(eq $a 1)"}
    text = json.dumps({**EMPTY, "values": {"latency": {"_variants": [variant]}}})
    assert (recognise(text), any_armed(text)) == (FLAGS, True)
    assert json.loads(switched_off(text))["values"] == {"latency": {"enabled": False}}


def test_only_what_reads_feature_flags_is_told_by_them() -> None:
    armed = DIALECTS[FLAGS].write(LATE, onto=json.dumps(SHOP))
    assert translate(armed, FLAGS) == armed
    for other in ("failure-lambda/0.x", "chaos_lambda/0.3"):
        with pytest.raises(Invalid, match="AppConfig's feature flags"):
            translate(armed, other)


def test_dates_and_order_mean_nothing_and_everything_else_does() -> None:
    armed = DIALECTS[FLAGS].write(LATE, onto=json.dumps(SHOP)).encode()
    given_back = json.dumps(Dating(None)._dated(json.loads(armed))).encode()
    assert armed != given_back
    assert same(armed, given_back)
    assert same(None, None)
    assert not same(armed, None)
    assert not same(armed, given_back.replace(b'"limit": 5', b'"limit": 6'))
    assert not same(armed, given_back.replace(b"true", b"1"))
    assert same(b'{"values": {}, "flags": {"a": {"b": 1}}}', b'{"flags": {"a": {"b": 1.0}}, "values": {}}')
    for text in (b'{"a": 1, "b": 2}', b'{"_updatedAt": 1}', b"no JSON"):  # no feature flags: to the byte
        assert meaning(text) == text
