"""A run as a document, and as a JUnit test suite."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from app.access import Need
from app.console import Console
from app.errors import Conflict
from app.faults import FaultState
from app.faults.entry import Phase
from app.queries import Judgement
from app.reports import as_json, junit, pages
from app.reports.progress import progress
from app.reports.report import Report, gather
from app.runs import RunStatus, Verdict
from app.web.answers import answered
from app.web.asked import Rooms, RowId
from app.web.guards import needs
from app.web.panels import schedule_of
from app.web.shapes import Shape, Step


class RunInBrief(Shape):
    """`began` and `ended` in seconds since 1970."""

    id: int
    title: str
    experiment: str
    environment: str
    account: str | None
    region: str | None
    status: RunStatus
    verdict: Verdict | None
    reason: str | None
    began: float
    ended: float | None


class SignalInBrief(Shape):
    """`samples`: values of the newest ones, the oldest first; null is no data."""

    name: str
    unit: str | None
    tolerance: str
    low: float | None
    high: float | None
    value: float | None
    judgement: Judgement | None
    samples: list[float | None]


class Seen(Shape):
    """How many invocations were hit, of how many."""

    hit: int
    of: int
    can_see: bool
    why: str


class FaultInBrief(Shape):
    """`disarm_by` in seconds since 1970; `proof` is null where there is no log to ask."""

    store: str
    sentence: str
    state: FaultState
    phase: Phase
    armed: bool
    stuck: bool
    disarm_by: float
    outcome: str | None
    proof: Seen | None


class Progress(Shape):
    """`now` in seconds since 1970."""

    now: float
    run: RunInBrief
    signals: list[SignalInBrief]
    timeline: list[Step]
    faults: list[FaultInBrief]


def _given(media_type: str, kind: str = "string") -> dict[int | str, dict[str, Any]]:
    """What the API's description says of an answer."""
    return {200: {"content": {media_type: {"schema": {"type": kind}}}}}


api = APIRouter(prefix="/api/runs", tags=["runs"], dependencies=[needs(Need.SEE)])


@api.get("/{run_id:int}/report", response_class=Response, responses=_given("text/html"))
@api.get("/{run_id:int}/report.html", response_class=Response, responses=_given("text/html"))
def html(run_id: RowId, console: Rooms) -> Response:
    """The report for people: one page that needs no other file, to be printed or mailed."""
    policy = {"Content-Security-Policy": pages.content_security_policy()}
    return Response(pages.html(_report(console, run_id)), media_type="text/html", headers=policy)


@api.get("/{run_id:int}/report.md", response_class=Response, responses=_given("text/markdown"))
def markdown(run_id: RowId, console: Rooms) -> Response:
    """The report as Markdown, for a ticket or a chat."""
    return Response(pages.markdown(_report(console, run_id)), media_type="text/markdown; charset=utf-8")


@api.get("/{run_id:int}/report.json", response_class=Response, responses=_given("application/json", "object"))
def document(run_id: RowId, console: Rooms) -> Response:
    """The report for machines: what was asked, the verdict, every look at the hypothesis, samples, timeline, faults."""
    return Response(as_json.text(_report(console, run_id)), media_type="application/json")


@api.get("/{run_id:int}/junit.xml", response_class=Response, responses={**_given("application/xml"), 409: {}})
def suite(run_id: RowId, console: Rooms) -> Response:
    """A JUnit test suite. 409 before the verdict: half a run must not pass for a whole one."""
    report = _report(console, run_id)
    if report.run.verdict is None:
        raise Conflict(f"Run {run_id} has no verdict yet, so it can be neither passed nor failed.")
    return Response(junit.xml(report), media_type="application/xml")


@api.get("/{run_id:int}/progress", response_model=Progress)
def as_it_stands(run_id: RowId, console: Rooms) -> JSONResponse:
    """What `gameday run --server` shows meanwhile: signals with their newest samples, timeline, what is armed."""
    told = progress(
        run_id, runs=console.runs, faults=console.faults, metrics=console.metrics, evidence=console.evidence,
        settings=console.settings, now=console.clock.now(),
    )  # fmt: skip
    return answered(told)


def _report(console: Console, run_id: int) -> Report:
    return gather(
        console.runs, console.faults, console.metrics, run_id, now=console.clock.now(),
        schedule=partial(schedule_of, console),
    )  # fmt: skip
