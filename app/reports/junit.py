"""A run as a JUnit test suite, for whatever collects test results.

A deviation is a failure. What taught nothing (not started, inconclusive, stopped, failed) is an error: a pipeline must
not take it for a pass.
"""

from __future__ import annotations

from collections.abc import Iterator

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from app.reports.report import Look, Probe, Report
from app.reports.words import number
from app.runs import StepState, TimelineStep, Verdict

PASSES, FAILS = (Verdict.HELD,), (Verdict.DEVIATED,)
CLASSES = {"activity": "method", "rollback": "rollbacks"}
UNJUDGED = "The steady state was not judged."
ILLEGAL = {  # XML has no form for them
    code: "�" for code in (*range(32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF) if chr(code) not in "\t\n\r"
}


def xml(report: Report) -> bytes:
    run = report.run
    suite = TestSuite(f"gameday.{run.experiment}")
    suite.timestamp = (run.started_at or run.created_at).isoformat(timespec="seconds")
    for name, value in _properties(report):
        suite.add_property(name, _clean(value))
    for case in _cases(report):
        suite.add_testcase(case)
    found = JUnitXml("gameday")
    found.add_testsuite(suite)
    found.update_statistics()  # type: ignore[no-untyped-call]
    suite.time = found.time = report.seconds or 0  # pauses and all; the statistics add up cases only
    text: bytes = found.tostring()  # type: ignore[no-untyped-call]  # its own types leave it out
    return text


def unplayed(experiment: str, why: str) -> bytes:
    """Of a run without a verdict: refused, or lost sight of. One case, and that is an error."""
    case = _case("verdict", "verdict")
    case.result = [Error(_clean(why))]
    suite = TestSuite(_clean(f"gameday.{experiment}"))
    suite.add_testcase(case)
    found = JUnitXml("gameday")
    found.add_testsuite(suite)
    found.update_statistics()  # type: ignore[no-untyped-call]
    text: bytes = found.tostring()  # type: ignore[no-untyped-call]  # its own types leave it out
    return text


def _properties(report: Report) -> Iterator[tuple[str, str]]:
    run = report.run
    yield "run", str(run.id)
    yield "experiment", run.experiment
    yield "environment", run.environment
    yield "account", run.account or ""
    yield "region", run.region or ""
    yield "sha256", run.sha256
    yield "git_commit", run.git_commit or ""
    yield "status", str(run.status)
    yield "verdict", str(run.verdict or "")
    yield "reason", run.verdict_reason or ""


def _cases(report: Report) -> Iterator[TestCase]:
    before = [look for look in report.looks if look.phase == "before"]
    after = [look for look in report.looks if look.phase == "after"]
    yield from _hypothesis(report, "before", before)
    yield from (_step(step) for step in report.timeline if step.kind == "activity")
    yield from _during([look for look in report.looks if look.phase == "during"])
    yield from _hypothesis(report, "after", after)
    yield from (_step(step) for step in report.timeline if step.kind == "rollback")
    yield _verdict(report)


def _hypothesis(report: Report, phase: str, looks: list[Look]) -> Iterator[TestCase]:
    """Each probe; skipped where nobody looked, or an earlier one missed: Chaos Toolkit asks no further then."""
    judged = {probe.name: probe for look in looks for probe in look.probes}
    missed = next((probe.name for probe in judged.values() if probe.within is False), "")
    why = f"Not asked: {missed} had missed its tolerance before it." if missed else UNJUDGED
    for signal in report.series:
        yield _probe(f"hypothesis {phase}", signal.name, judged.get(signal.name), unasked=why)


def _probe(place: str, name: str, probe: Probe | None, *, unasked: str = UNJUDGED) -> TestCase:
    case = _case(place, name)
    if probe is None or probe.within is None:
        why = probe.problem if probe else ""
        case.result = [Error(_clean(why))] if why else [Skipped(_clean(unasked))]
    elif not probe.within:
        value = f"{number(probe.value, probe.unit)}: " if probe.value is not None else ""
        case.result = [Failure(_clean(f"{value}outside the tolerance {probe.tolerance}"))]
    return case


def _during(looks: list[Look]) -> Iterator[TestCase]:
    """All looks while the method was played, as one case for each probe."""
    answers: dict[str, list[Probe]] = {}
    for look in looks:
        for probe in look.probes:
            if not probe.unseen:
                answers.setdefault(probe.name, []).append(probe)
    for name, probes in answers.items():
        missed = [probe for probe in probes if probe.within is False]
        yield _probe("hypothesis during", name, missed[0] if missed else probes[-1])


def _step(step: TimelineStep) -> TestCase:
    case = _case(CLASSES[step.kind], step.name)
    case.time = step.seconds or 0
    if step.state is StepState.FAIL:
        case.result = [Error(_clean(step.detail or "failed"))]
    elif step.state is not StepState.DONE:
        case.result = [Skipped("The run ended before it.")]
    return case


def _verdict(report: Report) -> TestCase:
    case = _case("verdict", "verdict")
    verdict, reason = report.run.verdict, report.run.verdict_reason or "The run has no verdict yet."
    words = _clean(f"{verdict}: {reason}" if verdict else reason)
    if verdict in FAILS:
        case.result = [Failure(words)]
    elif verdict not in PASSES:
        case.result = [Error(words)]
    return case


def _case(place: str, name: str) -> TestCase:
    case: TestCase = TestCase(_clean(name), classname=place)
    return case


def _clean(text: str) -> str:
    return text.translate(ILLEGAL)
