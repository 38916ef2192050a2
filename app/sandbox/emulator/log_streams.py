"""Lambda's log streams as on AWS, one a container, and kept within bounds.

ministack opens a stream for every invocation. At the sandbox's rate that makes 70,000 of them an hour,
each of which FilterLogEvents looks into, and it forgets none.
"""

# ruff: noqa: SLF001  ministack has no public names for what is replaced here

from __future__ import annotations

import threading
import uuid
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from app.sandbox.emulator.service_metrics import replace

MOST_EVENTS = 100_000  # of a log group: a quarter of an hour at speed 10
KEPT_AFTER = 80_000  # so that there is room again for a while
STILL_OPEN = 60_000  # milliseconds in which a container may still be about to write
EVERY = 30.0  # seconds


@dataclass(frozen=True, kw_only=True)
class LogStreams:
    functions: ModuleType  # ministack.services.lambda_svc
    logs: ModuleType  # ministack.services.cloudwatch_logs
    _here: threading.local = field(default_factory=threading.local)  # an invocation stays in one thread

    def install(self) -> None:
        """Name streams after containers, and prune in the background until the process ends."""
        acquire, emit, new_uuid = (
            self.functions.acquire_worker,
            self.functions._emit_lambda_logs,
            self.functions.new_uuid,
        )

        def acquired(*args: Any, **named: Any) -> Any:
            worker, reason = acquire(*args, **named)
            self._here.container = None if worker is None else container(worker)
            return worker, reason

        def emitted(*args: Any, **named: Any) -> None:
            self._here.naming = True
            try:
                emit(*args, **named)
            finally:
                self._here.naming = False
                self._here.container = None

        def named_or_new() -> str:
            """While logs are written ministack asks for one UUID: the stream's."""
            name = getattr(self._here, "container", None) if getattr(self._here, "naming", False) else None
            return name or str(new_uuid())

        replace(self.functions, acquire_worker=acquired, _emit_lambda_logs=emitted, new_uuid=named_or_new)
        threading.Thread(target=self._run, name="log-pruning", daemon=True).start()

    def prune(self) -> None:
        """Forget the oldest events of log groups that hold too many."""
        with self.logs._log_events_lock:
            for group in list(self.logs._log_groups._data.values()):
                pruned(group["streams"])

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(EVERY):
            self.prune()


def container(worker: Any) -> str:
    """The same name for the same container."""
    if not hasattr(worker, "log_stream"):
        worker.log_stream = str(uuid.uuid4())
    return str(worker.log_stream)


def pruned(streams: dict[str, dict[str, Any]], *, most: int = MOST_EVENTS, kept: int = KEPT_AFTER) -> None:
    """Beyond `most` events keep the newest `kept` or so, and no stream that is empty and long silent."""
    if sum(len(stream["events"]) for stream in list(streams.values())) <= most:
        return
    times = sorted(_time(event) for stream in list(streams.values()) for event in stream["events"])
    oldest = times[-kept]
    for name, stream in list(streams.items()):
        del stream["events"][: bisect_left(stream["events"], oldest, key=_time)]
        if not stream["events"] and (stream["lastEventTimestamp"] or 0) < oldest - STILL_OPEN:
            del streams[name]


def _time(event: Mapping[str, Any]) -> int:
    return int(event["timestamp"])
