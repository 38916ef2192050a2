"""Asking before every method activity, and failing closed.

Chaos Toolkit swallows what a control raises, applies global controls in other places once an experiment has
some of its own, and leaves them out of the method altogether then. So this goes around its `controls`: what
is asked about is what the experiment's own controls have left to be run, and nothing of theirs changes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import chaoslib.activity
from chaoslib import substitute
from chaoslib.control import Control, controls
from chaoslib.exceptions import InterruptExecution

from app.child.brake import Brake
from app.child.wire import Wire


class Phase(threading.local):
    """What the current thread is doing. Whatever is not known to be a hypothesis counts as the method."""

    hypothesis: str | None = None  # before, during, after
    activity: str | None = None
    background: bool = False
    armed: bool = False  # the supervisor wants to read back what this activity writes


class Asking:
    def __init__(self, wire: Wire, brake: Brake, *, speed: float) -> None:
        self.phase = Phase()
        self.rolling_back = False
        self._wire = wire
        self._brake = brake
        self._speed = speed
        self._lock = threading.Lock()
        self._originals: dict[int, tuple[dict[str, Any], int]] = {}  # by activity: its provider, times in use

    def install(self) -> None:
        chaoslib.activity.controls = self._around
        chaoslib.activity.time = SimpleNamespace(sleep=self._pause)  # there it is used for pauses only

    @contextmanager
    def _around(
        self,
        level: str,
        experiment: dict[str, Any],
        context: dict[str, Any],
        configuration: dict[str, Any] | None = None,
        secrets: dict[str, Any] | None = None,
    ) -> Iterator[Control]:
        with controls(level, experiment, context, configuration, secrets) as control:
            before = (self.phase.activity, self.phase.background)
            self.phase.armed = False
            self.phase.activity, self.phase.background = context.get("name"), bool(context.get("background"))
            translated = self._ask(context, configuration)
            try:
                yield control
            finally:
                if translated:
                    self._put_back(context)
                self.phase.activity, self.phase.background = before

    def _ask(self, context: dict[str, Any], configuration: dict[str, Any] | None) -> bool:
        """True where the activity runs with another provider than the file's."""
        if self.phase.hypothesis or self.rolling_back:
            return False
        try:
            answer = self._wire.ask("ask", **describe(context, configuration))
        except Exception as error:
            raise self._refused(context, repr(error)) from error
        if answer.get("answer") == "go":
            self.phase.armed = bool(answer.get("read_back"))
            return self._translate(context, answer.get("provider"))
        raise self._refused(context, str(answer.get("why") or answer.get("answer")))

    def _translate(self, context: dict[str, Any], provider: dict[str, Any] | None) -> bool:
        if not provider:
            return False
        with self._lock:
            original, users = self._originals.get(id(context), (context["provider"], 0))
            self._originals[id(context)] = (original, users + 1)
            context["provider"] = {**original, **provider}  # a new one: journal.experiment keeps the file's
        return True

    def _put_back(self, context: dict[str, Any]) -> None:
        with (
            self._lock
        ):  # the same activity may stand twice in an experiment, by `ref`, and run in the background
            original, users = self._originals.pop(id(context))
            if users > 1:
                self._originals[id(context)] = (original, users - 1)
            else:
                context["provider"] = original

    def _refused(self, context: dict[str, Any], why: str) -> InterruptExecution:
        if context.get("background"):
            self._brake.pull()  # in a pool's thread the exception would only skip this one activity
        return InterruptExecution(f"'{context.get('name')}' was not allowed to run: {why}")

    def _pause(self, seconds: float) -> None:
        real = float(seconds) / self._speed
        self._wire.tell(
            "pause",
            name=self.phase.activity,
            seconds=real,
            asked=float(seconds),
            phase="rollbacks" if self.rolling_back else self.phase.hypothesis or "method",
            background=self.phase.background,
        )
        time.sleep(real)


def describe(context: dict[str, Any], configuration: dict[str, Any] | None) -> dict[str, Any]:
    """The activity as it is about to run, configuration filled in, secrets not."""
    provider = dict(context.get("provider", {}))
    if "arguments" in provider and configuration:
        provider["arguments"] = substitute(provider["arguments"], configuration, None)
    return {
        "name": context.get("name"),
        "type": context.get("type"),
        "background": bool(context.get("background")),
        "provider": provider,
    }
