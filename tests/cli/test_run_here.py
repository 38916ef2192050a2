"""`gameday run FILE` and `gameday run ID` without a console, as a process."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml

from app import cli
from app.logs import visible_everywhere
from tests.cli.test_run import experiment, process
from tests.test_main import GAMEDAY
from tests.waiting import PATIENCE, until

CHAOS = str(Path(sys.executable).parent / "chaos")


def gameday(folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [GAMEDAY, "run", *words], cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE,
        env={**os.environ, **environ},
    )  # fmt: skip


def write(path: Path, document: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize(
    ("probe", "method", "code", "verdict"),
    [
        ("true", "true", 0, "held"),
        ("test ! -e broken", "touch broken", 1, "deviated"),
        ("false", "true", 3, "not started"),
    ],
)
def test_a_file_from_anywhere_has_the_outcome_of_chaos_run(
    tmp_path: Path, probe: str, method: str, code: int, verdict: str
) -> None:
    file = write(tmp_path / "elsewhere" / "e.json", experiment(probe, process("do", method)))
    here = tmp_path / "here"
    here.mkdir()

    done = gameday(here, str(file), "--journal", "ours.json", "--rollback-strategy", "default")

    assert (done.returncode, f"{verdict}: " in done.stdout) == (code, True), done.stdout + done.stderr
    (here / "broken").unlink(missing_ok=True)
    subprocess.run([CHAOS, "--no-log-file", "run", str(file)], cwd=here, check=False, capture_output=True)
    ours, theirs = (json.loads((here / name).read_text()) for name in ("ours.json", "journal.json"))
    for key in ("status", "deviated", "experiment", "rollbacks"):
        assert ours[key] == theirs[key]


def test_it_runs_where_the_caller_is_with_the_callers_own_variables(tmp_path: Path) -> None:
    document = experiment("true", process("look", 'printf "%s %s" "$PWD" "$MINE" > seen'))
    write(tmp_path / "files" / "e.json", document)
    (tmp_path / "here").mkdir()
    done = gameday(tmp_path / "here", "../files/e.json", MINE="yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "here" / "seen").read_text() == f"{tmp_path / 'here'} yes"


def test_an_id_runs_in_a_snapshot_without_the_callers_variables(tmp_path: Path) -> None:
    document = experiment("true", process("look", f'printf "%s %s" "$PWD" "$MINE" > {tmp_path}/seen'))
    write(tmp_path / "experiments" / "e.json", document)
    assert gameday(tmp_path, "e").returncode == 3  # what it does is not undone, and nobody has accepted that
    done = gameday(tmp_path, "e", "--accept", "unproven", MINE="yes")
    assert done.returncode == 0, done.stdout + done.stderr
    where, _, mine = (tmp_path / "seen").read_text().partition(" ")
    assert (Path(where).name, mine) == ("snapshot", "")


@pytest.mark.parametrize("text", ['{"title": "x", "method": [', '{"title": "x", "method": [{}]}', "[]"])
def test_what_chaos_toolkit_refuses_is_a_mistake_with_its_lines(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.json").write_text(text)
    done = gameday(tmp_path, "bad.json")
    assert (done.returncode, "bad.json:" in done.stderr) == (2, True), done.stdout + done.stderr


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    done = gameday(tmp_path, "nothing.json")
    assert (done.returncode, "There is no file nothing.json" in done.stderr) == (2, True)


def test_a_machine_gets_one_document_and_progress_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "e.json", experiment("true", process("do", "true")))
    words = ["--output", "json", "--junit", "j.xml", "--journal", "j.json", "--report", "r.html"]
    done = gameday(tmp_path, "e.json", *words)
    told = json.loads(done.stdout)
    assert (done.returncode, told["verdict"], told["exit_code"]) == (0, "held", 0)
    assert "Steady state before: met." in done.stderr
    assert json.loads((tmp_path / "j.json").read_text())["status"] == "completed"
    assert next(iter(JUnitXml.fromfile(str(tmp_path / "j.xml")))).tests == 4
    assert "<h1>Run 1: T</h1>" in (tmp_path / "r.html").read_text()


def test_what_can_not_be_written_stops_it_before_anything_starts(tmp_path: Path) -> None:
    write(tmp_path / "e.json", experiment("true", process("do", "touch done")))
    done = gameday(tmp_path, "e.json", "--junit", "nowhere/j.xml")
    assert (done.returncode, "--junit nowhere/j.xml: there is no folder nowhere" in done.stderr) == (2, True)
    assert not (tmp_path / "done").exists()
    assert not (tmp_path / ".gameday").exists()


def test_a_stop_condition_ends_it(tmp_path: Path) -> None:
    document = experiment("true", process("dawdle", "sleep 60"))  # nobody probes meanwhile
    write(tmp_path / "e.json", document)
    done = gameday(tmp_path, "e.json", "--stop-if", "works no data for 3s")
    assert (done.returncode, "works has no data for 3 s" in done.stdout) == (5, True), (
        done.stdout + done.stderr
    )


def test_a_stop_condition_of_a_signal_that_there_is_not_is_a_mistake(tmp_path: Path) -> None:
    write(tmp_path / "e.json", experiment("true", process("do", "true")))
    done = gameday(tmp_path, "e.json", "--stop-if", "flight>20")
    assert (done.returncode, "It has: works." in done.stderr) == (2, True)


def test_the_same_key_is_the_same_run(tmp_path: Path) -> None:
    write(tmp_path / "e.json", experiment("true", process("do", "echo x >> done")))
    for _ in range(2):
        assert gameday(tmp_path, "e.json", "--key", "nightly").returncode == 0
    assert (tmp_path / "done").read_text() == "x\n"


@pytest.mark.parametrize("other", [["e.json", "--var", "a=b"], ["other.json"]])
def test_a_key_that_came_with_another_run_is_a_mistake_and_not_that_runs_verdict(
    tmp_path: Path, other: list[str]
) -> None:
    write(tmp_path / "e.json", experiment("true", process("do", "true")))
    write(tmp_path / "other.json", experiment("false", process("do", "true")))
    assert gameday(tmp_path, "e.json", "--key", "k").returncode == 0
    done = gameday(tmp_path, *other, "--key", "k")
    assert (done.returncode, "A new request needs a new key." in done.stderr) == (2, True), done.stdout


def test_check_starts_nothing(tmp_path: Path) -> None:
    write(tmp_path / "experiments" / "e.json", experiment("true", process("do", "touch done")))
    done = gameday(tmp_path, "e", "--check")
    assert (done.returncode, "--accept unproven" in done.stdout) == (3, True)
    for words in (("experiments/e.json",), ("e", "--accept", "unproven"), ("e", "--dry", "actions")):
        done = gameday(tmp_path, *words, "--check")
        assert (done.returncode, "It may start." in done.stdout) == (0, True), words
    done = gameday(tmp_path, "e", "--check", "--accept", "unproven", "--stop-if", "nosuch>1")
    assert (done.returncode, "It has: works." in done.stderr) == (2, True)
    assert not (tmp_path / "done").exists()


def test_a_misspelt_key_is_told_before_and_at_the_start_and_is_no_refusal(tmp_path: Path) -> None:
    document = {**experiment("true", process("do", "true")), "rollback": [process("back", "touch back")]}
    file = write(tmp_path / "experiments" / "e.json", document)
    told = "▲ experiments/e.json:1  rollback  Chaos Toolkit reads no “rollback” here, and passes it by. Did you mean rollbacks?"
    for words in (("e", "--accept", "unproven"), (str(file.relative_to(tmp_path)),)):
        done = gameday(tmp_path, *words, "--check")
        assert (done.returncode, told in done.stdout) == (0, True), done.stdout + done.stderr
    done = gameday(tmp_path, str(file.relative_to(tmp_path)))
    assert (done.returncode, told in done.stderr) == (0, True), done.stdout + done.stderr


def test_a_terminal_gets_a_picture_with_the_progress_of_pauses(tmp_path: Path) -> None:
    slow = process("do", "true", pauses={"after": 4})
    write(tmp_path / "e.json", experiment("true", slow))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environ = {**os.environ, "TERM": "xterm", "NO_COLOR": "1"}
    environ.pop("COLUMNS", None)
    child = subprocess.Popen(
        [GAMEDAY, "run", "e.json"], cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs, env=environ
    )
    os.close(theirs)
    seen = b""
    with contextlib.suppress(OSError):  # the other end is gone
        while chunk := os.read(ours, 4096):
            seen += chunk
    os.close(ours)
    assert child.wait(PATIENCE) == 0
    shown = seen.decode(errors="replace")
    assert "▶ Pause" in shown
    assert "█" in shown
    assert "\x1b[31m" not in shown
    assert "held: The hypothesis held." in shown


def test_a_terminal_that_is_closed_ends_the_run_with_its_rollbacks(tmp_path: Path) -> None:
    document = experiment("true", process("dawdle", "touch begun; sleep 60"))
    document["rollbacks"] = [process("undo", "touch undoing; sleep 1; touch undone")]
    child = closed(tmp_path, document, signal.SIG_DFL)
    until(lambda: (tmp_path / "undoing").exists() or child.poll() is not None)
    child.send_signal(signal.SIGHUP)  # as its shell and the kernel do, both: no second Ctrl-C
    assert child.wait(PATIENCE) == 5
    assert (tmp_path / "undone").exists()


def test_by_nohup_a_run_outlives_its_terminal(tmp_path: Path) -> None:
    child = closed(tmp_path, experiment("true", process("dawdle", "touch begun; sleep 2")), signal.SIG_IGN)
    assert child.wait(PATIENCE) == 0


def closed(folder: Path, document: dict[str, Any], on_hangup: signal.Handlers) -> subprocess.Popen[bytes]:
    """A run that has begun in a terminal that is there no longer."""

    def settle_in() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # it has to be the terminal of that session
        signal.signal(
            signal.SIGHUP, on_hangup
        )  # whoever runs these tests by nohup hands on that it is ignored

    write(folder / "e.json", document)
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [GAMEDAY, "run", "e.json"], cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True, preexec_fn=settle_in, env={**os.environ, "TERM": "xterm"},  # noqa: PLW1509  see there
    )  # fmt: skip
    os.close(theirs)
    drain = threading.Thread(target=_drain, args=(ours, folder / "begun"))
    drain.start()
    drain.join()
    os.close(ours)  # SIGHUP, and nothing can be written any more
    return child


def _drain(terminal: int, until: Path) -> None:
    while not until.exists():
        if select.select([terminal], [], [], 0.1)[0]:
            os.read(terminal, 4096)


def test_ctrl_c_before_anything_was_started_starts_nothing(tmp_path: Path) -> None:
    write(tmp_path / "e.json", experiment("true", process("do", "touch done")))
    (tmp_path / ".gameday").mkdir()
    with (tmp_path / ".gameday" / "console.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        child = subprocess.Popen(
            [GAMEDAY, "run", "e.json", "--queue"], cwd=tmp_path, text=True, stderr=subprocess.PIPE
        )
        assert child.stderr
        assert "Waiting" in child.stderr.readline()
        child.send_signal(signal.SIGINT)
        assert child.wait(PATIENCE) == 130
    assert not (tmp_path / "done").exists()


def test_a_reader_that_goes_away_leaves_the_outcome_as_it_is(tmp_path: Path) -> None:
    write(
        tmp_path / "e.json",
        experiment("test ! -e broken", process("do", "touch broken", pauses={"after": 1})),
    )
    child = subprocess.Popen(
        [GAMEDAY, "run", "e.json"], cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout
    assert child.stderr
    child.stdout.readline()
    child.stdout.close()
    assert (child.wait(PATIENCE), child.stderr.read()) == (1, "")


def test_a_folder_that_can_not_be_written_to_is_said(tmp_path: Path) -> None:
    write(tmp_path / "e.json", experiment("true", process("do", "true")))
    (tmp_path / ".gameday").write_text("not a folder")
    done = gameday(tmp_path, "e.json")
    assert (done.returncode, "Name another folder: --folder" in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_its_whole_group_ends_it_with_its_rollbacks(
    tmp_path: Path, number: signal.Signals
) -> None:
    """As a terminal's Ctrl-C and a pipeline's cancelling send it."""
    document = experiment("true", process("dawdle", "touch begun; sleep 60"))
    document["rollbacks"] = [process("undo", "sleep 1; touch undone")]
    write(tmp_path / "e.json", document)
    child = subprocess.Popen(
        [GAMEDAY, "run", "e.json"], cwd=tmp_path, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert child.stdout
    assert any("Begin: dawdle" in line for line in child.stdout)
    os.killpg(child.pid, number)
    out, _ = child.communicate(timeout=PATIENCE)
    assert (child.returncode, "stopped: " in out) == (5, True), out
    how = "Ctrl-C" if number == signal.SIGINT else number.name
    assert f"Ended by {how} (" in out
    assert "pressed" not in out
    assert (tmp_path / "undone").exists()


def test_a_file_that_can_not_be_written_after_the_run_takes_no_other_with_it_and_is_no_verdict(
    tmp_path: Path,
) -> None:
    (tmp_path / "out").mkdir()
    document = experiment("true", process("do", f"rm -r {tmp_path}/out"))
    write(tmp_path / "e.json", document)
    words = ["--journal", "out/j.json", "--junit", "j.xml", "--report", "r.md", "--output", "json"]
    done = gameday(tmp_path, "e.json", *words)
    assert done.returncode == 70, done.stdout + done.stderr
    assert "NOT WRITTEN: out/j.json: FileNotFoundError" in done.stderr
    told = json.loads(done.stdout)
    assert (told["verdict"], told["exit_code"]) == ("held", 70)
    assert JUnitXml.fromfile(str(tmp_path / "j.xml")).tests
    assert (tmp_path / "r.md").read_text().startswith("# Run")


def test_a_name_of_signs_that_are_no_text_is_reported_all_the_same(tmp_path: Path) -> None:
    write(tmp_path / "e.json", experiment("true", process("a\ufffe\uffffb", "true")))
    done = gameday(tmp_path, "e.json", "--junit", "j.xml", "--report", "r.html")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "a\ufffd\ufffdb" in {
        case.name for suite in JUnitXml.fromfile(str(tmp_path / "j.xml")) for case in suite
    }


def test_a_mistake_of_our_own_has_no_verdicts_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("nobody expected it")

    monkeypatch.setattr(cli.gameday, "main", broken)
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)  # other tests of this process set up logs
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 70
    assert "nobody expected it" in capsys.readouterr().err


def test_no_name_in_a_file_begins_a_line_or_speaks_to_a_terminal(tmp_path: Path) -> None:
    name = "x\n::error::forged\x1b[31m\u202e"
    document = {**experiment("true", process(name, "true")), "title": f"T{name}"}
    write(tmp_path / "e.json", document)
    done = gameday(tmp_path, "e.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        f"Done: {name.replace(chr(10), ' ').replace(chr(27), ' ').replace(chr(0x202E), ' ')}" in done.stdout
    )
    assert not [line for line in (done.stdout + done.stderr).splitlines() if line.lstrip().startswith("::")]
    assert not {"\x1b", "\u202e"} & set(done.stdout + done.stderr)


def test_the_live_view_draws_no_sign_that_speaks_to_a_terminal() -> None:
    assert visible_everywhere({"a": [{"name": "x\x1b]0;t\x07"}], "n": 1.5}) == {
        "a": [{"name": "x ]0;t "}],
        "n": 1.5,
    }


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--report", "./e.json"), "that is the experiment"),
        (("--journal", "j.json", "--report", "j.json"), "another file that this run is to write"),
        (("--report", f"{'r' * 246}.md"), "File name too long"),
    ],
)
def test_files_that_can_not_all_be_written_are_refused_before_anything_starts(
    tmp_path: Path, words: tuple[str, ...], why: str
) -> None:
    file = write(tmp_path / "e.json", experiment("true", process("do", "touch played")))
    before = file.read_text()
    done = gameday(tmp_path, "e.json", *words)
    assert (done.returncode, why in done.stderr) == (2, True), done.stderr
    assert (file.read_text(), (tmp_path / "played").exists()) == (before, False)


def test_what_ends_in_a_command_stays_last_and_an_unknown_acceptance_is_a_mistake(tmp_path: Path) -> None:
    away = gameday(tmp_path, "e", "--server", "http://127.0.0.1:9")
    assert (away.returncode, away.stderr.rstrip().endswith("Start one: gameday serve")) == (69, True), (
        away.stderr
    )
    assert "gameday: Nothing was played. http://127.0.0.1:9 does not answer" in away.stderr
    unknown = gameday(tmp_path, "e", "--accept", "foo", "--check")
    assert (unknown.returncode, "'unproven', 'cost'" in unknown.stderr) == (2, True), unknown.stderr
