"""What carries notices out: a loop that writes deliveries, and a thread a channel that makes them.

A channel that hangs holds up its own thread, never another channel, and never whoever wrote the notice.
"""

from __future__ import annotations

import logging
import random
import threading
import time
import traceback
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from app import crash
from app.loop import Loop
from app.notifications import store
from app.notifications.delivery import LOST_AFTER, Delivery, DeliveryState, after_failure
from app.notifications.notifications import Notifications
from app.notifications.target import NotSent

TICK = 0.5  # seconds
LAST_WORDS = 2.0  # seconds that the console's end waits for what is on its way
KEPT, PRUNE_EVERY = timedelta(days=90), timedelta(hours=1)
NOBODY = "There is no such channel in gameday.toml any more."
LOGGER = logging.getLogger(__name__)


class Sender:
    def __init__(self, notifications: Notifications, *, dice: Callable[[], float] = random.random) -> None:
        self._notifications = notifications
        self._storage, self._clock = notifications.storage, notifications.clock
        self._dice = dice
        self._stopping = threading.Event()
        self._until = float("inf")  # monotonic seconds, once it is stopping
        self._bells = {name: threading.Event() for name in notifications.names}
        self._threads: list[threading.Thread] = []
        self._pruned: datetime | None = None
        self._troubles: dict[str, str] = {}  # by channel: what was last said of it, until something arrives
        self._loop = Loop("notices", self._tick, every=TICK, clock=self._clock)
        self.lag = self._loop.lag

    def recover(self) -> None:
        """What an earlier console had in hand is sent again; what was for channels that are gone, is not."""
        now = self._clock.now()
        with self._storage.writing() as session:
            store.let_go(session, now)
            store.give_up_others(session, self._notifications.names, NOBODY)

    def prune(self) -> None:
        """Forget old notices whose deliveries are over; at most once an hour."""
        now = self._clock.now()
        if self._pruned is None or now - self._pruned >= PRUNE_EVERY:
            with self._storage.writing() as session:
                store.forget(session, now - KEPT)
            self._pruned = now

    def route(self) -> int:
        """Write the deliveries of new notices. How many notices there were."""
        with self._storage.reading() as session:
            if not store.any_unrouted(session):
                return 0
        with self._storage.writing() as session:
            return store.route(
                session, self._notifications.receivers, now=self._clock.now(), new_key=lambda: f"msg_{uuid.uuid4().hex}"
            )  # fmt: skip

    def due(self) -> list[str]:
        """Channels with something to send."""
        with self._storage.reading() as session:
            return store.due(session, self._clock.now())

    def step(self, channel: str) -> bool:
        """Make one delivery of a channel, outside of any transaction. Whether there was one."""
        now = self._clock.now()
        with self._storage.writing() as session:
            delivery = store.claim(session, channel, now=now, until=now + LOST_AFTER)
        if delivery is None:
            return False
        crash.here("delivery-claimed")
        try:
            wrong = self._notifications.send(delivery)
        except NotSent as error:
            self._failed(delivery, str(error))
        except Exception as error:  # noqa: BLE001  whatever it was, the notice is not lost
            frames = "".join(
                traceback.format_tb(error.__traceback__)
            )  # without its text: that may hold secrets
            LOGGER.error("Delivery %s to %s: %s\n%s", delivery.id, channel, type(error).__name__, frames)  # noqa: TRY400  the same
            self._failed(delivery, f"The console made a mistake: {type(error).__name__}.")
        else:
            crash.here("delivery-sent")
            self._troubles.pop(channel, None)
            self._mark(
                delivery, state=DeliveryState.SENT.value, sent_at=self._clock.now(), next_attempt_at=None, last_error=wrong or None,
            )  # fmt: skip
        return True

    def start(self, *, recover: bool = True) -> None:
        """Recover, unless somebody else may have a delivery in hand; then carry on in threads of its own."""
        if recover:
            self.recover()
        self._threads = [
            threading.Thread(target=self._serve, args=(name,), name=f"to-{name}", daemon=True)
            for name in self._bells
        ]
        for thread in self._threads:
            thread.start()
        self._loop.start()

    def stop(self) -> None:
        """Send what can be sent at once. A receiver that hangs is not waited for: what it got is sent again."""
        self._until = time.monotonic() + LAST_WORDS
        self._stopping.set()
        self._loop.stop(within=LAST_WORDS)
        self._safely(self._tick)
        for bell in self._bells.values():
            bell.set()
        for thread in self._threads:
            thread.join(max(0.0, self._until - time.monotonic()))

    def _tick(self) -> None:
        self.route()
        self.prune()
        for name in self.due():
            if name in self._bells:
                self._bells[name].set()

    def _serve(self, channel: str) -> None:
        while not self._stopping.is_set():
            self._bells[channel].wait()
            self._bells[channel].clear()
            self._safely(lambda: self._drain(channel))

    def _drain(self, channel: str) -> None:
        while time.monotonic() < self._until and self.step(channel):
            pass

    def _failed(self, delivery: Delivery, why: str) -> None:
        state, again = after_failure(
            delivery.attempts, delivery.created_at, self._clock.now(), dice=self._dice()
        )
        self._mark(delivery, state=state.value, next_attempt_at=again, last_error=why)
        told = self._troubles.get(delivery.channel) == why and state is DeliveryState.PENDING
        self._troubles[delivery.channel] = why
        # A channel that is broken fails with everything that waits for it: said once, not once a delivery.
        LOGGER.log(logging.DEBUG if told else logging.WARNING,
                   "Delivery %s to %s is %s: %s", delivery.id, delivery.channel, state, why)  # fmt: skip

    def _mark(self, delivery: Delivery, **columns: object) -> None:
        with self._storage.writing() as session:
            store.mark(session, delivery.id, **columns)

    def _safely(self, step: Callable[[], object]) -> None:
        try:
            step()
        except Exception:
            # Nothing that a notice meets may end the loop that carries the next one.
            LOGGER.exception("Notices could not be carried out; the next tick tries again.")
