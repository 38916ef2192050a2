"""What is in sight on a phone, and what does not run into what stands beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.faults import FaultState, Store
from app.runs import Verdict
from tests.waiting import until
from tests.web.test_browser import clock, page, served

__all__ = ["clock", "page", "served"]
pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1280, "height": 900}
LONG = Store(environment="sandbox", name="/shop/orders/transformer/" + "failureLambdaConfig" * 4)


def test_runs_and_faults_are_stacked_on_a_phone(served: str, page: Any, console: Any) -> None:
    console.runs.add(verdict=Verdict.DEVIATED)
    console.faults.armed(run_id="41")
    page.set_viewport_size(PHONE)
    for path, chip in (("/runs", "#runs td .chip"), ("/faults", "#ledger td .chip")):
        page.goto(served + path)
        box = page.locator(chip).first.bounding_box()
        assert 0 <= box["x"] <= box["x"] + box["width"] <= PHONE["width"]
        scrolls = page.locator(".scrolls").first
        assert scrolls.evaluate("one => one.scrollWidth <= one.clientWidth"), path
    page.goto(f"{served}/runs")
    status = page.locator("#runs td", has_text="completed").last.bounding_box()
    assert status["x"] + status["width"] <= PHONE["width"]


def test_every_page_and_the_account_are_in_sight_on_a_phone(served: str, page: Any) -> None:
    page.set_viewport_size(PHONE)
    for path in ("/", "/faults", "/sandbox"):
        page.goto(served + path)
        for link in page.locator(".bar nav a").all():
            box = link.bounding_box()
            assert 0 <= box["x"] <= box["x"] + box["width"] <= PHONE["width"], path
        assert page.evaluate("scrollY") == 0
        assert page.locator(".pick .account").is_visible()
    assert page.locator(".pipe-list").is_visible()
    page.set_viewport_size(WIDE)
    assert page.locator(".pick .account").is_visible()


def test_the_deadline_can_be_moved_on_a_phone(served: str, page: Any, console: Any) -> None:
    console.faults.armed()
    page.set_viewport_size(PHONE)
    page.goto(served)
    page.click("#armed .lease summary")
    page.locator("#armed .deadline button").wait_for()
    until(lambda: console.live.followers("faults"), "the page's stream")
    fault = console.faults.entries[0]
    console.faults.entries[0] = replace(fault, disarm_by=fault.disarm_by + timedelta(hours=7))
    console.live.publish("faults", "fault", {})
    page.locator("#armed .lease", has_text="7:0").wait_for()  # drawn anew, and still open
    assert page.is_visible("#armed .deadline button")


def test_a_long_store_does_not_run_into_the_toggle(served: str, page: Any, console: Any) -> None:
    fault = console.faults.armed(store=LONG)
    console.faults.disarm(fault.id, by="maria", why="asked")
    assert console.faults.entries[0].state is FaultState.DISARMED
    page.set_viewport_size(WIDE)
    page.goto(f"{served}/faults")
    words, toggle = (
        page.locator(one).first.bounding_box() for one in ("#armed .calm > span", ".arming summary")
    )
    assert words["x"] + words["width"] + 8 <= toggle["x"]


@pytest.mark.parametrize(
    ("path", "told"), [("/", True), ("/faults", True), ("/runs", False), ("/schedules", False)]
)
def test_what_became_of_the_last_fault_is_told_where_it_is_looked_for(
    served: str, page: Any, console: Any, path: str, *, told: bool
) -> None:
    console.faults.disarm(console.faults.armed().id, by="maria", why="asked")
    page.goto(served + path)
    assert ("was disarmed" in page.locator("#armed .calm").inner_text()) is told


def test_a_long_name_stays_readable_while_its_schedule_is_about_to_be_deleted(served: str, page: Any) -> None:
    name = "paused for the launch of the new checkout service in three regions"
    definition = {"name": name, "experiment": "serverless-etl/exp_2-strict", "every": "6h"}
    assert page.request.post(f"{served}/api/schedules", data=definition).ok
    page.set_viewport_size(WIDE)
    page.goto(f"{served}/schedules")
    page.locator("summary", has_text="Delete…").click()
    page.locator("button", has_text="Delete “").wait_for()
    assert page.locator(".row.schedule h2").bounding_box()["width"] > 300


def test_the_armed_bar_leaves_half_of_a_phone_to_the_charts(served: str, page: Any, console: Any) -> None:
    console.faults.armed()
    page.set_viewport_size(PHONE)
    page.goto(served)
    bar = page.locator("#armed .armedbar").bounding_box()
    assert bar["height"] < PHONE["height"] / 2
    assert page.locator("#armed .rollback").bounding_box()["width"] > 300
