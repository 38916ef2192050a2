"""`gameday serve` as a person starts it: a process, its signals, its exit codes, its words."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.ports import free_port
from tests.waiting import PATIENCE, until

GAMEDAY = str(Path(sys.executable).parent / "gameday")
WRONG = 2  # a mistake on the command line or in a file


def action(name: str, command: str) -> dict[str, Any]:
    provider = {"type": "process", "path": "sh", "arguments": ["-c", command]}
    return {"type": "action", "name": name, "provider": provider}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    experiments = tmp_path / "experiments"
    experiments.mkdir()
    slow = {
        "title": "Slow", "description": "d", "method": [action("wait", "sleep 60")],
        "rollbacks": [action("clean", f"touch {tmp_path}/clean")],
    }  # fmt: skip
    (experiments / "slow.json").write_text(json.dumps(slow))
    return tmp_path


@contextlib.contextmanager
def serving(folder: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = str(free_port())
    with subprocess.Popen(
        [GAMEDAY, "serve", "--port", port, *words], cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        try:
            until(lambda: ready(url), "the console answers")
            yield process, url
        finally:
            process.terminate()


def ready(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{url}/readyz", timeout=PATIENCE).is_success
    return False


def refused(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [GAMEDAY, *words], cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == WRONG
    assert "Traceback" not in done.stderr
    return done.stderr


def test_told_to_end_it_plays_the_rollbacks_and_goes_although_a_page_is_open(folder: Path) -> None:
    with serving(folder) as (process, url):
        run = (
            httpx.post(f"{url}/experiments/slow/run", json={"accept": ["unproven"]}, timeout=PATIENCE)
            .raise_for_status()
            .json()["id"]
        )
        opened = threading.Event()

        def watch() -> None:
            with (
                contextlib.suppress(httpx.TransportError),
                httpx.stream(
                    "GET", f"{url}/stream?page=live&environment=default", timeout=PATIENCE
                ) as stream,
            ):
                for _ in stream.iter_raw():
                    opened.set()

        threading.Thread(target=watch, daemon=True).start()
        assert opened.wait(PATIENCE)
        until(lambda: "before-activity" in events(url, run), "the activity has begun")
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert time.monotonic() - begun < 30  # seconds; the container is killed then
        assert "Traceback" not in (process.stdout.read() if process.stdout else "")
    assert (folder / "clean").exists()
    with serving(folder) as (_, url):
        ended = httpx.get(f"{url}/api/runs/{run}", timeout=PATIENCE).json()
        assert (ended["status"], ended["verdict"]) == ("interrupted", "stopped")


def events(url: str, run: int) -> list[str]:
    """The kinds so far: the stream goes on, so it is left after what is there."""
    kinds = []
    with (
        contextlib.suppress(httpx.ReadTimeout),
        httpx.stream("GET", f"{url}/api/runs/{run}/events", timeout=httpx.Timeout(5, read=0.3)) as stream,
    ):
        for line in stream.iter_lines():
            kinds.append(line.removeprefix("event: "))  # noqa: PERF401  what came before the timeout counts
    return kinds


def test_beyond_this_machine_a_login_is_asked_for_and_the_first_link_makes_an_admin(folder: Path) -> None:
    with serving(folder, "--host", "0.0.0.0") as (process, url):
        lines = iter(process.stdout.readline, "")
        link = next(line.strip() for line in lines if "/login?code=gd_" in line)
        assert httpx.get(f"{url}/api/runs", timeout=PATIENCE).status_code == 401
        with httpx.Client(base_url=url, headers={"origin": url, "accept": "text/html"}) as browser:
            assert browser.get("/runs").headers["location"] == "/login?after=/runs"
            assert "Sign in" in browser.get(link).text
            code = link.partition("code=")[2]
            assert (
                browser.post("/login", data={"code": code, "after": "/runs"}).headers["location"] == "/runs"
            )
            assert "the first admin" in browser.get("/runs").text
            assert browser.post("/logout").headers["location"] == "/login"
            assert browser.get("/runs").status_code == 303
        token = subprocess.run(
            [GAMEDAY, "token", "create", "ci", "--scope", "viewer"], cwd=folder, capture_output=True, text=True, check=True
        ).stdout.strip()  # fmt: skip
        bearer = {"authorization": f"Bearer {token}"}
        assert httpx.get(f"{url}/api/runs", headers=bearer, timeout=PATIENCE).status_code == 200
        assert httpx.post(f"{url}/experiments/slow/run", headers=bearer, timeout=PATIENCE).status_code == 403
        listed = subprocess.run(
            [GAMEDAY, "token", "list"], cwd=folder, capture_output=True, text=True, check=True
        )
        number = next(line.split()[0] for line in listed.stdout.splitlines() if line.split()[1] == "token")
        subprocess.run([GAMEDAY, "token", "revoke", number], cwd=folder, capture_output=True, check=True)
        assert httpx.get(f"{url}/api/runs", headers=bearer, timeout=PATIENCE).status_code == 401


def test_a_second_console_in_the_folder_and_a_port_in_use_are_refused(folder: Path, tmp_path: Path) -> None:
    with serving(folder) as (_, url):
        assert "Another console is running" in refused(folder, "serve", "--port", str(free_port()))
        other = tmp_path / "other"
        other.mkdir()
        said = refused(other, "serve", "--port", url.rpartition(":")[2])
        assert "is in use" in said
        assert "--port" in said


def test_a_mistake_in_the_settings_is_told_with_file_and_line(folder: Path) -> None:
    (folder / "gameday.toml").write_text("[environments.a]\nregoin = 'eu-central-1'\n")
    said = refused(folder, "serve", "--port", str(free_port()))
    assert "gameday.toml:2" in said
    assert "regoin" in said


FREEZE = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20260101T000000Z
DTSTART:20200101T000000Z
DTEND:20990101T000000Z
SUMMARY:Year end
END:VEVENT
END:VCALENDAR
"""


def test_in_a_change_freeze_nothing_starts_by_hand_or_by_a_schedule_and_both_say_the_same(
    folder: Path,
) -> None:
    (folder / "gameday.toml").write_text('[environments.default]\nfreeze_calendars = ["freeze.ics"]\n')
    (folder / "freeze.ics").write_text(FREEZE)
    with serving(folder) as (_, url):
        refused = httpx.post(f"{url}/experiments/slow/run", json={"accept": ["unproven"]}, timeout=PATIENCE)
        says = "default is in a change freeze (Year end) until 2099-01-01 00:00 UTC."
        assert refused.is_client_error
        assert says in refused.json()["detail"]
        soon = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
        body = {"name": "s", "experiment": "slow", "at": soon, "accept": ["unproven"]}
        made = (
            httpx.post(f"{url}/api/schedules", json=body, timeout=PATIENCE)
            .raise_for_status()
            .headers["location"]
        )
        fires = until(lambda: httpx.get(f"{url}{made}/fires", timeout=PATIENCE).json(), "it fires")
        until(
            lambda: httpx.get(f"{url}{made}/fires", timeout=PATIENCE).json()[0]["state"] == "refused",
            "it is refused",
        )
        assert len(fires) == 1
        assert httpx.get(f"{url}{made}/fires", timeout=PATIENCE).json()[0]["sentence"] == says


def test_a_dialect_that_nobody_speaks_is_refused_before_anything_starts(folder: Path) -> None:
    (folder / "gameday.toml").write_text("[environments.a.dialects]\nconfig = 'failure-lambda/7'\n")
    said = refused(folder, "serve", "--port", str(free_port()))
    assert "environments.a.dialects.config" in said
    assert "failure-lambda/0.x" in said


def test_a_command_that_there_is_not_is_told_with_a_way_on(folder: Path) -> None:
    assert "--help" in refused(folder, "sevre")
