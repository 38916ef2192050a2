"""The way in, in a browser: what it sends along is not what a test client would."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.test_main import serving
from tests.web.test_browser import page

__all__ = ["page"]  # a fixture
pytestmark = [pytest.mark.browser]
SIZES = [("light", 1280), ("dark", 1280), ("dark", 390)]


def test_the_printed_link_makes_the_first_admin_and_a_wrong_code_is_refused(
    page: Any, tmp_path: Path
) -> None:
    with serving(tmp_path, "--host", "0.0.0.0") as (process, url):
        link = next(line.strip() for line in iter(process.stdout.readline, "") if "/login?code=gd_" in line)
        page.goto(f"{url}/runs")
        assert page.url == f"{url}/login?after=/runs"
        page.get_by_label("One-time link").fill("gd_wrong")
        page.get_by_role("button", name="Sign in").click()
        assert "was used, revoked, or has expired" in page.get_by_role("alert").inner_text()
        page.goto(link)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{url}/")
        page.get_by_text("the first admin").first.wait_for()
        page.get_by_role("button", name=re.compile("Sign out")).first.click()
        page.wait_for_url(f"{url}/login")


def test_the_form_fits_in_light_in_dark_and_on_a_phone(page: Any, tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "0.0.0.0") as (_, url):
        for scheme, width in SIZES:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 600})
            page.goto(f"{url}/login")
            page.screenshot(path=tmp_path / f"login-{scheme}-{width}.png")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate("document.querySelector('.login').offsetWidth") <= min(width, 500)
    assert page.complaints == []
