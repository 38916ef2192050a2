"""The whole lab in a browser, on the sandbox at speed 10, no step mocked."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.harness import STRICT, Lab, wait

pytestmark = [pytest.mark.sandbox, pytest.mark.browser, pytest.mark.journey, pytest.mark.timeout(600)]
IN_FLIGHT = "#signal-messages-in-flight"
ERRORS = "#signal-normal-error-rates"


def start_strict(page: Page, lab: Lab) -> int:
    """Through the confirmation on the experiment's page; the run's number."""
    page.goto(f"{lab.url}/experiments/{STRICT}")
    page.locator("[data-ask]").first.click()
    page.locator("[data-confirm] .primary").first.click()
    page.wait_for_url(re.compile(r"/runs/\d+"))
    number = int(page.url.rstrip("/").rpartition("/")[2].partition("?")[0])
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
    assert max(lab.values(run, "messages-in-flight")) > 20
    assert max(lab.values(run, "normal-error-rates")) <= 5
    assert not lab.armed()
    lab.steady(page)


def test_the_toggle_arms_and_the_button_rolls_back(lab, page):
    page.goto(f"{lab.url}/")
    page.locator(".arming summary").first.click()
    page.locator(".arm-form .arm").first.click()
    expect(page.locator("#armed .rollback")).to_be_visible()
    assert wait(lab.armed, 10, "the store is armed")
    page.locator("#armed .rollback").first.click()
    wait(lambda: not lab.armed(), 10, "the store is put back")
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
    run = lab.ended(start_strict(page, lab), 200)
    assert run["verdict"] == "deviated"
    assert max(lab.values(run, "normal-error-rates")) > 5
    assert not lab.armed()


def test_the_resilient_handler_loses_nothing(lab, page):
    switch(page, lab, "resilient")
    lab.steady(page)
    run = lab.ended(start_strict(page, lab), 200)
    assert max(lab.values(run, "normal-error-rates")) <= 5
    assert not lab.armed()
    wait(lambda: lab.parked() == 0, 120, "what was parked is stored")


def switch(page: Page, lab: Lab, variant: str) -> None:
    page.goto(f"{lab.url}/sandbox")
    page.locator(f'input[value="{variant}"]').check()
    page.locator(f'form:has(input[value="{variant}"]) button').first.click()
    expect(page.locator(f'label:has(input[value="{variant}"])')).to_contain_text("live")
