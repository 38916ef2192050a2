"""A run as a document, and as a JUnit test suite."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app.access import Need
from app.errors import Conflict
from app.reports import as_json, junit, pages
from app.reports.progress import progress
from app.reports.report import Report, gather
from app.web.asked import Rooms, RowId
from app.web.console import Console
from app.web.guards import needs


def _given(media_type: str) -> dict[int | str, dict[str, Any]]:
    """What the API's description says of an answer."""
    return {200: {"content": {media_type: {"schema": {"type": "string"}}}}}


api = APIRouter(prefix="/api/runs", tags=["runs"], dependencies=[needs(Need.SEE)])


@api.get("/{run_id:int}/report", response_class=Response, responses=_given("text/html"))
@api.get("/{run_id:int}/report.html", response_class=Response, responses=_given("text/html"))
def html(run_id: RowId, console: Rooms) -> Response:
    """For people: one page that needs no other file, to be printed or mailed."""
    policy = {"Content-Security-Policy": pages.content_security_policy()}
    return Response(pages.html(_report(console, run_id)), media_type="text/html", headers=policy)


@api.get("/{run_id:int}/report.md", response_class=Response, responses=_given("text/markdown"))
def markdown(run_id: RowId, console: Rooms) -> Response:
    return Response(pages.markdown(_report(console, run_id)), media_type="text/markdown; charset=utf-8")


@api.get("/{run_id:int}/report.json", response_class=Response, responses=_given("application/json"))
def document(run_id: RowId, console: Rooms) -> Response:
    """For machines: what was asked, the verdict, every look at the hypothesis, samples, timeline, faults."""
    return Response(as_json.text(_report(console, run_id)), media_type="application/json")


@api.get("/{run_id:int}/junit.xml", response_class=Response, responses=_given("application/xml"))
def suite(run_id: RowId, console: Rooms) -> Response:
    """A test suite. 409 before the verdict: half a run must not pass for a whole one."""
    report = _report(console, run_id)
    if report.run.verdict is None:
        raise Conflict(f"Run {run_id} has no verdict yet, so it can be neither passed nor failed.")
    return Response(junit.xml(report), media_type="application/xml")


@api.get("/{run_id:int}/progress")
def as_it_stands(run_id: RowId, console: Rooms) -> dict[str, Any]:
    """What `gameday run --server` shows meanwhile: signals with their newest samples, timeline, what is armed."""
    return progress(
        run_id, runs=console.runs, faults=console.faults, metrics=console.metrics, evidence=console.evidence,
        settings=console.settings, now=console.clock.now(),
    )  # fmt: skip


def _report(console: Console, run_id: int) -> Report:
    return gather(console.runs, console.faults, console.metrics, run_id, now=console.clock.now())
