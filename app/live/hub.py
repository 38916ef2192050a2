"""One serialised message is shared by all who follow a topic; a slow follower is dropped."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

BACKLOG = 256  # messages that a follower may lag behind before it must start over from a snapshot


@dataclass(frozen=True, kw_only=True)
class Message:
    topic: str
    kind: str
    data: Any = None
    id: int | None = None  # a run's event sequence; None where nothing is replayed


@dataclass(eq=False)
class _Follower:
    loop: asyncio.AbstractEventLoop
    queue: asyncio.Queue[Message | None]
    dropped: bool = False

    def offer(self, message: Message | None) -> None:
        if self.dropped:
            return
        try:
            self.queue.put_nowait(message)
        except asyncio.QueueFull:
            self.dropped = True  # `follow` sees it after the backlog and ends


class Live:
    """`publish` from any thread; `follow` in the event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._followers: dict[str, set[_Follower]] = defaultdict(set)
        self._closed = False

    def publish(self, topic: str, kind: str, data: Any = None, *, id: int | None = None) -> None:  # noqa: A002
        """Hand a message to everyone who follows `topic`. Never blocks, never fails."""
        self._send([topic], Message(topic=topic, kind=kind, data=data, id=id))

    def followers(self, topic: str) -> int:
        with self._lock:
            return len(self._followers.get(topic, ()))

    def viewers(self) -> int:
        """How many follow anything at all, each counted once."""
        with self._lock:
            return len({follower for followers in self._followers.values() for follower in followers})

    def close(self) -> None:
        """End every stream: the server is going down."""
        with self._lock:
            self._closed = True
            topics = list(self._followers)
        self._send(topics, None)

    def follow(self, *topics: str) -> Following:
        """Messages of `topics` from now on, as a context. Ends when the hub closes or the follower falls behind."""
        return Following(self, topics)

    def _enter(self, topics: tuple[str, ...], follower: _Follower) -> None:
        with self._lock:
            for topic in topics:
                self._followers[topic].add(follower)
            closed = self._closed
        if closed:
            follower.offer(None)

    def _leave(self, topics: tuple[str, ...], follower: _Follower) -> None:
        with self._lock:
            for topic in topics:
                self._followers[topic].discard(follower)
                if not self._followers[topic]:
                    del self._followers[topic]

    def _send(self, topics: list[str], message: Message | None) -> None:
        with self._lock:
            followers = {follower for topic in topics for follower in self._followers.get(topic, ())}
        for follower in followers:
            with contextlib.suppress(RuntimeError):  # its loop has ended
                follower.loop.call_soon_threadsafe(follower.offer, message)


class Following:
    """No generator: a loop that ends closes all generators at once, and one inside another then fails to end."""

    def __init__(self, hub: Live, topics: tuple[str, ...]) -> None:
        self._hub = hub
        self._topics = topics
        self._follower: _Follower | None = None

    async def __aenter__(self) -> AsyncIterator[Message]:
        self._follower = _Follower(asyncio.get_running_loop(), asyncio.Queue(BACKLOG))
        self._hub._enter(self._topics, self._follower)  # noqa: SLF001  the hub's own other half
        return _drain(self._follower)

    async def __aexit__(self, *_: object) -> None:
        if self._follower is not None:
            self._hub._leave(self._topics, self._follower)  # noqa: SLF001  the hub's own other half


async def _drain(follower: _Follower) -> AsyncIterator[Message]:
    while not (follower.dropped and follower.queue.empty()):
        message = await follower.queue.get()
        if message is None:
            return
        yield message
