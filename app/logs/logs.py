"""Where lines go, and in which form."""

from __future__ import annotations

import logging
import os
import sys
import threading
from enum import StrEnum
from types import TracebackType
from typing import IO, Any

from app.logs.about import note_about
from app.logs.redaction import Hiding, secrets_of
from app.logs.seen import visible

LOGGER = logging.getLogger(__name__)
VARIABLE = "GAMEDAY_LOG"
ACCESS = "gameday.access"  # the logger of requests
OURS = ("app", "gameday")


class Form(StrEnum):
    TEXT = "text"  # for a person at a terminal
    JSON = "json"  # one object a line, for what collects logs


def form_of(wanted: str | None, stream: IO[str]) -> Form:
    """As asked for, else as the variable says, else text on a terminal and JSON anywhere else. ValueError: no such form."""
    chosen = wanted or os.environ.get(VARIABLE)
    return Form(chosen) if chosen else Form.TEXT if stream.isatty() else Form.JSON


def configure(wanted: str | None = None, *, stream: IO[str] | None = None) -> Form:
    """Send all that this process logs to `stream` (stderr): libraries, warnings and what breaks it included.

    Requests are told as JSON only: at a terminal they would push away what a person reads.
    """
    stream = stream or sys.stderr
    form = form_of(wanted, stream)
    handler = logging.StreamHandler(stream)
    handler.addFilter(note_about)
    handler.setFormatter(formatter(form, Hiding(secrets_of(os.environ))))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)
    logging.getLogger(ACCESS).setLevel(logging.INFO if form is Form.JSON else logging.ERROR)
    logging.captureWarnings(capture=True)
    threading.excepthook = _broke
    sys.excepthook = _ended
    return form


def formatter(form: Form, hiding: Hiding) -> logging.Formatter:
    if form is Form.TEXT:
        return Text(hiding)
    from app.logs.as_json import Json  # noqa: PLC0415  commands that log nothing start without it

    return Json(hiding)


class Text(logging.Formatter):
    def __init__(self, hiding: Hiding) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s%(aside)s", "%H:%M:%S")
        self._hiding = hiding

    def format(self, record: logging.LogRecord) -> str:
        words = " ".join(f"{name}={word}" for name, word in getattr(record, "about", {}).items())
        record.aside = f"  ({words})" if words else ""
        return self._hiding.text(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  logging's own name
        return visible(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802  logging's own name
        """Indented, so that no text of an exception looks like a line of the log."""
        return "\n".join(f"  {visible(line)}" for line in super().formatException(ei).splitlines())


def _broke(broke: threading.ExceptHookArgs) -> None:
    """A thread that ends by an exception is told as any other line is."""
    if broke.exc_value is not None and not isinstance(broke.exc_value, SystemExit):
        name = broke.thread.name if broke.thread else "without a name"
        LOGGER.error("The thread %s broke", name, exc_info=broke.exc_value)


def _ended(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    LOGGER.critical("This process ends by an error that nobody expected", exc_info=error)
