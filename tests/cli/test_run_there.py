"""`gameday run --server`: progress from afar, lost answers, lost connections, a console that dies, and Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
from junitparser import JUnitXml

from tests.cli.test_run import experiment, process
from tests.ports import free_port
from tests.test_main import GAMEDAY, ready
from tests.waiting import PATIENCE, until

STOPPED = 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("there")
    (made / "experiments").mkdir()
    files = {
        "held": experiment("true", process("look", "true")),
        "long": experiment("true", process("dawdle", "sleep 90")),
    }
    for name, document in files.items():
        (made / "experiments" / f"{name}.json").write_text(json.dumps(document))
    return made


@contextmanager
def console(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [GAMEDAY, "serve", "--port", str(port)], cwd=folder, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:  # fmt: skip
        try:
            until(lambda: ready(f"http://127.0.0.1:{port}"), "the console answers")
            yield process
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    port = free_port()
    with console(folder, port):
        yield f"http://127.0.0.1:{port}"


def begin(*words: str, cwd: Path | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [GAMEDAY, "run", *words, "--accept", "unproven"], cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=dict(os.environ),
    )  # fmt: skip


def test_files_are_the_consoles_own_byte_for_byte(url: str, tmp_path: Path) -> None:
    words = ["--junit", "j.xml", "--journal", "j.json", "--report", "r.md", "--output", "json"]
    process = begin("held", "--server", url, *words, cwd=tmp_path)
    out, err = process.communicate(timeout=PATIENCE)
    told = json.loads(out)
    assert (process.returncode, told["verdict"], told["exit_code"]) == (0, "held", 0), err
    kept = httpx.get(f"{url}/api/runs/{told['run']}/journal", timeout=PATIENCE).content
    assert (tmp_path / "j.json").read_bytes() == kept
    assert next(iter(JUnitXml.fromfile(str(tmp_path / "j.xml")))).tests == 4
    assert (tmp_path / "r.md").read_text().startswith(f"# Run {told['run']}: T")
    assert "Steady state after: met." in err


def test_without_waiting_the_run_is_named_and_left_to_the_console(url: str) -> None:
    process = begin("held", "--server", url, "--no-wait", "--output", "json")
    out, _ = process.communicate(timeout=PATIENCE)
    told = json.loads(out)
    assert (process.returncode, told["url"]) == (0, f"{url}/runs/{told['id']}")


def test_a_file_is_nothing_for_a_console(url: str, folder: Path) -> None:
    process = begin("experiments/held.json", "--server", url, cwd=folder)
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "leave --server out" in err) == (2, True)


def test_check_says_what_a_console_would_find(url: str) -> None:
    done = subprocess.run(
        [GAMEDAY, "run", "long", "--server", url, "--check", "--output", "json"],
        capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert (done.returncode, told["ready"], told["accept"]) == (3, False, ["unproven"])


def running(process: subprocess.Popen[str]) -> str:
    """Its output up to where it dawdles."""
    assert process.stdout
    seen = ""
    for line in process.stdout:
        seen += line
        if "Begin: dawdle" in line:
            return seen
    raise AssertionError(seen)


def test_ctrl_c_rolls_back_on_the_console_and_waits(url: str) -> None:
    process = begin("long", "--server", url)
    running(process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == STOPPED, out + err
    assert "rolling back, and waiting" in err
    assert "The run has ended." in err
    assert "stopped: " in out
    assert httpx.get(f"{url}/api/runs?limit=1", timeout=PATIENCE).json()[0]["verdict"] == "stopped"


def test_it_survives_a_console_that_is_killed_and_comes_back(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "experiments").mkdir()
    for file in (folder / "experiments").iterdir():
        (tmp_path / "experiments" / file.name).write_bytes(file.read_bytes())
    port = free_port()
    with console(tmp_path, port) as first:
        process = begin("long", "--server", f"http://127.0.0.1:{port}")
        running(process)
        first.kill()
        first.wait()
        assert process.stdout
        assert any("does not answer" in line for line in process.stdout)
        with console(tmp_path, port):
            out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == STOPPED, out + err
    assert "answers again" in out
    assert "a crash of the console" in out


class Forgetful(BaseHTTPRequestHandler):
    """A console that does what it is asked, and whose first answers get lost or are `429`."""

    asked: ClassVar[list[tuple[str, str | None, Any]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((self.path, self.headers["Idempotency-Key"], body))
        if len(self.asked) == 1:
            self.close_connection = True
            return
        answer = json.dumps(
            {"id": 1, "experiment": "held", "environment": "e", "status": "queued", "detail": "Busy."}
        )
        self.send_response(429 if len(self.asked) == 2 else 202)
        self.send_header("Retry-After", "1")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_: Any) -> None:
        pass


def test_a_start_whose_answer_is_lost_is_asked_again_with_the_same_key(tmp_path: Path) -> None:
    values = tmp_path / "values.json"
    values.write_text('{"configuration": {"a": 9, "b": "of a file"}}')
    server = ThreadingHTTPServer(("127.0.0.1", 0), Forgetful)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        words = ["--no-wait", "--queue", "--var", "a:int=1", "--stop-if", "no data for 30s", "--fail-fast"]
        words += ["--var-file", str(values)]
        process = begin("held", "--server", f"http://127.0.0.1:{server.server_port}", *words)
        out, err = process.communicate(timeout=PATIENCE)
    finally:
        server.shutdown()
        server.server_close()
    assert process.returncode == 0, out + err
    assert len(Forgetful.asked) == 3
    assert len({key for _, key, _ in Forgetful.asked}) == 1
    path, key, body = Forgetful.asked[0]
    assert (path, bool(key)) == ("/experiments/held/run?queue=true", True)
    assert body == {
        "variables": {"a": 1, "b": "of a file"},
        "fail_fast": True,
        "stop": [{"no_data_for": 30.0}],
        "accept": ["unproven"],
    }
