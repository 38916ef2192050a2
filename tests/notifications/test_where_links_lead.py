"""A console that does not know where people reach it says so wherever somebody looks: its links would lead nowhere."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import httpx
import pytest

from app.settings import SET_PUBLIC_URL, Environment, Settings
from tests.test_main import GAMEDAY, serving

NOWHERE = "Links in messages will lead nowhere: they begin with http://127.0.0.1:"


@pytest.mark.parametrize(
    ("host", "given", "nowhere", "begins"),
    [
        ("0.0.0.0", {}, True, "http://127.0.0.1:8000"),
        ("::", {}, True, "http://127.0.0.1:8000"),
        ("0.0.0.0", {"public_url": "https://gameday.example"}, False, "https://gameday.example"),
        ("0.0.0.0", {"public_url": "http://localhost:8000"}, True, "http://localhost:8000"),
        ("0.0.0.0", {"allowed_hosts": ("gameday.internal",)}, False, "http://gameday.internal:8000"),
        ("10.0.0.7", {}, False, "http://10.0.0.7:8000"),
        ("127.0.0.1", {}, False, "http://127.0.0.1:8000, where only this machine finds the console"),
    ],
)
def test_where_links_lead_is_known(host: str, given: dict[str, object], nowhere: bool, begins: str) -> None:
    settings = Settings(
        folder=Path(), environments={"a": Environment(name="a")}, default_environment="a", host=host, **given
    )
    assert settings.links_lead_nowhere is nowhere
    assert f"begin with {begins}" in settings.links


def test_the_start_the_page_and_the_doctor_say_that_they_lead_nowhere_and_what_to_do(tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "0.0.0.0") as (process, url):
        said, line = "", ""
        while "/login?code=" not in line:
            said += (line := process.stdout.readline())
        assert NOWHERE in said
        assert SET_PUBLIC_URL in said
        with httpx.Client(base_url=url, headers={"origin": url}, follow_redirects=True) as client:
            client.post("/login", data={"code": line.strip().partition("code=")[2]}).raise_for_status()
            page = client.get("/notifications").text
        assert NOWHERE in page
        assert "public_url = &#34;https://gameday.example&#34;" in page
    assert found(tmp_path, "--host", "0.0.0.0") == ("warning", SET_PUBLIC_URL)
    assert found(tmp_path) == ("ok", "")
    (tmp_path / "gameday.toml").write_text('[environments.a]\n[channels.ops]\nurl = "json://127.0.0.1:1"\n')
    assert found(tmp_path) == ("warning", SET_PUBLIC_URL)
    (tmp_path / "gameday.toml").write_text('public_url = "https://gameday.example"\n[environments.a]\n')
    assert found(tmp_path, "--host", "0.0.0.0") == ("ok", "")


def found(folder: Path, *words: str) -> tuple[str, str]:
    done = subprocess.run(
        [GAMEDAY, "doctor", "--output", "json", *words], cwd=folder, capture_output=True, text=True, check=False
    )  # fmt: skip
    findings = json.loads(done.stdout)["findings"]
    return next((one["level"], one["remedy"]) for one in findings if one["check"] == "links")
