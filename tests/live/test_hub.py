"""Topic → followers: what is shared, who is dropped, how streams end."""

from __future__ import annotations

import asyncio
import threading

from app.live import Live
from app.live.hub import BACKLOG


async def collect(live: Live, topic: str, ready: asyncio.Event) -> list[object]:
    async with live.follow(topic) as messages:
        ready.set()
        return [message.data async for message in messages]


def test_a_message_from_a_thread_reaches_every_follower_of_its_topic():
    async def scene() -> list[list[object]]:
        live = Live()
        ready = [asyncio.Event() for _ in range(3)]
        followers = [
            asyncio.create_task(collect(live, topic, event))
            for topic, event in zip(["run:1", "run:1", "run:2"], ready, strict=True)
        ]
        await asyncio.gather(*(event.wait() for event in ready))
        thread = threading.Thread(target=live.publish, args=("run:1", "event", "armed"))
        thread.start()
        await asyncio.to_thread(thread.join)
        live.close()
        return await asyncio.gather(*followers)

    assert asyncio.run(scene()) == [["armed"], ["armed"], []]


def test_a_follower_that_falls_behind_is_dropped_and_never_buffered_without_bound():
    async def scene() -> list[object]:
        live = Live()
        async with live.follow("signals") as messages:
            for number in range(BACKLOG + 50):
                live.publish("signals", "sample", number)
            return [message.data async for message in messages]

    assert asyncio.run(scene()) == list(range(BACKLOG))


def test_closing_ends_streams_that_come_later_too():
    async def scene() -> list[object]:
        live = Live()
        live.close()
        async with live.follow("runs") as messages:
            return [message.data async for message in messages]

    assert asyncio.run(asyncio.wait_for(scene(), 60)) == []


def test_nobody_is_counted_once_the_stream_is_left():
    async def scene() -> tuple[int, int]:
        live = Live()
        async with live.follow("runs"):
            during = live.followers("runs")
        return during, live.followers("runs")

    assert asyncio.run(scene()) == (1, 0)


def test_a_topic_that_nobody_follows_any_more_leaves_nothing_behind():
    async def scene() -> Live:
        live = Live()
        for number in range(50):
            async with live.follow(f"run:{number}", "runs"):
                assert live.followers("runs") == 1
        return live

    live = asyncio.run(scene())
    assert live._followers == {}
    assert (live.followers("runs"), live.viewers()) == (0, 0)
