"""SIGKILL in the middle of the pause, the emulator living on: what was armed ends disarmed."""

from __future__ import annotations

import json
import os
import signal

import httpx
import psutil
import pytest
from playwright.sync_api import Page

from tests.journeys.harness import Lab
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.sandbox, pytest.mark.browser, pytest.mark.journey, pytest.mark.timeout(900)]


def in_its_pause(lab: Lab, page: Page) -> int:
    """A run whose fault is armed and read back, and whose pause has begun."""
    number = lab.under_fault(page, lab.run)
    assert lab.armed()
    assert lab.get(f"/api/runs/{number}")["status"] == "running"
    return number


def children_of_runs(lab: Lab) -> list[psutil.Process]:
    assert lab.process is not None
    return [p for p in psutil.Process(lab.process.pid).children(recursive=True) if os.getsid(p.pid) == p.pid]


def told_after(lab: Lab, number: int) -> None:
    run = lab.ended(number)
    assert (run["status"], run["verdict"]) == ("interrupted", "stopped")
    assert not lab.armed()
    journal = httpx.get(f"{lab.url}/api/runs/{number}/journal", timeout=PATIENCE).raise_for_status().content
    assert json.loads(journal)["status"] == "interrupted"


def test_of_the_server_alone(lab, page):
    lab.steady(page)
    number = in_its_pause(lab, page)
    os.kill(lab.process.pid, signal.SIGKILL)
    lab.process.wait()
    lab.start()
    told_after(lab, number)


def test_of_the_server_and_the_run_together(lab, page):
    lab.steady(page)
    number = in_its_pause(lab, page)
    processes = children_of_runs(lab)
    assert processes
    os.kill(lab.process.pid, signal.SIGKILL)
    for process in processes:
        os.killpg(process.pid, signal.SIGKILL)
    lab.process.wait()
    assert lab.armed()
    lab.start()
    told_after(lab, number)
