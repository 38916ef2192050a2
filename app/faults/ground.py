"""What everything in this room stands on: the ledger, the stores, and one lock for each of them."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from app.aws import Aws, Parameters
from app.clock import Clock
from app.errors import GamedayError
from app.faults import dead_mans_switch, lock
from app.faults.entry import Entry, Store
from app.faults.gate import Gate
from app.faults.ledger import Ledger
from app.live import Live
from app.logs import about
from app.settings import Environment, named
from app.storage import Storage

LOGGER = logging.getLogger(__name__)
TOPIC = "faults"
AGAIN = timedelta(minutes=1)
LATE_WRITES_WITHIN = timedelta(minutes=10)  # later, whoever writes the same value means it


class Later:
    """What nobody waits for, on a thread of its own. Once closed, at once: an arming that AWS held up ends late."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="unlocking")

    def submit(self, step: Callable[..., Any], *given: Any) -> Future[Any]:
        try:
            return self._thread.submit(step, *given)
        except RuntimeError:  # it takes nothing more
            done: Future[Any] = Future()
            done.set_result(step(*given))
            return done

    def close(self) -> None:
        self._thread.shutdown()


class Ground:
    """Threads share it. What happens to one store happens one at a time."""

    def __init__(
        self,
        *,
        storage: Storage,
        aws: Aws,
        clock: Clock,
        live: Live,
        environments: Mapping[str, Environment],
    ) -> None:
        self.ledger = Ledger(storage, clock)
        self._aws = aws
        self._clock = clock
        self._live = live
        self._environments = environments
        self._lock = threading.Lock()
        self._stores: defaultdict[tuple[str, str], threading.RLock] = defaultdict(threading.RLock)
        self._gate = Gate()
        self._later = Later()

    def close(self) -> None:
        """Wait until the locks of disarmed stores are let go."""
        self._later.close()

    def entry(self, entry_id: int) -> Entry:
        """NotFound where there is none."""
        return self.ledger.entry(entry_id)

    def busy(self, store: Store) -> Entry | None:
        """Who holds the store."""
        return self.ledger.busy(store)

    def _environment(self, name: str) -> Environment:
        return named(self._environments, name)

    def _held(self, store: Store) -> Parameters:
        """What the store's kind is read and written through."""
        return self._aws.stores(store.environment, store.kind)

    def _locks(self, store: Store) -> Parameters:
        """Locks are parameters, whatever they lock."""
        return self._aws.parameters(store.environment)

    def _holding(self, store: Store) -> threading.RLock:
        with self._lock:
            return self._stores[store.environment, str(store)]

    def _release(self, entry: Entry) -> None:
        """A lock that can not be removed is recognised as left over by whoever arms next.

        A schedule that can not be would write over whoever comes later: it is tried again until it has run.
        """
        environment = self._environments.get(entry.environment)
        try:
            if environment is not None:
                dead_mans_switch.remove_for(self._aws, environment, entry)
        except GamedayError:
            self._look_later(entry)
        with contextlib.suppress(GamedayError), self._holding(entry.store):
            lock.release(self._locks(entry.store), entry)

    def _look_later(self, entry: Entry) -> None:
        now = self._clock.now()
        if self.entry(entry.id).next_attempt_at is None and now <= dead_mans_switch.runs_at(entry):
            self.ledger.change(entry.id, next_attempt_at=now + AGAIN)

    def _published(self, entry: Entry) -> Entry:
        data = {
            "id": entry.id,
            "state": entry.state.value,
            "environment": entry.environment,
            "run": entry.run_id,
        }
        self._live.publish(TOPIC, "fault", data)
        with about(run_id=number(entry.run_id), environment=entry.environment):
            level = logging.ERROR if entry.stuck else logging.INFO
            words = (entry.store, entry.environment, entry.state.value, entry.outcome or "")
            LOGGER.log(
                level, "%s in %s: %s. %s", *words, extra={"fault": entry.id, "state": entry.state.value}
            )
        return entry


def number(run_id: str | None) -> int | str | None:
    """A run's id as every other line has it."""
    return int(run_id) if run_id is not None and run_id.isdecimal() else run_id
