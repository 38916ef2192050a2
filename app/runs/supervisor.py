"""The loop that runs are executed by."""

from __future__ import annotations

import threading

from app.runs.runs import Runs


class Supervisor:
    def __init__(self, runs: Runs) -> None: ...

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError

    def heal(self) -> None:
        raise NotImplementedError

    def shutdown(self, *, hurry: threading.Event | None = None, wait: bool = True) -> None:
        raise NotImplementedError
