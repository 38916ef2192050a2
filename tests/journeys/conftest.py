"""The sandbox and the browser that journeys share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.journeys.harness import Lab
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
CHROMIUM = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "experiments", folder / "experiments")
    made = Lab(folder)
    made.start()
    yield made
    if made.process and made.process.poll() is None:
        made.stop()


@pytest.fixture(scope="module")
def page(lab: Lab) -> Iterator[Page]:
    found = os.environ.get("GAMEDAY_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)))
    expect.set_options(timeout=1000 * PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        page = browser.new_page()
        page.set_default_timeout(1000 * PATIENCE)
        yield page
        browser.close()
