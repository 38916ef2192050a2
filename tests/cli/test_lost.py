"""What `gameday run` says and leaves where a run has no verdict: refused, not reachable, or lost sight of."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from junitparser import Error, JUnitXml

from app.cli.codes import CODES, WITHOUT_VERDICT, Lost, code_of
from app.cli.run.unplayed import kept_in_sight
from app.errors import Conflict, GamedayError, Invalid, KeyReused, NotFound, SettingsError, Unavailable
from tests.cli.test_run import experiment, process
from tests.cli.typed import typed
from tests.test_main import GAMEDAY
from tests.waiting import PATIENCE

DOCS = Path(__file__).parents[2] / "docs"
RUN = {"id": 7, "experiment": "strict", "environment": "e", "status": "queued"}
ARMED = "A FAULT MAY STILL BE ARMED"


class Fake(BaseHTTPRequestHandler):
    """A console whose answers a test chooses, by the end of the path; None: none ever comes."""

    answers: Mapping[str, tuple[int, Any] | None] = {}
    asked: threading.Event
    over: threading.Event

    def do_GET(self) -> None:
        if self.path.endswith("/events"):
            self._head(200, {"Content-Type": "text/event-stream"})
            self.wfile.write(b": here\n\n")
            self.over.wait(PATIENCE)
            return
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer()

    def _answer(self) -> None:
        self.asked.set()
        told = next((one for end, one in self.answers.items() if self.path.endswith(end)), (404, {}))
        if told is None:
            self.over.wait(PATIENCE)
            return
        body = json.dumps(told[1]).encode()
        self._head(told[0], {"Content-Length": str(len(body))})
        self.wfile.write(body)

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def console() -> Iterator[Any]:
    """The handler, whose `answers` are to be set; `url`: where it listens."""
    handler: Any = type("Handler", (Fake,), {"asked": threading.Event(), "over": threading.Event()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        handler.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield handler
        handler.over.set()
        server.shutdown()


def begin(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [GAMEDAY, "run", "strict", *words], cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=dict(os.environ),
    )  # fmt: skip


def left(folder: Path, stdout: str) -> tuple[Any, str]:
    """The document of stdout, and the only error of the JUnit file."""
    (suite,) = JUnitXml.fromfile(str(folder / "j.xml"))
    (case,) = suite
    (result,) = case.result
    assert isinstance(result, Error)
    return json.loads(stdout), str(result.message)


@pytest.mark.parametrize("words", [("experiments/strict.json",), ("strict", "--accept", "unproven")])
def test_an_engaged_lever_refuses_with_the_code_of_a_refusal_and_leaves_what_was_asked_for(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "strict.json").write_text(
        json.dumps(experiment("true", process("do", "touch done")))
    )
    assert typed(tmp_path, "stop-all", "--why", "enough").returncode == 0
    looked = typed(tmp_path, "run", *words, "--check", "--output", "json")
    done = typed(tmp_path, "run", *words, "--output", "json", "--junit", "j.xml")
    assert done.returncode == looked.returncode == json.loads(looked.stdout)["exit_code"] == 3
    told, error = left(tmp_path, done.stdout)
    assert (told["verdict"], told["outcome"], told["exit_code"]) == ("not started", "refused", 3)
    assert "engaged by" in told["reason"]
    assert error == f"refused: {told['reason']}"
    assert told["reason"] in done.stderr
    assert "Nothing was played." in done.stderr


def test_what_a_console_refuses_keeps_its_findings(tmp_path: Path, console: Any) -> None:
    finding = {
        "level": "refusal",
        "code": "unproven",
        "sentence": "It calls.",
        "remedy": "Accept.",
        "accept": "unproven",
    }
    told = {"detail": "It calls.", "findings": [finding], "accept": ["unproven"]}
    console.answers = {"/run": (422, told)}
    words = ("--server", console.url, "--output", "json", "--junit", "j.xml")
    done = typed(tmp_path, "run", "strict", *words)
    document, error = left(tmp_path, done.stdout)
    assert (done.returncode, document["outcome"], document["findings"]) == (3, "refused", [finding])
    assert error.endswith("--accept unproven")
    console.answers = {"/run": (422, {"detail": "No.", "problems": [{"message": "No.", "path": "stop"}]})}
    done = typed(tmp_path, "run", "strict", *words)
    document, error = left(tmp_path, done.stdout)
    assert (done.returncode, document["outcome"], document["problems"][0]["path"]) == (2, "mistake", "stop")


def test_a_mistake_and_a_console_that_is_not_there_leave_the_same(tmp_path: Path) -> None:
    for words, code, outcome in (
        ((), 2, "mistake"),
        (("--stop-if", "x"), 2, "mistake"),
        (("--server", "http://127.0.0.1:9"), 69, "unreachable"),
    ):
        done = typed(tmp_path, "run", "strict", *words, "--output", "json", "--junit", "j.xml")
        document, error = left(tmp_path, done.stdout)
        assert (done.returncode, document["exit_code"], document["outcome"]) == (code, code, outcome), words
        assert error.startswith(f"{outcome}: ")


def test_no_file_is_written_over_the_experiment(tmp_path: Path) -> None:
    (tmp_path / "e.json").write_text("{}")
    done = typed(tmp_path, "run", "e.json", "--junit", "e.json", "--output", "json")
    assert (done.returncode, (tmp_path / "e.json").read_text()) == (2, "{}")


def test_a_start_that_nobody_can_tell_of_may_have_armed_something(tmp_path: Path, console: Any) -> None:
    console.answers = {"/run": (500, {"detail": "The console made a mistake."})}
    words = ("--server", console.url, "--key", "nightly", "--output", "json", "--junit", "j.xml")
    done = typed(tmp_path, "run", "strict", *words)
    document, _ = left(tmp_path, done.stdout)
    assert (done.returncode, document["outcome"], document["verdict"]) == (7, "lost", None)
    assert "A FAULT MAY BE ARMED. Next: the same command with --key nightly" in done.stderr


def test_ctrl_c_before_the_answer_to_a_start_may_leave_something_armed(tmp_path: Path, console: Any) -> None:
    console.answers = {"/run": None}
    run = begin(tmp_path, "--server", console.url)
    assert console.asked.wait(PATIENCE)
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=PATIENCE)
    assert (run.returncode, "A FAULT MAY BE ARMED" in err) == (7, True), err


def test_a_run_that_is_lost_sight_of_says_what_to_do(tmp_path: Path, console: Any) -> None:
    """Its token is revoked while the run goes on, for example."""
    console.answers = {"/run": (202, RUN), "/progress": (401, {}), "/api/runs/7": (401, {})}
    console.do_GET = console._answer
    done = typed(tmp_path, "run", "strict", "--server", console.url, "--output", "json", "--junit", "j.xml")
    document, _ = left(tmp_path, done.stdout)
    assert (done.returncode, document["run"], document["outcome"]) == (7, 7, "lost"), done.stderr
    assert ARMED in done.stderr
    assert f"gameday runs show 7 --server {console.url}" in done.stderr
    assert "gameday disarm --all" in done.stderr


def test_a_rollback_that_does_not_get_through_says_that_a_fault_may_still_be_armed(
    tmp_path: Path, console: Any
) -> None:
    console.answers = {
        "/run": (202, RUN),
        "/rollback": (500, {"detail": "It broke."}),
        "/runs/7": (200, {"verdict": None}),
    }
    run = begin(tmp_path, "--server", console.url)
    assert run.stdout
    assert "Run 7 of strict" in run.stdout.readline()
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=PATIENCE)
    assert (run.returncode, f"The rollback was not confirmed: It broke. What became of it is not known: {ARMED}" in err) == (
        7, True,
    ), err  # fmt: skip


def test_whatever_breaks_under_a_run_says_that_a_fault_may_still_be_armed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    then = "Next: gameday guardian --once"
    with pytest.raises(Lost, match=f"Run 7: No answer. .*{ARMED}. {then}"), kept_in_sight(7, then):
        raise Unavailable("No answer.")
    with pytest.raises(RuntimeError), kept_in_sight(7, then):
        raise RuntimeError("a mistake of our own")
    assert f"{ARMED}. {then}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Invalid("x"), 2), (NotFound("x"), 2), (KeyReused("x"), 2), (SettingsError("x"), 2), (GamedayError("x"), 2),
        (Conflict("x"), 3), (Invalid("x", findings=[], accept=["cost"]), 3), (Lost("x"), 7), (Unavailable("x"), 69),
        (RuntimeError("x"), 70), (KeyboardInterrupt(), 130),
    ],
)  # fmt: skip
def test_each_kind_of_error_has_one_code(error: BaseException, code: int) -> None:
    assert code_of(error) == code


def test_every_page_and_the_help_have_the_same_codes() -> None:
    codes = {*CODES.values(), *WITHOUT_VERDICT}
    table = re.findall(r"^\| (\d+) \|", (DOCS / "how-to" / "command-line.md").read_text(), re.MULTILINE)
    assert [int(code) for code in table] == sorted(codes)
    help_ = subprocess.run([GAMEDAY, "run", "--help"], capture_output=True, text=True, check=True).stdout
    listed = re.findall(r"^ +(?:Exit codes: )?(\d+) +\w", help_, re.MULTILINE)
    assert [int(code) for code in listed] == sorted(codes)
    row = next(
        line
        for line in (DOCS / "reference.md").read_text().splitlines()
        if line.startswith("| `gameday run ID")
    )
    sentence = row.partition("command-line.md). ")[2]
    assert [int(code) for code in re.findall(r"(?:^|, )(\d+) ", sentence)] == sorted(codes)
