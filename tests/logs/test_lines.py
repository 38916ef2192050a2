"""Lines as JSON and as text: what they are about, and what must not be in them."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app import logs
from tests.waiting import PATIENCE

TOKEN = "gd_" + "Ab3-" * 10
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the log is written to; everybody else's handlers are put back afterwards."""
    root, hook, warned = logging.getLogger(), threading.excepthook, warnings.showwarning
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    before, level = list(root.handlers), root.level
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setenv("GAMEDAY_LOG", "json")
    yield io.StringIO()
    logging.captureWarnings(capture=False)
    root.handlers, threading.excepthook, warnings.showwarning = before, hook, warned
    root.setLevel(level)


@pytest.fixture
def lines(stream: io.StringIO) -> Lines:
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


LOGGER = logging.getLogger("app.anything")


def test_a_line_says_when_how_grave_where_what_and_about_which_run(stream: io.StringIO, lines: Lines) -> None:
    logs.configure(stream=stream)
    with logs.about(run_id=12, environment="staging", request_id=None):
        LOGGER.info("armed %s", "it", extra={"fault": 3})
    LOGGER.info("later")
    armed, later = lines()
    assert armed.pop("at").endswith("+00:00")
    assert armed == {
        "level": "info", "logger": "app.anything", "message": "armed it", "run_id": 12, "environment": "staging", "fault": 3,
    }  # fmt: skip
    assert "run_id" not in later


def test_what_one_thread_is_about_is_not_what_another_is_about(stream: io.StringIO, lines: Lines) -> None:
    logs.configure(stream=stream)
    both_inside = threading.Barrier(2, timeout=PATIENCE)

    def attend(run_id: int) -> None:
        with logs.about(run_id=run_id):
            both_inside.wait()
            LOGGER.info("of %s", run_id)

    threads = [threading.Thread(target=attend, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((line["message"], line["run_id"]) for line in lines()) == [("of 1", 1), ("of 2", 2)]


def test_an_exception_is_fields_of_its_line(stream: io.StringIO, lines: Lines) -> None:
    logs.configure(stream=stream)
    try:
        {}[TOKEN]
    except LookupError:
        LOGGER.exception("broke")
    (line,) = lines()
    assert line["exception"]["type"] == "KeyError"
    assert line["exception"]["stack"][0].startswith("Traceback")
    assert TOKEN not in stream.getvalue()


def test_libraries_warnings_and_broken_threads_go_the_same_way(stream: io.StringIO, lines: Lines) -> None:
    logs.configure(stream=stream)
    logging.getLogger("uvicorn.error").warning("from the server")
    logging.getLogger("apscheduler.scheduler").error("from the scheduler")
    warnings.showwarning("old", DeprecationWarning, "file.py", 1)
    broken = threading.Thread(target=lambda: 1 / 0, name="careless")
    broken.start()
    broken.join()
    sys.excepthook(OSError, OSError("nobody expected it"), None)
    assert [line["logger"] for line in lines()] == [
        "uvicorn.error", "apscheduler.scheduler", "py.warnings", "app.logs.logs", "app.logs.logs",
    ]  # fmt: skip
    assert [line["exception"]["type"] for line in lines()[-2:]] == ["ZeroDivisionError", "OSError"]


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_secret_is_told_in_either_form(
    stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", 'wJalr"XUtnFEMI')
    monkeypatch.setenv("GAMEDAY_DATABASE_URL", "postgresql://gameday:hunter22@db/gameday")
    logs.configure(form, stream=stream)
    told = ('wJalr"XUtnFEMI', TOKEN, "AKIAIOSFODNN7EXAMPLE", "Authorization: Bearer abcdefghijkl",
            "smtp://me:hunter22@mail", "X-Amz-Signature=abc123", "postgresql://gameday:hunter22@db/gameday")  # fmt: skip
    with logs.about(detail=told[0]):
        LOGGER.info("%s", " ".join(told), extra={"header": told[3]})
    for secret in ("wJalr", TOKEN, "AKIAIOS", "abcdefghijkl", "hunter22", "abc123"):
        assert secret not in stream.getvalue()


def test_the_form_is_the_one_asked_for_else_the_variables_else_what_suits_the_stream(
    stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert logs.configure("text", stream=stream) is logs.Form.TEXT
    assert logs.configure(stream=stream) is logs.Form.JSON
    monkeypatch.delenv("GAMEDAY_LOG")
    assert logs.configure(stream=stream) is logs.Form.JSON
    monkeypatch.setattr(stream, "isatty", lambda: True)
    assert logs.configure(stream=stream) is logs.Form.TEXT
    with logs.about(run_id=7):
        LOGGER.warning("careful")
    assert stream.getvalue().endswith("WARNING careful  (run_id=7)\n")


FORGED = "x\n12:00:00 CRITICAL STILL ARMED: forged\x1b[31m\u202e\u2028::error::no"


def test_no_text_of_others_begins_a_line_or_speaks_to_a_terminal(stream: io.StringIO) -> None:
    logs.configure("text", stream=stream)
    with logs.about(environment=FORGED):
        LOGGER.error("Refused: %s", FORGED, exc_info=ValueError(FORGED))
    first, *trace = stream.getvalue().splitlines()
    assert first.count("forged") == 2
    assert trace[0] == "  ValueError: x"
    assert all(line.startswith("  ") for line in trace)
    assert not {"\x1b", "\u202e", "\u2028"} & set(stream.getvalue())
