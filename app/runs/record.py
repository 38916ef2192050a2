"""A run's events: written with their numbers, then told to whoever follows."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from app import crash
from app.clock import Clock
from app.live import Live
from app.logs import about
from app.runs import store
from app.runs.run import Event
from app.storage import Storage

LOGGER = logging.getLogger(__name__)
NAMES = ("verdict", "name", "store", "status", "text", "experiment")  # what an event is best known by
Told = tuple[str, Mapping[str, Any]]


class Record:
    """Events leave in the order of their numbers: one writer at a time, as the database has it anyway."""

    def __init__(self, storage: Storage, live: Live, clock: Clock) -> None:
        self._storage = storage
        self._live = live
        self._clock = clock
        self._lock = threading.Lock()

    def append(
        self, run_id: int, *told: Told, also: Callable[[Session], object] | None = None, **columns: Any
    ) -> list[Event]:
        """Write events, and changed columns of the run, in one transaction; then publish."""
        with self._lock:
            with self._storage.writing() as session:
                if columns:
                    store.change(session, run_id, **columns)
                if also is not None:
                    also(session)
                events = store.append(session, run_id, told, at=self._clock.now())
            if columns.get("ended_at") is not None:
                crash.here("end-committed")
            self._publish(run_id, events, changed=bool(columns))
        return events

    def announce(self, run_id: int, events: Iterable[Event]) -> None:
        """Publish what another transaction has written already."""
        self._publish(run_id, list(events), changed=True)

    def _publish(self, run_id: int, events: list[Event], *, changed: bool) -> None:
        with about(run_id=run_id):
            for event in events:
                self._live.publish(f"run:{run_id}", event.kind, event, id=event.seq)
                LOGGER.info("Run %s: %s", run_id, told(event), extra={"event": event.kind, "seq": event.seq})
        if changed:
            self._live.publish("runs", "run", {"id": run_id})


def told(event: Event) -> str:
    """What a line says of an event: its kind, and the name of what it is about."""
    name = next((str(event.data[key]) for key in NAMES if event.data.get(key)), "")
    return f"{event.kind}: {name}" if name else event.kind
