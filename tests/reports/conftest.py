"""A run that went wrong in the middle of its fault, as a report has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.dialects import Fault, FaultMode
from app.faults import Entry, FaultState, Store
from app.queries import Tolerance
from app.reports.report import Look, Probe, Report, Series
from app.runs import Run, RunStatus, StepState, TimelineStep, Verdict
from tests.conftest import NOON

FLIGHT = "messages-in-flight"


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def look(phase: str, value: float | None, *, met: bool | None, seconds: float = 0, problem: str = "") -> Look:
    within = None if problem else met
    probe = Probe(name=FLIGHT, tolerance="−10 … 20 %", value=value, within=within, unit="%", problem=problem)
    return Look(phase=phase, at=at(seconds), met=met, probes=(probe,))


def step(kind: str, name: str, state: StepState = StepState.DONE, detail: str = "") -> TimelineStep:
    return TimelineStep(state=state, kind=kind, name=name, detail=detail, seconds=1.5, at=at(1))


RUN = Run(
    id=7, experiment="etl/strict", title="DynamoDB refuses", environment="staging", account="123456789012",
    region="eu-central-1", requested_by="maria", status=RunStatus.COMPLETED, deviated=True,
    verdict=Verdict.DEVIATED, verdict_reason="“messages-in-flight” was outside its tolerance after the method.",
    snapshot="", sha256="ab" * 32, git_commit="c0ffee" * 6 + "abcd", git_dirty=True, created_at=at(0), started_at=at(0),
    ended_at=at(330), document={"description": "Files still arrive."}, variables={"share": 0.5},
    facts={"findings": [{"level": "warning", "code": "c", "sentence": "It translates.", "remedy": "Migrate.", "accept": ""}],
           "stop": [{"signal": FLIGHT, "above": 40.0, "seconds": 60.0}]},
    proof={"hit": 214, "invocations": 431, "counted": None, "interceptions": 600, "can_see": True, "why": ""},
)  # fmt: skip
ENTRY = Entry(
    id=1, store=Store(environment="staging", name="failureLambdaConfig"), run_id="7", by="maria",
    state=FaultState.DISARMED, dialect="failure-lambda/0.x",
    fault=Fault(mode=FaultMode.DENYLIST, rate=0.5, deny_list=("dynamodb.*",)), functions=("ChaosTransformer",),
    translated_from="failure-lambda/0.2", previous=b"{}", value=b"{}", created_at=at(8), armed_at=at(10),
    disarm_by=at(600), disarmed_at=at(320), disarmed_by="the run", outcome="Disarmed: read back.",
    requested_at=at(319), quiet_at=at(340), clean_at=at(361),
)  # fmt: skip
SERIES = Series(
    name=FLIGHT, tolerance="−10 … 20 %", bounds=Tolerance(low=-10, high=20), unit="%",
    samples=((at(0), 1.0), (at(60), 2.0), (at(120), None), (at(180), 30.5), (at(240), None), (at(300), 48.1), (at(320), 47.0)),
)  # fmt: skip


@pytest.fixture
def report() -> Callable[..., Report]:
    """As it is, with other words of the run, or of the report itself."""

    def build(run: dict[str, Any] | None = None, **words: Any) -> Report:
        plain = {
            "run": replace(RUN, **(run or {})), "now": at(400), "looks": (
                look("before", 1.7, met=True), look("after", 48.1, met=False, seconds=310),
            ), "timeline": (
                step("before", "Steady state before"), step("activity", "Arm"), step("pause", "Pause"),
                step("activity", "Check", StepState.FAIL, "ended with code 3"), step("after", "Steady state after"),
                step("rollback", "Disarm", StepState.SKIPPED),
            ), "series": (SERIES,), "faults": (ENTRY,), "events": (), "versions": {"chaostoolkit-lib": "1.44.0"},
        }  # fmt: skip
        return Report(**{**plain, **words})

    return build
