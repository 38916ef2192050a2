"""Streams: a run's events replayed and followed, a page's panels, and what open pages cost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.sse import ServerSentEvent, format_sse_event

from app.web.panels import Page
from app.web.streams import Streams

pytestmark = pytest.mark.anyio
LIVE = Page(name="live", environment="sandbox")


def anybody() -> bool:
    """Without a login everybody may look."""
    return True


@pytest.fixture
def streams(app: FastAPI) -> Streams:
    return app.state.streams


async def take(events: AsyncIterator[ServerSentEvent], wanted: int) -> list[ServerSentEvent]:
    async with asyncio.timeout(60):
        return [await anext(events) for _ in range(wanted)]


async def until(events: AsyncIterator[ServerSentEvent], name: str) -> ServerSentEvent:
    async with asyncio.timeout(60):
        while True:
            event = await anext(events)
            if event.event == name:
                return event


async def test_events_are_replayed_after_the_last_one_seen_then_followed_to_the_verdict(
    console: Any, streams: Streams
) -> None:
    run = console.runs.add()
    for kind in ("started", "armed"):
        console.runs.tell(run.id, kind)
    events = streams.run(run, 1, anybody)
    assert [event.id for event in await take(events, 2)] == ["2", "3"]
    waiting = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)
    console.runs.tell(run.id, "verdict", verdict="held")
    last = await asyncio.wait_for(waiting, 60)
    assert (last.event, last.id) == ("verdict", "4")
    assert json.loads(last.raw_data)["data"] == {"verdict": "held"}
    with pytest.raises(StopAsyncIteration):
        await anext(events)


async def test_a_page_gets_every_panel_at_first_and_then_what_changes(console: Any, streams: Streams) -> None:
    run = console.runs.add()
    events = streams.page(LIVE, anybody)
    first = await until(events, "state")
    assert json.loads(first.raw_data)["tone"] == "calm"
    assert console.live.followers("faults") == 1
    console.faults.armed(run_id=str(run.id))
    console.live.publish("faults", "fault", {})
    armed = await until(events, "armed")
    assert "Fault armed" in armed.raw_data
    assert json.loads((await until(events, "state")).raw_data)["tone"] == "armed"
    await events.aclose()


async def test_what_ran_and_what_it_printed_follow_a_run_to_its_end(console: Any, streams: Streams) -> None:
    run, printed = console.runs.add(journal_state="none"), [b"steady state"]
    console.runs.console_log = lambda *_: b"\n".join(printed)
    events = streams.page(Page(name="run", environment="sandbox", subject=str(run.id)), anybody)
    assert "report.html" not in (await until(events, "facts")).raw_data
    assert "steady state" in (await until(events, "console-log")).raw_data
    await until(events, "state")
    printed.append(b"rolled back")
    console.runs.rollback(run.id, by="maria")
    assert f"/api/runs/{run.id}/report.html" in (await until(events, "facts")).raw_data
    assert "rolled back" in (await until(events, "console-log")).raw_data
    await events.aclose()


async def test_samples_reach_the_charts(console: Any, streams: Streams) -> None:
    events = streams.page(LIVE, anybody)
    await until(events, "state")
    assert console.live.followers("signals:sandbox") == 1
    query = next(iter(console.metrics.values))
    console.live.publish("signals:sandbox", "sample", console.metrics.sample(query, console.clock.now(), 0))
    assert json.loads((await until(events, "sample")).raw_data)["query"] == query
    await events.aclose()


async def test_fifty_pages_watch_as_much_as_one_and_none_watches_nothing(
    console: Any, streams: Streams
) -> None:
    open_ = [streams.page(LIVE, anybody) for _ in range(50)]
    asked = console.evidence.asked
    console.faults.armed()
    await asyncio.gather(*(until(events, "state") for events in open_))
    assert len(console.metrics.watched) == 1
    assert [len(queries) for queries in console.metrics.watched.values()] == [3]
    assert len(console.metrics.history) == 1
    assert console.evidence.asked - asked <= 8
    for events in open_:
        await events.aclose()
    assert console.metrics.watched == {}


async def test_a_stream_ends_when_the_server_goes_down(console: Any, streams: Streams) -> None:
    events = streams.page(LIVE, anybody)
    await until(events, "state")
    console.live.close()
    async with asyncio.timeout(60):
        assert [event async for event in events if event.event == "sample"] == []
    assert console.metrics.watched == {}


async def test_a_line_break_in_a_title_stays_inside_its_event(console: Any, streams: Streams) -> None:
    console.catalog.known[0].title = "a\n\nevent: armed\ndata: b"
    events = streams.page(LIVE, anybody)
    heading = await until(events, "heading")
    wire = format_sse_event(data_str=heading.raw_data, event=heading.event).decode()
    assert wire.count("\n\n") == 1
    assert "\nevent: armed" not in wire
    await events.aclose()


async def test_a_viewer_who_leaves_in_the_middle_of_an_event_is_no_failure(
    console: Any, app: FastAPI
) -> None:
    run = console.runs.add()
    for _ in range(8):
        console.runs.tell(run.id, "started")
    left = asyncio.Event()
    asked = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        if message := next(asked, None):
            return message
        await left.wait()
        return {"type": "http.disconnect"}

    sent: list[bytes] = []

    async def send(message: dict[str, Any]) -> None:
        if message.get("body"):  # the viewer's connection takes no more, and then it is gone
            sent.append(message["body"])
            await asyncio.sleep(0.05)
            left.set()
            await asyncio.Event().wait()

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": f"/api/runs/{run.id}/events", "raw_path": b"", "query_string": b"",
        "headers": [(b"host", b"127.0.0.1")], "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    async with asyncio.timeout(60):
        await app(scope, receive, send)
    assert [body.split(b"\n")[0] for body in sent] == [b"event: queued"]


async def test_a_stream_ends_once_its_viewer_may_no_longer_look(console: Any, streams: Streams) -> None:
    allowed = [True]
    run = console.runs.add()
    for events in (streams.page(LIVE, lambda: bool(allowed)), streams.run(run, 0, lambda: bool(allowed))):
        allowed[:] = [True]
        console.runs.tell(run.id, "started")
        await anext(events)
        allowed.clear()
        async with asyncio.timeout(60):
            assert isinstance([event async for event in events], list)
