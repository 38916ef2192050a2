"""`gameday token` beside a running console: who comes in, with what, and how they are shut out."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import httpx
import pytest

from tests.test_main import GAMEDAY, serving
from tests.waiting import PATIENCE


def token(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [GAMEDAY, "token", *words], cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE
    )


@pytest.mark.timeout(180)
def test_a_token_opens_a_stream_that_ends_once_it_is_revoked(tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "0.0.0.0") as (_, url):
        made = token(tmp_path, "create", "ci", "--role", "viewer", "--days", "1")
        secret = made.stdout.strip()
        assert secret.startswith("gd_")
        assert "\n" not in secret  # a script keeps what is on stdout
        assert "shown only now" in made.stderr
        listed = next(line for line in token(tmp_path, "list").stdout.splitlines() if " ci " in line)
        assert secret not in listed
        number = listed.split()[0]
        headers = {"authorization": f"Bearer {secret}"}
        opened, ended = threading.Event(), threading.Event()

        def watch() -> None:
            with httpx.stream(
                "GET", f"{url}/stream?page=live&environment=default", headers=headers, timeout=PATIENCE
            ) as stream:
                assert stream.status_code == 200
                for _ in stream.iter_raw():
                    opened.set()
            ended.set()

        threading.Thread(target=watch, daemon=True).start()
        assert opened.wait(PATIENCE)
        assert not ended.is_set()
        assert token(tmp_path, "revoke", number).returncode == 0
        assert ended.wait(PATIENCE), "the stream goes on"
        assert httpx.get(f"{url}/api/runs", headers=headers, timeout=PATIENCE).status_code == 401
        assert token(tmp_path, "revoke", number).returncode == 2


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("scheme", "secure"), [("https", True), ("http", False)])
def test_behind_a_proxy_with_tls_the_cookie_is_for_tls_only(
    tmp_path: Path, scheme: str, secure: bool
) -> None:
    """As docs/how-to/container.md has it: the proxy passes Host and X-Forwarded-Proto on."""
    (tmp_path / "gameday.toml").write_text(
        'allowed_hosts = ["gameday.example.com"]\n[environments.staging]\nregion = "us-east-2"\nendpoint = "http://127.0.0.1:9"\n'
    )
    with serving(tmp_path, "--host", "0.0.0.0") as (_, url):
        secret = token(tmp_path, "create", "maria", "--scope", "viewer").stdout.strip()
        passed = {
            "host": "gameday.example.com",
            "x-forwarded-proto": scheme,
            "origin": f"{scheme}://gameday.example.com",
        }
        answer = httpx.post(
            f"{url}/login", data={"code": secret}, headers={**passed, "accept": "text/html"}, timeout=PATIENCE
        )
        assert answer.status_code == 303
        assert ("secure" in answer.headers["set-cookie"].lower()) is secure


def test_a_link_is_printed_alone_for_the_address_that_was_named(tmp_path: Path) -> None:
    done = token(tmp_path, "link", "maria", "--role", "runner", "--url", "https://gameday.example.com/")
    assert done.stdout.startswith("https://gameday.example.com/login?code=gd_")
    assert "maria, runner, once" in done.stderr


def test_a_name_or_a_role_that_can_not_be_is_refused(tmp_path: Path) -> None:
    assert token(tmp_path, "create", "ci", "--role", "root").returncode == 2
    assert token(tmp_path, "create", "", "--role", "viewer").returncode == 2
