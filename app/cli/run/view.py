"""The live view of a run in a terminal: signals, what is armed, and the timeline, drawn anew where it stands."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.live import Live

from app.cli.run.drawing import drawn
from app.cli.run.lines import sentence
from app.cli.run.shown import Progress, silence
from app.cli.run.watched import Told
from app.logs import visible, visible_everywhere

FRAME = 0.5  # seconds
# What is in the picture anyway; anything else is said above it.
DRAWN = frozenset({"queued", "started", "hypothesis", "hypothesis-before", "hypothesis-during", "hypothesis-after",
                   "before-activity", "activity", "rollback-activity", "pause", "rollbacks", "ended", "armed"})  # fmt: skip


class View:
    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        self._live = Live(
            console=self._console, auto_refresh=False, transient=False, vertical_overflow="crop"
        )
        self._lock = threading.Lock()
        self._next = 0.0
        self._open = False
        self._last: Mapping[str, Any] | None = None

    def event(self, told: Told) -> None:
        self._next = 0.0  # what happened is seen at once
        if told.kind not in DRAWN and (words := sentence(told.kind, told.data)):
            self._say(f"{told.at.astimezone():%H:%M:%S}  {words}")

    def frame(self, progress: Progress) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + FRAME
        told = progress()
        if told is not None:
            self._last = told
            self._draw(told)

    def tell(self, words: str) -> None:
        self._say(f"{datetime.now().astimezone():%H:%M:%S}  {words}")

    def close(self) -> None:
        """The last picture stays."""
        with self._lock:
            if self._open:
                self._guarded(self._live.stop)

    def _draw(self, told: Mapping[str, Any]) -> None:
        with self._lock:
            if not self._open:
                self._guarded(self._live.start)
                self._open = True
            size = self._console.size
            picture = drawn(visible_everywhere(told), width=size.width, height=size.height)
            self._guarded(lambda: self._live.update(picture, refresh=True))

    def _say(self, line: str) -> None:
        with self._lock:
            self._guarded(lambda: self._console.print(visible(line), markup=False, highlight=False))

    def _guarded(self, draw: Callable[[], object]) -> None:
        """A terminal that is gone is no reason to leave a run alone."""
        try:
            draw()
        except (OSError, ValueError):
            silence(self._console.file)
