"""The whole lab in a browser, on the sandbox at speed 10, no step mocked."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.web.words import number
from tests.journeys.harness import RATE, STRICT, Lab, query_of
from tests.waiting import until

pytestmark = [pytest.mark.sandbox, pytest.mark.browser, pytest.mark.journey, pytest.mark.timeout(900)]
FLIGHT = "messages-in-flight"
IN_FLIGHT = f"#signal-{FLIGHT}"
ERRORS = "#signal-normal-error-rates"
MESSAGES_IN, CSV_OUT, WRITES = "messages in", "CSV out", "DynamoDB writes"


def start_strict(page: Page, lab: Lab) -> int:
    """Through the confirmation on the experiment's page; the number of a run that has armed its fault."""

    def pressed() -> int:
        page.goto(f"{lab.url}/experiments/{STRICT}")
        page.locator("[data-ask]").first.click()
        page.locator("[data-confirm] .primary").first.click()
        page.wait_for_url(re.compile(r"/runs/\d+"))
        return int(page.url.rstrip("/").rpartition("/")[2].partition("?")[0])

    number = lab.under_fault(page, pressed)
    page.goto(f"{lab.url}/")
    return number


def test_in_flight_leaves_its_tolerance_while_the_error_rate_stays_normal(lab, page):
    lab.steady(page)
    number = start_strict(page, lab)
    expect(page.locator("#armed")).to_contain_text("translated from failure-lambda/0.2")
    expect(page.locator("#armed")).to_contain_text("invocations hit")
    expect(page.locator(IN_FLIGHT)).to_contain_text("outside")
    expect(page.locator(ERRORS)).to_contain_text("within")
    expect(page.locator(IN_FLIGHT)).to_contain_text("DynamoDB writes are")
    run = lab.ended(number)
    assert (run["status"], run["deviated"], run["verdict"]) == ("completed", True, "deviated")
    assert max(lab.values(run, FLIGHT)) > 20
    assert max(lab.values(run, "normal-error-rates")) <= 5
    # Once the fault sticks in every container nothing is written at all: then CloudWatch has no such value, and the
    # hypothesis itself fills in 0.
    worst = min(lab.parts(run, FLIGHT), key=lambda parts: (parts[WRITES] or 0) / parts[MESSAGES_IN])
    assert (worst[WRITES] or 0) < 0.7 * worst[MESSAGES_IN]
    assert worst[CSV_OUT] > 0.93 * worst[MESSAGES_IN]
    assert not lab.armed()
    # 1 % is malformed, and some are on their way. "Within" its tolerance may still have the fault's end in its window.
    until(lambda: written(lab.samples(query_of(run, FLIGHT))[-1]) > 0.9, "nearly all is written again")
    lab.steady(page)


def test_the_toggle_arms_and_the_button_rolls_back(lab, page):
    page.goto(f"{lab.url}/")
    page.locator(".arming summary").first.click()
    page.locator(".arm-form .arm").first.click()
    expect(page.locator("#armed .rollback")).to_be_visible()
    assert until(lab.armed, "the store is armed")
    page.locator("#armed .rollback").first.click()
    until(lambda: not lab.armed(), "the store is put back")
    expect(page.locator("#armed .rollback")).to_have_count(0)
    lab.steady(page)


def test_verbatim_exp_2_is_translated_fired_and_disarmed(lab, page):
    run = lab.ended(lab.run("serverless-etl/exp_2-dynamodb_disruption"))
    assert run["faults"], run["verdict_reason"]
    fault = run["faults"][0]
    assert (fault["translated_from"], fault["dialect"]) == ("failure-lambda/0.2", "failure-lambda/0.x")
    assert fault["state"] == "disarmed"
    assert run["verdict"] in ("held", "deviated")  # 50 % is where its tolerance ends
    assert not lab.armed()
    lab.steady(page)


def test_the_lab_s_fix_fails_on_the_error_rate_instead(lab, page):
    switch(page, lab, "waits")
    lab.steady(page)
    run = lab.ended(start_strict(page, lab))
    assert run["verdict"] == "deviated", run["verdict_reason"]
    assert max(lab.values(run, "normal-error-rates")) > 5
    assert not lab.armed()


def test_the_resilient_handler_loses_nothing(lab, page):
    switch(page, lab, "resilient")
    lab.steady(page)
    lab.take_dead_letters()  # of the handler before
    began = datetime.now(UTC)
    run = lab.ended(start_strict(page, lab))
    assert max(lab.values(run, "normal-error-rates")) <= 5
    assert not lab.armed()
    good = lab.good_records(began)
    assert len(good) > 250
    until(lambda: lab.parked() == 0, "what was parked is stored")
    until(lambda: good <= lab.stored_records(), "everything that came in is stored")
    assert [key for key in lab.take_dead_letters() if lab.record(key)] == []


def test_the_lab_s_own_command_prints_the_number_that_the_page_shows(lab, page):
    lab.steady(page)
    query = query_of(lab.get("/api/runs/1"), FLIGHT)
    set_rate(page, lab, 0)
    page.goto(f"{lab.url}/")

    def told_by_all() -> tuple[float, float, str] | None:
        """The command's number and the page's, where samples before and after agree: no minute ended in between."""
        before = lab.samples(query)[-1]
        told = lab.by_hand(FLIGHT)
        after = until(lambda: newer(lab.samples(query)[-1], before), "a newer sample")
        settled = before["value"] is not None and after["value"] == before["value"]
        return (float(told), after["value"], page.locator(IN_FLIGHT).inner_text()) if settled else None

    told, sampled, shown = until(told_by_all, "two samples that agree")
    set_rate(page, lab, RATE)
    assert told == sampled
    assert number(told, "%") in shown


def written(sample: dict[str, Any]) -> float:
    """DynamoDB writes over messages in, 0 where CloudWatch had no value for either."""
    came, wrote = (sample["parts"].get(part) or 0 for part in (MESSAGES_IN, WRITES))
    return wrote / came if came else 0


def newer(sample: dict[str, Any], than: dict[str, Any]) -> dict[str, Any] | None:
    return sample if sample["at"] > than["at"] else None


def set_rate(page: Page, lab: Lab, rate: int) -> None:
    page.goto(f"{lab.url}/sandbox")
    page.locator("#rate").fill(str(rate))
    page.locator("form:has(#rate) button").click()
    expect(page.locator('output[for="rate"]')).to_have_text(str(rate))


def switch(page: Page, lab: Lab, variant: str) -> None:
    page.goto(f"{lab.url}/sandbox")
    page.locator(f'input[value="{variant}"]').check()
    page.locator(f'form:has(input[value="{variant}"]) button').first.click()
    expect(page.locator(f'label:has(input[value="{variant}"])')).to_contain_text("live")
