"""Preflight's rules, one case each: what is known, what is said, and whether a run may start."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.aws import Function, Parameter
from app.aws.permissions import Decision
from app.dialects import Fault, FaultMode
from app.errors import Conflict, Invalid
from app.faults import Entry, FaultState, KnownBy, Store, Understanding
from app.runs.checks import Known, StoreFacts, check, ok, refusal
from app.runs.preflight import Preflight

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
STORE = Store(environment="test", name="p")
OFF, ARMED = b'{"isEnabled": false}', b'{"isEnabled": true, "failureMode": "denylist", "rate": 1}'
REFUSED = Fault(mode=FaultMode.DENYLIST, rate=0.5, deny_list=("dynamodb.*",))
UNDERSTOOD = Understanding(
    fault=REFUSED, dialect="failure-lambda/0.x", function_dialect="failure-lambda/0.x", functions=("f",),
    version="0.4.4", known_by="failure-lambda 0.4.4, read from the deployment package", value="",
    known=KnownBy.PACKAGE,
)  # fmt: skip
FACTS = StoreFacts(
    store=STORE, value="", understood=UNDERSTOOD, functions=(Function(name="f", code_sha256="", runtime=""),),
    libraries={"f": "0.4.4"}, present=Parameter(name="p", value=OFF), invocations_a_second=20, seconds_armed=300,
)  # fmt: skip
ENTRY = Entry(
    id=1, store=STORE, run_id="7", by="ann", state=FaultState.ARMED, dialect="failure-lambda/0.x", fault=REFUSED,
    functions=("f",), previous=OFF, value=ARMED, created_at=NOW, disarm_by=NOW,
)  # fmt: skip
FLAGS = "failure-lambda/1.x"
LATE = Fault(mode=FaultMode.LATENCY, rate=1, min_latency=1, max_latency=1)
PASSED_BY = Function(name="f", code_sha256="", runtime="", disabled=True)
PYTHON = "chaos_lambda/0.3"
IN_JSON = Function(name="f", code_sha256="", runtime="", log_format="JSON")
RAISED = Fault(mode=FaultMode.EXCEPTION, rate=0.5)
RULE = Store(environment="test", kind="events-rule", name="r")
LIMIT = Store(environment="test", kind="lambda-concurrency", name="f")
OVER = replace(ENTRY, state=FaultState.DISARMED, disarmed_at=NOW)


def said(known: Known) -> dict[str, str]:
    return {finding.code: str(finding.level) for finding in check(known)}


def of_store(**facts: Any) -> dict[str, str]:
    return said(Known(stores=(replace(FACTS, **facts),)))


def understood(**words: Any) -> Understanding:
    return replace(UNDERSTOOD, **words)


def test_a_store_that_is_as_it_should_be_has_nothing_but_good_news_and_its_stickiness() -> None:
    assert of_store() == {"dialect": "ok", "idle": "ok", "disarm-plan": "ok", "sticky": "warning"}


@pytest.mark.parametrize(
    ("facts", "code", "level"),
    [
        ({"holder": ENTRY}, "armed", "refusal"),
        ({"understood": None}, "readers", "warning"),
        ({"understood": understood(refusal="f carries failure-lambda 9")}, "dialect", "refusal"),
        ({"understood": understood(functions=())}, "no-function", "warning"),
        ({"libraries": {"f": None}}, "library", "warning"),
        ({"understood": understood(dialect="failure-lambda/0.2")}, "translated", "warning"),
        ({"understood": understood(function_dialect=FLAGS, fault=LATE), "functions": (PASSED_BY,)}, "disabled", "refusal"),
        ({"present": None}, "missing", "warning"),
        ({"unreadable": "AccessDenied"}, "unreadable", "refusal"),
        ({"present": Parameter(name="p", value=ARMED)}, "armed-outside", "warning"),
        ({"last": OVER, "present": Parameter(name="p", value=b"{}")}, "changed", "warning"),
        ({"last": OVER}, "idle", "ok"),
        ({"permissions": (Decision(action="ssm:PutParameter", resource="p", allowed=False),)}, "permission", "refusal"),
        ({"permissions": (Decision(action="ssm:PutParameter", resource="p", allowed=True),)}, "permission", "ok"),
        ({"permissions": (Decision(action="*", resource="p", allowed=None),)}, "permission-unknown", "warning"),
        ({"invocations_a_second": 0.0}, "no-traffic", "warning"),
        ({"invocations_a_second": 0.01}, "few-hits", "warning"),
        ({"invocations_a_second": 60.0}, "throttled-reads", "warning"),
        ({"functions": (replace(FACTS.functions[0], keep_alive=True),)}, "keep-alive", "warning"),
        ({"log_troubles": ("There is no log group x.",)}, "log", "warning"),
        ({"switch": "There is no dead man's switch."}, "dead-mans-switch", "warning"),
        ({"switch_leaves": "It can not replace containers."}, "dead-mans-switch", "warning"),
        ({"understood": understood(version="0.4.1")}, "disarm-plan", "warning"),
        ({"understood": understood(function_dialect=PYTHON), "invocations_a_second": 60.0}, "throttled-reads", "warning"),
        ({"understood": understood(function_dialect=PYTHON), "functions": (IN_JSON,)}, "log", "warning"),
        ({"understood": understood(function_dialect=PYTHON, fault=RAISED)}, "log", "warning"),
        ({"store": RULE, "present": None}, "missing", "refusal"),
        ({"store": RULE, "present": Parameter(name="r", value=b'{"State": "DISABLED"}')}, "armed-outside", "warning"),
        ({"store": RULE, "present": Parameter(name="r", value=b'{"State": "ENABLED"}')}, "idle", "ok"),
        ({"store": LIMIT, "present": Parameter(name="f", value=b'{"ReservedConcurrentExecutions": 0}')}, "armed-outside", "warning"),
        ({"store": LIMIT, "present": Parameter(name="f", value=b'{"ReservedConcurrentExecutions": 9}')}, "idle", "ok"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_store_is_said(facts: dict[str, Any], code: str, level: str) -> None:
    assert of_store(**facts)[code] == level


@pytest.mark.parametrize(
    ("known", "code", "level"),
    [
        ({"lever": "The safety lever was engaged by ann."}, "lever", "refusal"),
        ({"blackout": "test is in a blackout window."}, "blackout", "refusal"),
        ({"alarms_unmet": ("alarm x is in ALARM",)}, "no-alarm", "warning"),
        ({"silent": ("flight",)}, "no-data", "warning"),
        ({"outside": ("flight",)}, "outside", "warning"),
        ({"signals": 3}, "signals", "ok"),
        ({"unproven": (("Delete", "runs `rm`"),)}, "unproven", "refusal"),
        (
            {"unproven": (("Delete", "runs `rm`"),), "accepted": frozenset({"unproven"})},
            "unproven",
            "warning",
        ),
        ({}, "no-fault", "warning"),
    ],
)
def test_what_is_wrong_with_a_run_is_said(known: dict[str, Any], code: str, level: str) -> None:
    assert said(Known(**known))[code] == level


@pytest.mark.parametrize(("pause", "warned"), [(300, True), (359, True), (360, False)])
def test_a_pause_must_outlast_the_window_and_the_delay_of_its_metrics(*, pause: float, warned: bool) -> None:
    assert (
        "short-pause"
        in said(Known(stores=(FACTS,), windows=(("flight", 300.0), ("errors", 60.0)), pause=pause))
    ) is warned


@pytest.mark.parametrize(("minutes", "refused"), [(4, True), (6, False)])
def test_credentials_must_outlast_the_lease(*, minutes: int, refused: bool) -> None:
    ends = NOW + timedelta(minutes=minutes)
    known = Known(stores=(FACTS,), credentials_until=ends, lease_until=NOW + timedelta(minutes=5))
    assert ("credentials" in said(known)) is refused


def test_refusals_come_first_and_each_has_a_remedy() -> None:
    known = Known(stores=(replace(FACTS, holder=ENTRY),), lever="Engaged.", unproven=(("a", "runs `rm`"),))
    levels = [str(finding.level) for finding in check(known)]
    assert levels == sorted(levels, key=["refusal", "warning", "ok"].index)
    assert all(finding.remedy for finding in check(known) if finding.level == "refusal")


def test_what_a_person_can_accept_is_told_apart_from_what_nobody_can() -> None:
    look = Preflight.__new__(Preflight)
    look.refuse([ok("fine", "Fine.")])
    with pytest.raises(Invalid) as accepting:
        look.refuse([refusal("unproven", "It deletes.", "Say yes.", accept="unproven")])
    assert accepting.value.details["accept"] == ["unproven"]
    with pytest.raises(Conflict) as armed:
        look.refuse([refusal("armed", "It is armed.", "Wait.")])
    assert [finding["code"] for finding in armed.value.details["findings"]] == ["armed"]


@pytest.mark.parametrize(("limit", "code"), [(5, "idle"), (6, "changed")])
def test_dates_that_appconfig_gives_feature_flags_are_no_change(limit: int, code: str) -> None:
    flags = '{"version": "1", "flags": {"a": {"name": "a"}}, "values": {"a": {"enabled": true, "_updatedAt": "%s", "b": %d}}}'
    last = replace(OVER, previous=(flags % ("then", 5)).encode())
    assert code in of_store(last=last, present=Parameter(name="p", value=(flags % ("now", limit)).encode()))


def test_a_library_that_does_not_know_the_variable_is_not_passed_by() -> None:
    layer = {
        "understood": understood(function_dialect=FLAGS),
        "functions": (replace(PASSED_BY, wrapper=True),),
    }
    assert "disabled" not in of_store(**layer)
    assert "disabled" not in of_store(functions=(PASSED_BY,))


def test_what_proves_a_fault_of_chaos_lambda_at_a_rate_of_1_is_in_its_log() -> None:
    always = understood(function_dialect=PYTHON, fault=replace(RAISED, rate=1))
    assert "log" not in of_store(understood=always, functions=(IN_JSON,))


def test_who_armed_a_store_from_outside_is_named() -> None:
    theirs = Parameter(name="p", value=ARMED, written_by="arn:aws:iam::1:user/bob")
    (finding,) = [
        one for one in check(Known(stores=(replace(FACTS, present=theirs),))) if one.code == "armed-outside"
    ]
    assert "last written by arn:aws:iam::1:user/bob" in finding.sentence


@pytest.mark.parametrize(
    ("known", "sure"),
    [
        (KnownBy.DECLARED, "certain"),
        (KnownBy.PACKAGE, "certain"),
        (KnownBy.LAYER, "likely"),
        (KnownBy.SHAPE, "a guess"),
    ],
)
def test_how_sure_the_dialect_is_stands_beside_how_it_is_known(known: KnownBy, sure: str) -> None:
    facts = replace(FACTS, understood=understood(known=known, known_by="as somebody says"))
    (finding,) = [one for one in check(Known(stores=(facts,))) if one.code == "dialect"]
    assert finding.sentence.endswith(f"as somebody says ({sure}).")
