"""The page and the API of notifications: who is told, what became of it, and no secret anywhere."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from app.notifications import Kind, Notice, Sender, enqueue
from app.notifications.target import NotSent
from app.settings import Channel
from app.web import create_app

pytestmark = pytest.mark.anyio
CANARY = "hunter2CANARY"


@pytest.fixture
def room(console: Any) -> Any:
    console.settings.channels.update(
        {
            "ops": Channel(name="ops", url=f"slack://{CANARY}/{CANARY}", kinds=("armed", "stuck")),
            "bot": Channel(name="bot", webhook=f"https://bot.example/{CANARY}", secret_env="HOOK_SECRET"),
        }
    )
    return console.notifications


def carried(room: Any, fails: str = "") -> None:
    def post(target: Any, message: Any, *, now: Any) -> None:
        if fails:
            raise NotSent(f"{fails} {target.address}")

    room._post = post
    sender = Sender(room)
    sender.route()
    for channel in sender.due():
        while sender.step(channel):
            pass


async def test_an_empty_page_says_how_a_channel_is_made(client: httpx.AsyncClient) -> None:
    page = (await client.get("/notifications")).text
    assert "[channels.ops]" in page
    assert "Nothing was sent yet" in page
    assert (await client.get("/api/notifications/channels")).json() == []


async def test_a_sandbox_says_that_no_channel_of_gameday_toml_is_told_by_it(console: Any) -> None:
    told = []
    for control in (console.sandbox, None):
        console.sandbox = control
        transport = httpx.ASGITransport(app=create_app(console))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            page = (await client.get("/notifications")).text
        told.append("The sandbox reads no <code>gameday.toml</code>" in page)
    assert told == [True, False]


async def test_channels_are_shown_without_their_secrets(client: httpx.AsyncClient, room: Any) -> None:
    ops, bot = (await client.get("/api/notifications/channels")).json()
    assert (ops["target"], ops["kinds"], ops["trouble"]) == ("slack://…", ["armed", "stuck"], None)
    assert bot["target"] == "https://bot.example/…"
    assert bot["trouble"] == "The variable HOOK_SECRET is empty or not set."
    page = (await client.get("/notifications")).text
    for told in ("slack://…", "armed, stuck", "everything", "HOOK_SECRET is empty", "sandbox"):
        assert told in page
    assert CANARY not in page


async def test_a_test_goes_through_the_outbox_and_its_delivery_is_shown(
    client: httpx.AsyncClient, room: Any
) -> None:
    asked = await client.post("/api/notifications/channels/ops/test")
    assert asked.status_code == 202
    carried(room)
    (one,) = (await client.get(asked.json()["deliveries"])).json()
    assert (one["notice"], one["kind"], one["state"], one["attempts"]) == (
        asked.json()["notice"],
        "test",
        "sent",
        1,
    )
    assert "✓ sent" in (await client.get("/notifications")).text


async def test_what_is_not_taken_says_why_and_when_it_is_tried_again(
    client: httpx.AsyncClient, room: Any
) -> None:
    await client.post("/notifications/ops/test", headers={"origin": "http://127.0.0.1:8000"})
    carried(room, fails="The receiver answered 503 at")
    (one,) = (await client.get("/api/notifications/deliveries?state=pending")).json()
    assert one["last_error"].startswith("The receiver answered 503 at ")
    assert one["next_attempt_at"]
    page = (await client.get("/notifications")).text
    assert "1 attempt; again at" in page
    assert CANARY not in page + str(one)


async def test_deliveries_come_a_page_at_a_time(client: httpx.AsyncClient, room: Any) -> None:
    for _ in range(5):
        await client.post("/api/notifications/channels/ops/test")
    carried(room)
    page = await client.get("/api/notifications/deliveries?limit=2&channel=ops")
    seen = [one["id"] for one in page.json()]
    while link := page.headers.get("link"):
        page = await client.get(link.partition("<")[2].partition(">")[0])
        seen += [one["id"] for one in page.json()]
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)


async def test_deliveries_are_filtered_by_kind(client: httpx.AsyncClient, room: Any) -> None:
    await client.post("/api/notifications/channels/ops/test")
    carried(room)
    at = "/api/notifications/deliveries"
    assert [one["kind"] for one in (await client.get(f"{at}?kind=test&state=sent")).json()] == ["test"]
    assert (await client.get(f"{at}?kind=verdict")).json() == []
    assert (await client.get(f"{at}?kind=gossip")).status_code == 422


async def test_there_is_no_test_of_a_channel_that_is_not_there(client: httpx.AsyncClient, room: Any) -> None:
    answer = await client.post("/api/notifications/channels/nobody/test")
    assert answer.status_code == 404
    assert "There are: ops, bot" in answer.json()["detail"]
    assert (await client.get("/api/notifications/deliveries?state=lost")).status_code == 422


async def test_a_hostile_notice_is_text_on_the_page(
    client: httpx.AsyncClient, room: Any, console: Any
) -> None:
    hostile = Notice(
        kind=Kind.ARMED, environment="<img onerror=x>", subject="fault:<b>", at=console.clock.now(), data={}
    )
    with console.storage.writing() as session:
        enqueue(session, hostile)
    carried(room)
    page = (await client.get("/notifications")).text
    assert "<img onerror" not in page
    assert "&lt;img onerror=x&gt;" in page
