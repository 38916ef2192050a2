"""Server-sent events: a page's panels as they change, and a run's events replayed and followed.

A stream holds no database session, lives at most ten minutes (the browser comes back by itself), and ends when
the server goes down. A viewer that is too slow is dropped by `live` and starts over from a fresh page.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from anyio import CancelScope, CapacityLimiter, to_thread
from fastapi.encoders import jsonable_encoder
from fastapi.sse import ServerSentEvent

from app.console import Console
from app.live import Message
from app.runs import Event, Run
from app.web.answers import event_json, sample_json
from app.web.boards import Boards
from app.web.focus import focus_on, reading_of
from app.web.lanes import STARTS
from app.web.panels import Page
from app.web.watching import Watching

LONGEST = 600.0  # seconds that a stream lives
TICK = 2.0  # evidence and counts come without a message
THREADS = 8
SHARED = 1.0  # seconds that a board built for another viewer is good for
GATHER = 0.1  # messages come in bunches: one building answers them all
Allowed = Callable[[], bool]  # whether who opened a stream may still see it
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Streams:
    """What the stream routes are made of."""

    console: Console
    boards: Boards
    watching: Watching
    # Their own few threads: however many pages wait for one board, a rollback never waits for a thread.
    threads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(THREADS))
    # And those of starts whose verdict is waited for: that wait is in no lane.
    starts: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(STARTS))

    async def page(self, page: Page, allowed: Allowed) -> AsyncIterator[ServerSentEvent]:
        """Every panel at first, then those that changed, and samples for the charts."""
        name, queries = await self._thread(self._wanted, page)
        topics = ("faults", "runs", f"signals:{page.environment}", *_run_topic(page))
        async with (
            self._watched(page, name, queries),
            self.console.live.follow(*topics) as messages,
            aclosing(self._panels(page, messages, allowed)) as sent,
        ):
            async for event in sent:
                yield event

    async def _panels(
        self, page: Page, messages: AsyncIterator[Message], allowed: Allowed
    ) -> AsyncGenerator[ServerSentEvent]:
        sent: dict[str, Any] = {}
        news = News(messages)
        ends = time.monotonic() + LONGEST
        try:
            while not news.over and time.monotonic() < ends and await self._thread(allowed):
                began = time.monotonic() - (0 if news.heard else SHARED)
                for sample in news.samples():
                    yield ServerSentEvent(event="sample", raw_data=json.dumps(sample))
                board = await self._thread(partial(self.boards.board, page, not_before=began))
                for panel in board.panels:
                    if panel.name not in sent or sent[panel.name] != panel.view:
                        sent[panel.name] = panel.view
                        text = await self._thread(board.text, panel)
                        yield ServerSentEvent(event=panel.name, raw_data=text)
                await news.wait(TICK)
        finally:
            news.close()

    @asynccontextmanager
    async def _watched(self, page: Page, name: str, queries: list[Any]) -> AsyncGenerator[None]:
        with CancelScope(shield=True):  # a viewer who leaves at once must not leave a watch behind
            subject = await self._thread(self.watching.open, page.environment, name, queries)
        try:
            yield
        finally:
            with CancelScope(shield=True):
                await self._thread(self.watching.close, subject)

    def _wanted(self, page: Page) -> tuple[str, list[Any]]:
        """The queries of the signals on a page, under a name that pages with the same ones share."""
        environment = self.console.settings.environments[page.environment]
        if page.name == "live":
            focus = focus_on(self.console, environment, page.subject)
            return focus.id, focus.queries
        experiment_id = page.subject if page.name == "experiment" else None
        if page.name == "run":
            run = self.console.runs.get(int(page.subject or 0))
            experiment_id = None if run.ended else run.experiment
        if not experiment_id:
            return page.name, []
        reading, _ = reading_of(self.console, self.console.catalog.load(experiment_id), environment)
        signals = reading.signals if reading else ()
        return experiment_id, [signal.query for signal in signals if signal.query is not None]

    async def run(self, run: Run, after: int, allowed: Allowed) -> AsyncIterator[ServerSentEvent]:
        """Events with a greater number than `after`, from the table; then as they happen, until the verdict."""
        seen, ends = after, time.monotonic() + LONGEST
        async with self.console.live.follow(run.topic) as messages:
            news = News(messages)
            try:
                while not news.over and time.monotonic() < ends and await self._thread(allowed):
                    events = news.events(after=seen) or await self._thread(
                        self.console.runs.events, run.id, seen
                    )
                    for event in events:
                        seen = event.seq
                        yield _told(event)
                        if event.kind == "verdict":
                            return
                    if not events and await self._thread(self._settled, run.id):
                        return
                    await news.wait(TICK, gather=0)
            finally:
                news.close()

    async def verdict(self, run_id: int, seconds: float, gone: Callable[[], Awaitable[bool]]) -> Run:
        """The run once its verdict is given; as it is where that takes longer, the client leaves or the server goes down."""
        ends = time.monotonic() + seconds
        async with self.console.live.follow(f"run:{run_id}") as messages:
            news = News(messages)
            try:
                while True:
                    run = await self._thread(self.console.runs.get, run_id)
                    left = ends - time.monotonic()
                    if run.verdict is not None or left <= 0 or news.over or await gone():
                        return run
                    await news.wait(min(left, TICK))
            finally:
                news.close()

    async def _thread(self, function: Callable[..., T], *words: Any) -> T:
        return await to_thread.run_sync(function, *words, limiter=self.threads)

    def _settled(self, run_id: int) -> bool:
        run = self.console.runs.get(run_id)
        return run.ended and run.verdict is not None


class News:
    """Messages of a topic, awaited without losing one to a timeout."""

    def __init__(self, messages: AsyncIterator[Message]) -> None:
        self._messages = messages
        self._next: asyncio.Future[Message] | None = None
        self._samples: list[dict[str, Any]] = []
        self._events: list[Event] = []
        self.over = False
        self.heard = False  # whether something happened since the last look

    async def wait(self, seconds: float, *, gather: float = GATHER) -> None:
        """Until something happens, and what happens with it; or until `seconds` have passed."""
        self.heard = False
        until = time.monotonic() + seconds
        while not self.over:
            if self._next is None:
                self._next = asyncio.ensure_future(_following(self._messages))
            done, _ = await asyncio.wait({self._next}, timeout=max(0.0, until - time.monotonic()))
            if not done:
                return
            if not self.heard:
                until = time.monotonic() + gather
            self._take(self._next)
            self._next = None

    def samples(self) -> list[dict[str, Any]]:
        samples, self._samples = self._samples, []
        return samples

    def events(self, *, after: int) -> list[Event]:
        """A run's events that were heard of, where none is missing after that number; else nothing."""
        events = [event for event in self._events if event.seq > after]
        self._events = []
        whole = [event.seq for event in events] == list(range(after + 1, after + 1 + len(events)))
        return events if whole else []

    def close(self) -> None:
        if self._next is not None and not self._next.cancel():
            self._next.exception()

    def _take(self, future: asyncio.Future[Message]) -> None:
        try:
            message = future.result()
        except StopStream:
            self.over = True
            return
        self.heard = True
        if isinstance(message.data, Event):
            self._events.append(message.data)
        if message.kind == "sample":
            found = message.data if isinstance(message.data, list | tuple) else [message.data]
            self._samples += [sample_json(sample) for sample in found]


class StopStream(Exception):  # noqa: N818  the end of a stream is no error
    """A future can not hold StopAsyncIteration."""


async def _following(messages: AsyncIterator[Message]) -> Message:
    try:
        return await anext(messages)
    except StopAsyncIteration:
        raise StopStream from None


def _told(event: Event) -> ServerSentEvent:
    data = json.dumps(jsonable_encoder(event_json(event)))
    return ServerSentEvent(event=event.kind, id=str(event.seq), raw_data=data)


def _run_topic(page: Page) -> tuple[str, ...]:
    return (f"run:{page.subject}",) if page.name == "run" else ()
