"""What a console writes on stderr while an experiment is run, as a process that somebody else's collector reads."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from tests.ports import free_port
from tests.waiting import PATIENCE, until

GAMEDAY = str(Path(sys.executable).parent / "gameday")
PROBE = {"type": "process", "path": "true"}
EXPERIMENT = {
    "title": "Nothing happens", "description": "d",
    "steady-state-hypothesis": {
        "title": "it works", "probes": [{"type": "probe", "name": "works", "tolerance": 0, "provider": PROBE}],
    },
    "method": [{"type": "probe", "name": "look", "provider": PROBE}],
}  # fmt: skip


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=PATIENCE).is_success
    except httpx.TransportError:
        return False


def logged(folder: Path, *words: str, **environ: str) -> tuple[list[str], int]:
    """Run the experiment on a console, ask for what is not there, end the console: stderr, and the run's number."""
    (folder / "experiments").mkdir()
    (folder / "experiments" / "one.json").write_text(json.dumps(EXPERIMENT))
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    command = [GAMEDAY, "serve", "--port", port, "--folder", str(folder), *words]
    with (
        (folder / "stderr").open("w") as stderr,
        subprocess.Popen(command, stderr=stderr, env=environ or None) as process,
    ):
        try:
            until(lambda: answers(url), "the console answers")
            run = (
                httpx.post(
                    f"{url}/experiments/one/run", headers={"X-Request-ID": "from-a-proxy"}, timeout=PATIENCE
                )
                .raise_for_status()
                .json()
            )
            until(
                lambda: httpx.get(f"{url}/api/runs/{run['id']}", timeout=PATIENCE).json()["verdict"],
                "the verdict",
            )
            assert httpx.get(f"{url}/nothing?token=hunter2", timeout=PATIENCE).headers["X-Request-ID"]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)
    return (folder / "stderr").read_text().splitlines(), run["id"]


def test_every_line_is_json_and_those_about_the_run_carry_its_number(tmp_path: Path) -> None:
    told, run = logged(tmp_path)
    lines: list[dict[str, Any]] = [json.loads(line) for line in told]
    assert all({"at", "level", "logger", "message"} <= set(line) for line in lines)
    of_run = [line for line in lines if line.get("run_id") == run]
    assert {"queued", "hypothesis-before", "ended", "verdict"} <= {line.get("event") for line in of_run}
    assert [
        line["message"] for line in lines if f"Run {run}" in line["message"] and line.get("run_id") != run
    ] == []
    attended = [line for line in of_run if line["event"] == "hypothesis-before"]
    assert attended[0]["environment"] == "default"
    (queued,) = [line for line in of_run if line["event"] == "queued"]
    assert queued["request_id"] == "from-a-proxy"


def test_requests_are_told_with_status_and_duration_and_never_with_their_query(tmp_path: Path) -> None:
    told, _ = logged(tmp_path, "--log", "json")
    asked = [line for line in map(json.loads, told) if line["logger"] == "gameday.access"]
    (missing,) = [line for line in asked if line["path"] == "/nothing"]
    assert (missing["method"], missing["status"]) == ("GET", 404)
    assert 0 < missing["ms"] < 10_000
    assert "hunter2" not in "".join(told)
    assert not [line for line in asked if line["path"] == "/readyz"]


def test_as_text_it_is_for_a_person_and_tells_no_requests(tmp_path: Path) -> None:
    told, run = logged(tmp_path, "--log", "text")
    assert any(f"(run_id={run}" in line for line in told)
    assert not any("/nothing" in line for line in told)


def test_the_guardian_by_itself_logs_in_the_same_way(tmp_path: Path) -> None:
    (tmp_path / "gameday.toml").write_text(
        '[environments.a]\nregion = "us-east-2"\nendpoint = "http://127.0.0.1:1"\n'
    )
    command = [GAMEDAY, "guardian", "--once", "--folder", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert done.returncode == 1  # its stores can not be looked into
    assert [line["level"] for line in lines] == ["warning", "error"]
    assert "could not be listed" in lines[0]["message"]


def test_a_form_that_there_is_not_is_a_mistake_on_the_command_line(tmp_path: Path) -> None:
    environ = {**os.environ, "GAMEDAY_LOG": "xml"}
    command = [GAMEDAY, "guardian", "--once", "--folder", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE, env=environ)
    assert done.returncode == 2
    assert "'json', 'text'" in done.stderr
