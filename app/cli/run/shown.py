"""What a person, or a log, sees of a run meanwhile: a line an event."""

from __future__ import annotations

import contextlib
import os
import sys
import textwrap
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import IO, Any, Protocol, TextIO

from app.cli.run.lines import sentence
from app.cli.run.watched import Told
from app.logs import visible

Progress = Callable[[], Mapping[str, Any] | None]


class Show(Protocol):
    def event(self, told: Told) -> None: ...

    def frame(self, progress: Progress) -> None:
        """Called some times a second; it asks for the progress only where it draws."""
        ...

    def tell(self, words: str) -> None:
        """What must be heard, from any thread."""
        ...

    def close(self) -> None: ...


class Lines:
    """One line an event, with its time. For logs, pipes, and terminals that can do no more."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def event(self, told: Told) -> None:
        if words := sentence(told.kind, told.data):
            say(f"{told.at.astimezone():%H:%M:%S %Z}  {words}", self._out)

    def frame(self, progress: Progress) -> None:
        """Everything is in the events."""

    def tell(self, words: str) -> None:
        say(f"{datetime.now().astimezone():%H:%M:%S %Z}  {words}", sys.stderr)

    def close(self) -> None:
        """Nothing is open."""


def fitted(line: str, width: int) -> str:
    """Wrapped at words, as a terminal by itself would not."""
    inner = line[: len(line) - len(line.lstrip())] + "  "
    return textwrap.fill(line, width, subsequent_indent=inner, break_long_words=False, break_on_hyphens=False)


def say(line: str, out: TextIO | None = None) -> None:
    """For people: one line, whatever an experiment calls its parts."""
    put(visible(line), out)


def put(text: str, out: TextIO | None = None) -> None:
    """As it is. A reader that is gone is no reason to leave a run alone."""
    out = out or sys.stdout
    try:
        print(text, file=out, flush=True)
    except (OSError, ValueError):
        silence(out)


def silence(out: IO[str]) -> None:
    """Send to nowhere what nobody reads: else what is left in its buffer becomes an error when Python ends."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, out.fileno())
        os.close(nowhere)
