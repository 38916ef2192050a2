"""A run's report and its JUnit suite over HTTP."""

from __future__ import annotations

import base64
import hashlib
import re

import httpx
import pytest
from junitparser import JUnitXml

from app.runs import Verdict
from tests.web.stand_ins import FakeConsole

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("report", "text/html"),
        ("report.html", "text/html"),
        ("report.md", "text/markdown"),
        ("report.json", "application/json"),
        ("junit.xml", "application/xml"),
        ("progress", "application/json"),
    ],
)
async def test_every_form_has_its_address_and_its_type(
    client: httpx.AsyncClient, console: FakeConsole, path: str, media_type: str
) -> None:
    run = console.runs.add(verdict=Verdict.DEVIATED)
    answer = await client.get(f"/api/runs/{run.id}/{path}")
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, media_type)
    assert str(run.id) in answer.text


async def test_a_browser_may_apply_the_reports_own_style_and_nothing_else(
    client: httpx.AsyncClient, console: FakeConsole
) -> None:
    run = console.runs.add(verdict=Verdict.HELD)
    answer = await client.get(f"/api/runs/{run.id}/report.html")
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


async def test_a_run_that_is_under_way_has_a_report_and_no_suite(
    client: httpx.AsyncClient, console: FakeConsole
) -> None:
    run = console.runs.add()
    assert (await client.get(f"/api/runs/{run.id}/report.html")).status_code == 200
    refused = await client.get(f"/api/runs/{run.id}/junit.xml")
    assert refused.status_code == 409
    assert "no verdict yet" in refused.json()["detail"]


async def test_a_suite_is_read_by_others(client: httpx.AsyncClient, console: FakeConsole) -> None:
    run = console.runs.add(verdict=Verdict.DEVIATED)
    [suite] = JUnitXml.fromstring((await client.get(f"/api/runs/{run.id}/junit.xml")).content)
    assert suite.failures == 1


async def test_progress_says_what_is_armed(client: httpx.AsyncClient, console: FakeConsole) -> None:
    run = console.runs.add()
    console.faults.armed(run_id=str(run.id))
    told = (await client.get(f"/api/runs/{run.id}/progress")).json()
    assert told["run"]["status"] == "running"
    assert [fault["armed"] for fault in told["faults"]] == [True]
    assert told["faults"][0]["proof"]["of"] >= told["faults"][0]["proof"]["hit"]
    assert [step["state"] for step in told["timeline"]] == ["done", "done", "now", "next", "next"]


@pytest.mark.parametrize("path", ["report.html", "report.md", "report.json", "junit.xml", "progress"])
async def test_of_a_run_that_is_not_there_there_is_none(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(f"/api/runs/999/{path}")).status_code == 404


async def test_the_runs_page_leads_to_them(client: httpx.AsyncClient, console: FakeConsole) -> None:
    run = console.runs.add(verdict=Verdict.HELD)
    page = await client.get(f"/runs/{run.id}", headers={"accept": "text/html"})
    for path in ("report.html", "report.md", "report.json", "junit.xml"):
        assert f'href="/api/runs/{run.id}/{path}"' in page.text
