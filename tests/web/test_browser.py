"""The pages in a browser: no violation of the policy, no error, and the controls do what they say."""

from __future__ import annotations

import re
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from app.access import Access
from app.clock import SystemClock
from app.notifications import Sender
from app.runs import Wish
from app.runs.checks import warning
from app.settings import Channel
from app.web import create_app
from app.web.words import number
from tests.waiting import PATIENCE, until
from tests.web.test_stopping import stop_token

pytestmark = pytest.mark.browser
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
STRICT = "/experiments/serverless-etl/exp_2-strict"


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


@pytest.fixture
def locked(console: Any, clock: SystemClock) -> Access:
    """Ask for it before `served`: the console that is served then requires a login."""
    console.access = Access(console.storage, clock)
    console.settings = replace(console.settings, host="10.0.0.7")
    return console.access


@pytest.fixture
def served(console: Any) -> Iterator[str]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        create_app(console), log_level="error", timeout_graceful_shutdown=1, lifespan="off", ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    console.live.close()
    server.should_exit = True
    thread.join(PATIENCE)
    listener.close()


@pytest.fixture
def page() -> Iterator[Any]:
    """A page that remembers what its console complained about."""
    playwright = pytest.importorskip("playwright.sync_api")
    browser = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)
    if browser is None:
        pytest.skip("There is no Chromium on PATH.")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=browser, args=ARGUMENTS)
        page = opened.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(1000 * PATIENCE)
        page.complaints = []
        page.on(
            "console",
            lambda said: page.complaints.append(said.text) if said.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        yield page
        opened.close()


def test_every_page_opens_without_a_complaint_on_a_phone_and_wide(
    served: str, page: Any, console: Any
) -> None:
    run = console.runs.add()
    console.faults.armed(run_id=str(run.id))
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        for path in (
            "/",
            "/experiments",
            STRICT,
            "/runs",
            f"/runs/{run.id}",
            "/faults",
            "/notifications",
            "/sandbox",
            "/docs",
        ):
            page.goto(served + path)
            page.wait_for_selector("#armed .rollback")
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{path} is {wide} px wide at {width}"
            assert page.complaints == [], path


def test_a_fault_is_armed_by_hand_and_rolled_back_by_the_keyboard(
    served: str, page: Any, console: Any
) -> None:
    page.goto(served)
    page.wait_for_selector(".u-over")
    page.click(".arming summary")
    page.fill("input[name=target]", "sqs.*.amazonaws.com")
    page.locator("#arming-says", has_text="sqs.").wait_for()
    console.live.publish("faults", "fault", {})
    page.wait_for_timeout(400)  # a swap meanwhile keeps what was typed
    assert page.input_value("input[name=target]") == "sqs.*.amazonaws.com"
    page.focus(".arm-form .arm")
    page.keyboard.press("Enter")
    page.wait_for_selector("#armed .armedbar")
    page.wait_for_function("document.activeElement.id === 'armed'")
    assert console.faults.active()[0].fault.deny_list == ("sqs.*.amazonaws.com",)
    page.wait_for_selector("link[rel=icon][href*=armed]", state="attached")
    assert page.title().startswith("●")
    page.focus("body")
    page.keyboard.press("Shift+R")
    page.wait_for_selector("#said.ok")
    page.wait_for_selector("#armed .calm")
    assert not console.faults.active()
    assert page.complaints == []


def test_a_run_asks_first_then_is_followed_and_stopped(served: str, page: Any, console: Any) -> None:
    page.goto(served)
    page.click("[data-ask]")
    assert console.runs.asked == []
    page.click("[data-confirm] .primary")
    page.wait_for_url(re.compile(r"/runs/\d+$"))
    page.wait_for_selector("#run .steps .now")
    run = console.runs.active()[0]
    console.faults.armed(run_id=str(run.id))
    console.live.publish("faults", "fault", {})
    page.wait_for_selector("#armed .toggle[disabled]")
    page.click("#armed .rollback")
    page.wait_for_selector("#armed .calm")
    page.wait_for_selector("#run .verdict")
    assert page.complaints == []


def test_a_chart_is_read_by_keyboard_and_takes_new_samples(served: str, page: Any, console: Any) -> None:
    page.goto(served)
    page.wait_for_selector("#signal-messages-in-flight .u-over")
    page.wait_for_timeout(300)
    page.focus("#signal-messages-in-flight-chart")
    page.keyboard.press("ArrowLeft")
    assert "messages in 598" in page.inner_text("#signal-messages-in-flight-reading")
    console.metrics.leave_tolerance()
    query = next(iter(console.metrics.values))
    console.live.publish("signals:sandbox", "sample", console.metrics.sample(query, console.clock.now(), 0))
    page.wait_for_selector("#signal-messages-in-flight.out")
    assert page.complaints == []


def test_what_is_known_before_a_run_is_looked_at_again_once_its_signals_have_data(
    served: str, page: Any, console: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = console.runs.preflight
    monkeypatch.setattr(
        console.runs,
        "preflight",
        lambda *asked, **more: [warning("no-data", "No fresh data.", ""), *said(*asked, **more)],
    )
    page.goto(served + STRICT)
    assert "No fresh data" in page.inner_text("#preflight")
    monkeypatch.setattr(console.runs, "preflight", said)
    page.wait_for_selector("#signal-messages-in-flight .u-over")
    until(lambda: console.live.followers("signals:sandbox"), "the page's stream")
    query = next(iter(console.metrics.values))
    console.live.publish("signals:sandbox", "sample", console.metrics.sample(query, console.clock.now(), 0))
    page.wait_for_selector("#preflight:not(:has-text('No fresh data')):has-text('translated')")
    assert page.complaints == []


def test_a_chart_says_numbers_as_its_card_does(served: str, page: Any, console: Any) -> None:
    parts = {"a": 12.34, "b": 2914.4, "c": 0.3456, "d": -3.04, "e": 100.4, "f": 598.0}
    console.metrics.values = dict.fromkeys(console.metrics.values, lambda _: (99.96, parts))
    page.goto(served)
    page.wait_for_selector("#signal-messages-in-flight .u-over")
    page.focus("#signal-messages-in-flight-chart")
    page.keyboard.press("ArrowLeft")
    _, *said = page.text_content("#signal-messages-in-flight-reading").split(" · ")
    assert said[1:] == [f"{name} {number(value)}" for name, value in parts.items()]
    assert page.text_content("#signal-messages-in-flight .value").strip().startswith(said[0])


def test_without_javascript_a_page_is_read_and_rolled_back(served: str, page: Any, console: Any) -> None:
    run = console.runs.add()
    console.faults.armed(run_id=str(run.id))
    context = page.context.browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(served)
    assert "1.6" in plain.inner_text("#signal-messages-in-flight .value")
    plain.click("#armed .rollback")
    plain.wait_for_url(re.compile(rf"/runs/{run.id}$"))
    assert "Nothing is armed" in plain.inner_text("#armed")
    assert not console.faults.active()
    context.close()


def test_the_first_connection_is_tried_again(served: str, page: Any, console: Any) -> None:
    refused = []

    def refuse(route: Any) -> None:
        if len(refused) < 2:
            refused.append(route.request.url)
            route.fulfill(status=503, body="not yet")
        else:
            route.continue_()

    page.route("**/stream?*", refuse)
    page.goto(served)
    console.faults.armed()
    console.live.publish("faults", "fault", {})
    page.wait_for_selector("#armed .armedbar")
    assert len(refused) == 2


def test_the_theme_is_switched_and_kept(served: str, page: Any) -> None:
    assert Path("static/vendor/htmx.js").is_file()
    page.goto(served)
    page.click("[data-theme-toggle]")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.complaints == []


def test_a_stop_link_is_looked_at_and_pressed_on_a_phone_without_scripts(
    served: str, page: Any, console: Any
) -> None:
    entry = console.faults.armed()
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{served}/stop?token={stop_token(console, 'fault', entry.id)}")
    assert "Half of the invocations of ChaosTransformer" in page.inner_text("main")
    assert page.evaluate("document.scripts.length") == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert console.faults.active()
    page.click("button.rollback")
    page.wait_for_selector(".said.ok")
    assert page.inner_text("h1") == "It is over"
    assert not console.faults.active()
    assert console.faults.entry(entry.id).disarmed_by == "a stop link sent to ops"
    assert page.complaints == []


def test_a_channel_is_tested_from_its_page(served: str, page: Any, console: Any) -> None:
    console.settings.channels["ops"] = Channel(name="ops", url="json://127.0.0.1:1")
    page.goto(f"{served}/notifications")
    page.click("#channels button")
    page.wait_for_selector("#said.ok")
    Sender(console.notifications).route()
    page.wait_for_selector("#deliveries .chip.armed")
    assert "pending" in page.inner_text("#deliveries")
    assert page.complaints == []


def test_a_one_time_link_signs_a_browser_in(locked: Access, served: str, page: Any) -> None:
    page.goto(f"{served}/login?code={locked.setup_link()}&after=/faults")
    page.click("button.primary")
    page.wait_for_url(f"{served}/faults")
    assert "the first admin" in page.inner_text("footer")


def test_a_stop_link_works_in_a_browser_that_is_not_signed_in(
    locked: Access, served: str, page: Any, console: Any
) -> None:
    entry = console.faults.armed()
    page.goto(f"{served}/stop?token={stop_token(console, 'fault', entry.id)}")
    page.click("button.rollback")
    page.wait_for_selector(".said.ok")
    assert not console.faults.active()


def test_a_run_in_line_says_behind_whom_and_is_taken_out_by_a_press(
    served: str, page: Any, console: Any
) -> None:
    first = console.runs.add()
    waits = console.runs.start("serverless-etl/exp_2-strict", Wish(), queue=True, by="maria")
    page.goto(f"{served}/runs/{waits.id}")
    assert f"Number 1 in line, behind run {first.id}" in page.locator("#run").inner_text()
    page.get_by_role("button", name="Take it out of the line").click()
    page.wait_for_selector("#run .verdict")
    assert str(console.runs.get(waits.id).verdict) == "stopped"
    assert page.complaints == []


def test_the_way_to_arm_stays_where_it_is_when_it_is_opened(served: str, page: Any) -> None:
    page.goto(served)
    closed = page.locator(".arming summary").bounding_box()
    page.click(".arming summary")
    assert page.locator(".arming summary").bounding_box() == closed


def test_a_search_is_in_the_address_and_says_when_nothing_matches(served: str, page: Any) -> None:
    page.goto(f"{served}/experiments")
    page.fill("#search", "no such thing")
    page.wait_for_selector("[data-no-hit]:not([hidden])")
    assert "no such thing" in page.inner_text("[data-no-hit]")
    assert page.url.endswith("?q=no+such+thing")
    page.click("[data-no-hit] button")
    assert page.url.endswith("/experiments")
    page.goto(f"{served}/experiments?q=delay")
    assert page.input_value("#search") == "delay"
    assert page.locator("[data-searched]:visible").count() == 1


def test_starting_from_live_says_what_the_chosen_one_arms(served: str, page: Any) -> None:
    page.goto(served)
    page.click("#start [data-ask]")
    assert "Half of the invocations are refused dynamodb" in page.inner_text("[data-run-fault]")


def test_what_can_not_start_under_an_engaged_lever_says_so(served: str, page: Any, console: Any) -> None:
    page.goto(served)
    assert not page.is_visible("#start .while-held")
    console.faults.lever.set(None, engaged=True, by="ann", why="no")
    page.goto(served)
    assert "no run starts" in page.inner_text("#start .while-held")
    assert not page.is_visible("#lever button:has-text('Disengage')")
    page.click("#lever summary")
    page.click("#lever button:has-text('Disengage')")
    page.wait_for_selector("#lever[hidden]", state="attached")


def test_the_rollback_key_presses_nothing_else_where_nothing_is_armed(
    served: str, page: Any, console: Any
) -> None:
    """Neither the schedule's Delete nor the safety lever, which look as red."""
    fields = {
        "name": "n",
        "experiment": STRICT.removeprefix("/experiments/"),
        "environment": "sandbox",
        "cron": "0 3 * * *",
    }
    made = console.schedules.create(fields, by="ann")
    for path in (f"/schedules/{made.id}", "/schedules", "/faults"):
        page.goto(served + path)
        page.keyboard.press("Shift+R")
        page.wait_for_timeout(500)
        assert page.url == served + path
    assert console.schedules.get(made.id).name == "n"
    assert console.faults.lever.engaged("sandbox") is None
