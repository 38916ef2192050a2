"""Each outcome has its proper place in a JUnit suite, as a reader of such files sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from app.reports import junit
from app.reports.report import Report
from app.runs import StepState, Verdict
from tests.reports.conftest import FLIGHT, SERIES, look, step

Build = Callable[..., Report]


def suite(report: Report) -> TestSuite:
    found = list(JUnitXml.fromstring(junit.xml(report)))
    assert len(found) == 1
    return found[0]


def results(report: Report) -> dict[tuple[str, str], list[type]]:
    return {(case.classname, case.name): [type(one) for one in case.result] for case in suite(report)}


def case(report: Report, place: str) -> TestCase:
    return next(case for case in suite(report) if case.classname == place)


def test_probes_steps_and_verdict_are_cases(report: Build) -> None:
    assert results(report()) == {
        ("hypothesis before", FLIGHT): [],
        ("method", "Arm"): [],
        ("method", "Check"): [Error],
        ("hypothesis after", FLIGHT): [Failure],
        ("rollbacks", "Disarm"): [Skipped],
        ("verdict", "verdict"): [Failure],
    }


def test_it_counts_what_it_holds_and_takes_as_long_as_the_run(report: Build) -> None:
    found = suite(report())
    assert (found.tests, found.failures, found.errors, found.skipped, found.time) == (6, 2, 1, 1, 330.0)


@pytest.mark.parametrize(
    ("verdict", "result"),
    [
        (Verdict.HELD, []),
        (Verdict.DEVIATED, [Failure]),
        (Verdict.NOT_STARTED, [Error]),
        (Verdict.INCONCLUSIVE, [Error]),
        (Verdict.STOPPED, [Error]),
        (Verdict.FAILED, [Error]),
    ],
)
def test_what_taught_nothing_is_no_pass(report: Build, verdict: Verdict, result: list[type]) -> None:
    made = report(run={"verdict": verdict, "verdict_reason": "Because."})
    assert results(made)["verdict", "verdict"] == result
    if result:
        assert case(made, "verdict").result[0].message == f"{verdict}: Because."


@pytest.mark.parametrize(
    ("looks", "after"),
    [
        ((look("before", 1.7, met=True),), [Skipped]),
        ((look("after", None, met=False, problem="AccessDenied: no"),), [Error]),
        ((look("after", 3.0, met=True),), []),
    ],
)
def test_a_probe_that_nobody_judged_is_skipped_and_one_that_broke_is_an_error(
    report: Build, looks: Any, after: list[type]
) -> None:
    assert results(report(looks=looks))["hypothesis after", FLIGHT] == after


def test_looks_during_the_method_are_one_case_that_fails_where_one_of_them_missed(report: Build) -> None:
    looks = [look("during", value, met=value < 20, seconds=value) for value in (3, 30, 4)]
    found = report(looks=tuple(looks))
    assert results(found)["hypothesis during", FLIGHT] == [Failure]
    assert case(found, "hypothesis during").result[0].message.startswith("30.0")


def test_properties_say_what_ran_where(report: Build) -> None:
    told = {one.name: one.value for one in suite(report()).properties()}
    assert told["run"] == "7"
    assert told["environment"] == "staging"
    assert told["sha256"] == "ab" * 32
    assert told["verdict"] == "deviated"


def test_what_xml_can_not_hold_is_replaced(report: Build) -> None:
    made = report(timeline=(step("activity", "a\x00b<&", StepState.FAIL, "\x1b[31mred"),))
    assert ("method", "a\ufffdb<&") in results(made)


def test_a_probe_after_one_that_missed_was_not_asked(report: Build) -> None:
    later = replace(SERIES, name="age")
    cases = {
        (case.classname, case.name): case
        for case in suite(report(looks=(look("after", 48.1, met=False),), series=(SERIES, later)))
    }
    assert (
        cases["hypothesis after", "age"].result[0].message
        == f"Not asked: {FLIGHT} had missed its tolerance before it."
    )
    assert cases["hypothesis before", "age"].result[0].message == "The steady state was not judged."


@pytest.mark.parametrize("code", [0xFFFE, 0xFFFF, 0xD800, 0xDFFF])
def test_signs_that_are_no_text_do_not_break_the_file(report: Build, code: int) -> None:
    sign = chr(code)
    made = report(timeline=(step("activity", f"a{sign}b", StepState.FAIL, sign),))
    assert ("method", "a\ufffdb") in results(made)
