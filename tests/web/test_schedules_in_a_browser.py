"""Schedules in a browser: the next fires while one types, in two zones; a calendar by keyboard; no complaint anywhere."""

from __future__ import annotations

from typing import Any

import pytest

from app.settings import Channel
from tests.web.material import STRICT
from tests.web.test_browser import clock, page, served

__all__ = ["clock", "page", "served"]
pytestmark = pytest.mark.browser
NIGHTLY = {"name": "nightly", "experiment": STRICT, "cron": "0 3 * * *", "time_zone": "Australia/Lord_Howe"}


def test_the_next_fires_are_shown_while_one_types_and_the_schedule_is_made(
    served: str, page: Any, console: Any
) -> None:
    page.goto(f"{served}/experiments/{STRICT}")
    page.click("#schedules summary")
    page.fill("#schedules input[name=name]", "by typing")
    page.fill("#schedules input[name=cron]", "15 4 * * *")
    page.locator("#preview td", has_text="04:15").first.wait_for()
    assert page.locator("#preview tbody tr").count() == 10
    page.fill("#schedules input[name=time_zone]", "Australia/Lord_Howe")
    page.locator("#preview td", has_text="04:15 +1").first.wait_for()
    viewers = page.locator("#preview time[data-viewer]").first
    assert viewers.get_attribute("datetime").endswith("+00:00")
    assert viewers.inner_text().endswith("17:15")  # the browser is in UTC
    page.fill("#schedules input[name=cron]", "15 25 * * *")
    page.locator("#preview", has_text="The hour field “25” is outside 0 to 23.").wait_for()
    assert page.evaluate("document.activeElement.name") == "cron"  # a swap leaves the typing alone
    page.select_option("#schedules select[name=kind]", "every")
    assert not page.is_visible("#schedules input[name=cron]")
    page.fill("#schedules input[name=every]", "6h")
    page.locator("#preview", has_text="Every 6h").wait_for()
    page.click("#schedules .primary")
    page.wait_for_url("**/schedules/1")
    assert console.schedules.get(1).fields["every"] == "6h"
    assert page.complaints == []


def test_what_the_server_refuses_is_said_beside_the_form(served: str, page: Any, console: Any) -> None:
    page.goto(f"{served}/experiments/{STRICT}")
    page.click("#schedules summary")
    page.fill("#schedules input[name=name]", "wrong")
    page.fill("#schedules input[name=cron]", "15 25 * * *")
    page.click("#schedules .primary")
    page.locator("#said", has_text="The hour field “25”").wait_for()
    assert list(console.schedules.list()) == []


WRITTEN = {
    "a whole day": {"end": "2027-12-31"},
    "a zone of its own": {"start": "2026-12-01T08:00:00+05:30", "end": "2027-12-31T00:00:00Z"},
    "local minutes": {"start": "2026-12-01T08:00", "end": "2027-12-31T23:59"},
    "seconds": {"start": "2026-12-01T08:00:30"},
    "a blank": {"start": "2026-12-01 08:00"},
    "once": {"cron": None, "at": "2026-12-24T09:00"},
    "once, with its zone": {"cron": None, "at": "2026-12-24T09:00:00.250000-03:00"},
    "once, a day": {"cron": None, "at": "2026-12-24"},
    "every so often": {"cron": None, "every": "90m", "start": "2026-12-01"},
    "all there is": {
        "jitter": "10m", "only_on_business_days": True, "missed": "run_once", "queue": True, "tell": ["ops", "pager"],
        "variables": {"a": 1}, "rollback_strategy": "never", "accept": ["unproven"], "paused": True,
    },
}  # fmt: skip


@pytest.mark.parametrize("written", WRITTEN)
def test_a_schedule_that_is_opened_and_saved_stays_as_it_was(
    served: str, page: Any, console: Any, written: str
) -> None:
    console.settings.channels.update(
        {name: Channel(name=name, url=f"json://{name}") for name in ("ops", "pager")}
    )
    given = {key: value for key, value in (NIGHTLY | WRITTEN[written]).items() if value is not None}
    before = console.schedules.create(given, by="maria")
    page.goto(f"{served}/schedules/1")
    with page.expect_navigation():
        page.click("#definition .primary")
    after = console.schedules.get(1)
    assert after.version == before.version + 1  # it was saved
    same = ("version", "changed_at")
    assert {key: value for key, value in after.as_json.items() if key not in same} == {
        key: value for key, value in before.as_json.items() if key not in same
    }
    assert after.definition.rule == before.definition.rule
    assert page.complaints == []


def test_a_time_with_its_zone_and_a_day_can_be_changed_in_the_form(
    served: str, page: Any, console: Any
) -> None:
    console.schedules.create(NIGHTLY | {"start": "2026-12-01T08:00+05:30", "end": "2027-12-31"}, by="maria")
    page.goto(f"{served}/schedules/1")
    page.fill("#definition input[name=end]", "2028-01-31")
    page.fill("#definition input[name=start]", "")
    with page.expect_navigation():
        page.click("#definition .primary")
    fields = console.schedules.get(1).fields
    assert (fields.get("start"), fields["end"]) == (None, "2028-01-31")


def test_the_pages_open_without_a_complaint_on_a_phone_and_wide_and_by_keyboard(
    served: str, page: Any, console: Any
) -> None:
    console.schedules.create(NIGHTLY, by="maria")
    console.schedules.create(
        NIGHTLY | {"name": "often", "cron": "*/20 * * * *", "time_zone": "UTC"}, by="maria"
    )
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        for path in (
            "/schedules",
            "/schedules/1",
            "/calendar",
            "/calendar?view=month",
            "/calendar?view=day",
            f"/experiments/{STRICT}",
        ):
            page.goto(served + path)
            page.wait_for_selector("#armed .calm")
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{path} is {wide} px wide at {width}"
            assert page.complaints == [], path
    page.goto(f"{served}/calendar")
    link = page.locator(".calendar .day a").first
    link.focus()
    address = link.get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{address}")


def test_without_javascript_schedules_and_calendar_are_read(served: str, page: Any, console: Any) -> None:
    console.schedules.create(NIGHTLY, by="maria")
    context = page.context.browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(f"{served}/schedules/1")
    assert plain.locator("#next li").count() == 10
    plain.click("text=Pause")
    assert console.schedules.get(1).paused
    plain.goto(f"{served}/calendar")
    assert plain.locator(".day").count() == 7
    context.close()


def test_the_viewer_s_own_zone_stands_beside_the_schedule_s(served: str, page: Any) -> None:
    context = page.context.browser.new_context(timezone_id="Asia/Tokyo")
    tokyo = context.new_page()
    tokyo.goto(f"{served}/experiments/{STRICT}")
    tokyo.click("#schedules summary")
    tokyo.fill("#schedules input[name=time_zone]", "Europe/Berlin")
    tokyo.fill("#schedules input[name=cron]", "30 20 1 1 *")
    tokyo.locator("#preview td", has_text="01-01 20:30 +0100").first.wait_for()
    tokyo.locator("#preview th", has_text="in Asia/Tokyo").wait_for()
    tokyo.locator("#preview td", has_text="01-02 04:30").first.wait_for()
    context.close()
