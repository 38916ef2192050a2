"""Whatever a run's process leaves where its journal and its console log stand: nobody waits for it, or follows it."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.runs import JournalState, RunStatus, Verdict, kept

SECRET = b'{"password": "of somebody else"}'


def link(path: Path) -> None:
    (path.parent / "other.json").write_bytes(SECRET)
    path.symlink_to("other.json")


def sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, kept.LARGEST_JOURNAL + 1)


def listening(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's whole path must be short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def text(content: str) -> Callable[[Path], None]:
    return lambda path: path.write_text(content) and None


NO_FILE = "no regular file"
LEFT: dict[str, tuple[Callable[[Path], None], str]] = {
    "a FIFO": (os.mkfifo, NO_FILE),
    "a link": (link, NO_FILE),
    "a link in a circle": (lambda path: path.symlink_to(path.name), NO_FILE),
    "a folder": (Path.mkdir, NO_FILE),
    "a socket": (listening, NO_FILE),
    "more than is read": (sparse, "larger than 32 MiB"),
    "half a journal": (text('{"status": '), "no JSON that can be read"),
    "depths": (text("[" * 100_000), "no JSON that can be read"),
    "a list": (text("[]"), "no JSON object"),
}


@pytest.mark.parametrize(("leave", "said"), LEFT.values(), ids=LEFT)
def test_a_run_is_ended_and_its_journal_rebuilt_in_its_place(
    stage: Any, experiment: Any, leave: Callable[[Path], None], said: str
) -> None:
    stage.runs.dispatch.enqueue = lambda _: None  # as if killed right after the row
    run = stage.start(experiment())
    path = stage.runs.rooms.folder(run.snapshot) / "journal.json"
    leave(path)
    stage.supervisor.heal()
    ended = stage.runs.get(run.id)
    assert (ended.status, ended.verdict) == (RunStatus.INTERRUPTED, Verdict.STOPPED)
    assert ended.journal_state is JournalState.REBUILT
    assert json.loads(stage.runs.journal(run.id))["rebuilt-by-gameday"] is True
    assert any(said in e.data["text"] for e in stage.runs.events(run.id) if e.kind == "note")
    other = path.parent / "other.json"
    assert not other.exists() or other.read_bytes() == SECRET


def shell(words: str) -> dict[str, Any]:
    provider = {"type": "process", "path": "sh", "arguments": ["-c", words]}
    return {"type": "action", "name": "leave", "provider": provider}


def test_a_process_that_leaves_a_fifo_and_dies_has_its_run_ended(stage: Any, experiment: Any) -> None:
    run = stage.start(experiment(stage.arms(), shell("mkfifo ../journal.json; kill -9 $PPID")))
    ended = stage.finish(run)
    assert (ended.status, ended.verdict) == (RunStatus.INTERRUPTED, Verdict.STOPPED)
    assert json.loads(stage.store.read_text()) == {"isEnabled": False}


@pytest.mark.parametrize(("leave", "said"), LEFT.values(), ids=LEFT)
def test_a_run_that_has_ended_by_itself_is_told_to_have_broken(
    stage: Any, experiment: Any, leave: Callable[[Path], None], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, left = kept.journal, []

    def left_before(path: Path) -> Any:  # the moment between the process's end and the first look
        if not left:
            left.append(path.unlink())
            leave(path)
        return read(path)

    monkeypatch.setattr(kept, "journal", left_before)
    ended = stage.finish(stage.start(experiment()))
    assert (ended.status, ended.verdict) == (RunStatus.ABORTED, Verdict.FAILED)
    assert said in ended.verdict_reason
    assert ended.journal_state is JournalState.LOST


@pytest.mark.parametrize(
    "content", ['{"steady_states": 5}', '{"run": [1]}', '{"rollbacks": [{"exception": {"a": 1}}]}']
)
def test_a_document_that_is_no_journal_teaches_nothing(stage: Any, experiment: Any, content: str) -> None:
    writes = {"name": "odd", "provider": {"type": "python", "module": "odd"}}
    changed = json.loads(content)
    (stage.folder / "bin" / "odd.py").write_text(
        f"def after_experiment_control(context, state, **words):\n    state.update({changed!r})\n"
    )
    ended = stage.finish(stage.start(experiment(controls=[writes])))
    assert ended.verdict is Verdict.FAILED
    assert "not one of Chaos Toolkit's" in ended.verdict_reason


def test_links_and_fifos_beside_the_journal_are_not_written_into(stage: Any, experiment: Any) -> None:
    other = stage.folder / "other"
    other.write_bytes(SECRET)
    ended = stage.finish(stage.start(experiment(shell(f"ln -s {other} ../journal.tmp"))))
    assert ended.journal_state is JournalState.KEPT
    assert other.read_bytes() == SECRET
    ended = stage.finish(stage.start(experiment(shell("mkfifo ../journal.tmp"))))
    assert ended.journal_state is JournalState.KEPT


@pytest.mark.parametrize("leave", [os.mkfifo, link, Path.mkdir], ids=["a FIFO", "a link", "a folder"])
def test_what_stands_in_the_place_of_the_console_log_is_not_shown(
    stage: Any, experiment: Any, leave: Callable[[Path], None]
) -> None:
    run = stage.finish(stage.start(experiment()))
    path = stage.runs.rooms.folder(run.snapshot) / "console.log"
    path.unlink()
    leave(path)
    assert stage.runs.console_log(run) is stage.runs.console_log(run, 10) is None


def test_of_a_long_console_log_the_end_is_shown_and_says_so(stage: Any, experiment: Any) -> None:
    run = stage.finish(stage.start(experiment()))
    path = stage.runs.rooms.folder(run.snapshot) / "console.log"
    with path.open("wb") as file:
        file.truncate(2 * kept.LARGEST_LOG)
        file.seek(0, os.SEEK_END)
        file.write(b"the end\n")
    first, _, rest = stage.runs.console_log(run).partition(b"\n")
    assert first.startswith(b"The last 8 MiB of 16; all of it stands in ")
    assert len(rest) == kept.LARGEST_LOG
    assert rest.endswith(b"the end\n")
    assert stage.runs.console_log(run, 8) == b"the end\n"
