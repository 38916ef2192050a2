"""What a value means to the functions that read its store, and how that is known."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from app.aws import InMemoryFunctions
from app.errors import Invalid, Unavailable
from app.faults import KnownBy, Store
from app.settings import Environment

LAB = (
    '{"isEnabled": true, "failureMode": "blacklist", "rate": 0.5, "blacklist": ["dynamodb.*.amazonaws.com"]}'
)
NEW, OLD = "failure-lambda/0.x", "failure-lambda/0.2"


def test_the_labs_value_is_translated_for_the_version_in_the_package(desk: Any) -> None:
    understood = desk.console().understand("test", desk.STORE, LAB)
    assert (understood.translated_from, understood.function_dialect, understood.version) == (
        OLD,
        NEW,
        "0.4.4",
    )
    assert understood.value == desk.ARMED
    assert understood.functions == ("ChaosTransformer",)
    assert understood.known_by == "failure-lambda 0.4.4, read from the deployment package"
    assert (
        understood.sentence
        == "half of the invocations of ChaosTransformer are refused dynamodb.*.amazonaws.com"
    )


@pytest.mark.parametrize(
    ("functions", "dialects", "function_dialect", "translated", "known_by"),
    [
        ({"f": "0.2.0"}, {}, OLD, False, "failure-lambda 0.2.0, read"),
        ({"f": "0.4.4", "g": "0.4.1"}, {}, NEW, True, "failure-lambda 0.4.1 and 0.4.4, read"),
        ({"f": None}, {}, OLD, False, "the shape of the value; failure-lambda's version is not known"),
        ({}, {}, OLD, False, "the shape of the value; no function reads"),
        ({"f": None}, {"f": NEW}, NEW, True, "declared for the environment"),
        ({"f": "0.4.4"}, {"failureLambdaConfig": OLD}, OLD, False, "declared for the environment"),
        ({}, {"ssm:failureLambdaConfig": NEW}, NEW, True, "declared for the environment"),
    ],
)
def test_the_dialect_is_known_in_the_order_declared_package_shape(
    desk: Any, *, functions: dict[str, str | None], dialects: dict[str, str], function_dialect: str, translated: bool,
    known_by: str,
) -> None:  # fmt: skip
    desk.environment = Environment(name="test", dialects=dialects)
    desk.functions = InMemoryFunctions({name: (desk.NAME, version) for name, version in functions.items()})
    understood = desk.console().understand("test", "failureLambdaConfig", LAB)
    assert (understood.function_dialect, understood.translated) == (function_dialect, translated)
    assert understood.known_by.startswith(known_by)
    assert understood.known is (
        KnownBy.SHAPE if "shape" in known_by else KnownBy.DECLARED if dialects else KnownBy.PACKAGE
    )
    assert understood.refusal is None


@pytest.mark.parametrize(
    ("functions", "dialects", "refusal"),
    [
        ({"f": "9.0.0"}, {}, "f carries failure-lambda 9.0.0"),
        ({"f": "0.2.0", "g": "0.4.4"}, {}, "no single value can arm"),
        ({}, {"failureLambdaConfig": "failure-lambda/9"}, "failure-lambda/9, which is not spoken"),
    ],
)
def test_where_arming_would_be_worthless_it_says_why(
    desk: Any, functions: dict[str, str], dialects: dict[str, str], refusal: str
) -> None:
    desk.environment = Environment(name="test", dialects=dialects)
    desk.functions = InMemoryFunctions({name: (desk.NAME, version) for name, version in functions.items()})
    assert refusal in (desk.console().understand("test", desk.STORE, LAB).refusal or "")


@pytest.mark.parametrize("text", ['{"isEnabled": false}', "not json", ""])
def test_a_value_that_injects_nothing_is_no_fault(desk: Any, text: str) -> None:
    understood = desk.console().understand("test", desk.STORE, text)
    assert (understood.fault, understood.value, understood.translated) == (None, text, False)


def test_feature_flags_in_a_parameter_are_not_armed_since_nobody_hands_out_their_values(desk: Any) -> None:
    flags = '{"version": "1", "flags": {}, "values": {"latency": {"enabled": true}}}'
    desk.parameters.write(desk.NAME, flags)
    faults = desk.console()
    assert "which functions read nowhere else" in (faults.understand("test", desk.STORE, flags).refusal or "")
    assert [stray.dialect for stray in faults.scan("test")] == ["failure-lambda/1.x"]
    with pytest.raises(Invalid, match="read nowhere else"):
        faults.arm(store=desk.STORE, fault=desk.REFUSED, by="ann", lifetime=timedelta(minutes=1))
    faults.switch_off(desk.STORE, by="ann")
    assert json.loads(desk.stored)["values"]["latency"]["enabled"] is False


@pytest.mark.parametrize(
    ("kind", "details", "seconds"),
    [
        ("ssm", {"f": {"cache_ttl": 300.0}, "g": {}}, 300),  # the longest, and not the library's own
        ("ssm", {"f": {"cache_ttl": 5.0}, "g": {}}, 60),
        ("ssm", {"f": {"cache_ttl": 5.0}, "g": {"cache_ttl": 7.0}}, 7),
        ("appconfig", {"f": {"poll": 300.0}, "g": {}}, 300),
        ("appconfig", {"f": {"poll": 15.0}}, 15),
    ],
)
def test_off_takes_as_long_as_the_slowest_of_its_readers(
    desk: Any, kind: str, details: dict[str, dict[str, float]], seconds: float
) -> None:
    name = desk.NAME if kind == "ssm" else "a/e/c"
    desk.functions = InMemoryFunctions(dict.fromkeys(details, (name, "1.0.0")))
    desk.functions.details = {
        function: {**of, **({"appconfig": name, "parameter": None} if kind == "appconfig" else {})}
        for function, of in details.items()
    }
    late = '{"latency": {"enabled": true, "min_latency": 1, "max_latency": 2}}'
    store = Store(environment="test", kind=kind, name=name)
    assert desk.console().understand("test", store, late).plan.propagation == seconds


def test_aws_trouble_is_said_and_does_not_raise(desk: Any) -> None:
    def fail(_parameter: str) -> Any:
        raise Unavailable("Listing functions is not allowed.")

    desk.functions.reading = fail
    understood = desk.console().understand("test", desk.STORE, LAB)
    assert understood.function_dialect == OLD
    assert "Listing functions is not allowed." in understood.known_by
