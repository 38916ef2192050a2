"""Who is arming right now, and an end to it: once the console goes down nothing begins to arm any more."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import Unavailable
from app.faults.entry import Store


class Gate:
    """Threads share it. Once closed it stays so."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside: list[Store] = []
        self._closed = False

    @contextmanager
    def passed(self, store: Store) -> Iterator[None]:
        """Unavailable once it is closed; whoever is inside by then is known to be."""
        with self._changed:
            self.refuse_closed()
            self._inside.append(store)
        try:
            yield
        finally:
            with self._changed:
                self._inside.remove(store)
                self._changed.notify_all()

    def refuse_closed(self) -> None:
        if self._closed:
            raise Unavailable("The console is going down and arms nothing any more.")

    def close(self) -> None:
        with self._changed:
            self._closed = True

    def inside(self) -> frozenset[Store]:
        """Stores that are being armed."""
        with self._changed:
            return frozenset(self._inside)

    def wait_empty(self, seconds: float) -> None:
        """Until nobody is inside, or for that long."""
        with self._changed:
            self._changed.wait_for(lambda: not self._inside, timeout=seconds)
