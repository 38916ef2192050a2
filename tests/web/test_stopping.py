"""Stop links: looking changes nothing, one press ends one thing, and strangers see nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.access import Access
from app.faults import FaultState
from app.notifications.stop_links import StopLink, StopLinks, key_of
from app.web import create_app

pytestmark = pytest.mark.anyio
PAGE = {"accept": "text/html"}
HERE = {**PAGE, "origin": "https://gameday.example"}


def stop_token(console: Any, noun: str, number: int, *, minutes: float = 60) -> str:
    until = console.clock.now() + timedelta(minutes=minutes)
    link = StopLink(noun=noun, id=number, channel="ops", until=until)
    return StopLinks(key_of(console.settings.data)).token(link)


@pytest.fixture
async def stranger(console: Any, clock: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Whoever got the message: not signed in, on a console that asks for it, by its public address."""
    console.access = Access(console.storage, clock)
    console.settings = replace(console.settings, host="10.0.0.7", public_url="https://gameday.example")
    transport = httpx.ASGITransport(app=create_app(console), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://gameday.example") as client:
        yield client


async def test_a_preview_changes_nothing_and_a_press_disarms(
    stranger: httpx.AsyncClient, console: Any
) -> None:
    entry = console.faults.armed()
    token = stop_token(console, "fault", entry.id)
    for method in ("GET", "GET", "HEAD", "OPTIONS"):
        answer = await stranger.request(method, f"/stop?token={token}", headers=PAGE)
    looked = await stranger.get(f"/stop?token={token}", headers=PAGE)
    assert answer.status_code == 405
    assert console.faults.active()
    for told in (
        "Half of the invocations of ChaosTransformer",
        "sandbox",
        "000000000000",
        "us-east-2",
        "by maria",
        "until",
    ):
        assert told in looked.text, told
    pressed = await stranger.post("/stop", data={"token": token}, headers=HERE)
    assert pressed.status_code == 200
    assert "It is over" in pressed.text
    assert not console.faults.active()
    assert console.faults.entry(entry.id).disarmed_by == "a stop link sent to ops"


async def test_a_second_press_says_that_it_is_over(stranger: httpx.AsyncClient, console: Any) -> None:
    token = stop_token(console, "fault", console.faults.armed().id)
    for _ in range(2):
        pressed = await stranger.post("/stop", data={"token": token})
    assert pressed.json() == {"sentence": "It is over already.", "disarmed": True}
    assert "<button" not in (await stranger.get(f"/stop?token={token}", headers=PAGE)).text


async def test_a_link_of_a_run_disarms_and_ends_that_run_alone(
    stranger: httpx.AsyncClient, console: Any
) -> None:
    run, other = console.runs.add(), console.runs.add()
    console.faults.armed(run_id=str(run.id))
    by_hand = console.faults.armed()
    pressed = await stranger.post("/stop", data={"token": stop_token(console, "run", run.id)}, headers=HERE)
    assert pressed.status_code == 200
    assert [one.id for one in console.runs.active()] == [other.id]
    assert [one.id for one in console.faults.active()] == [by_hand.id]
    assert "a stop link sent to ops" in console.runs.get(run.id).verdict_reason


async def test_a_link_of_another_console_or_of_nothing_is_not_found(
    stranger: httpx.AsyncClient, console: Any
) -> None:
    entry = console.faults.armed()
    until = console.clock.now() + timedelta(hours=1)
    forged = StopLinks(b"another key").token(StopLink(noun="fault", id=entry.id, channel="ops", until=until))
    for token in (forged, "", "x", stop_token(console, "fault", 99), stop_token(console, "run", 99)):
        for answer in (
            await stranger.get("/stop", params={"token": token}, headers=PAGE),
            await stranger.post("/stop", data={"token": token}, headers=HERE),
            await stranger.post("/stop", data={"token": token}),
        ):
            assert answer.status_code == 404, token
        assert answer.headers["content-type"] == "application/problem+json"
    assert console.faults.active()


async def test_an_expired_link_is_gone_and_says_where_to_sign_in(
    stranger: httpx.AsyncClient, console: Any
) -> None:
    token = stop_token(console, "fault", console.faults.armed().id, minutes=0)
    answer = await stranger.post("/stop", data={"token": token}, headers=HERE)
    assert answer.status_code == 410
    assert "/login" in answer.text
    assert "was good until" in answer.text
    assert console.faults.active()


async def test_strangers_see_nothing_else_of_the_console(stranger: httpx.AsyncClient, console: Any) -> None:
    mine = console.faults.armed()
    console.faults.armed(by="otto", store=replace(mine.store, name="anotherStore"))
    for address in (f"/stop?token={stop_token(console, 'fault', mine.id)}", "/stop?token=wrong"):
        answer = await stranger.get(address, headers=PAGE)
        assert "anotherStore" not in answer.text
        assert "armedbar" not in answer.text


async def test_another_site_presses_nothing(stranger: httpx.AsyncClient, console: Any) -> None:
    token = stop_token(console, "fault", console.faults.armed().id)
    for origin in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
        answer = await stranger.post("/stop", data={"token": token}, headers=origin)
        assert answer.status_code == 403
    assert console.faults.active()


async def test_a_token_in_the_address_alone_presses_nothing(
    stranger: httpx.AsyncClient, console: Any
) -> None:
    token = stop_token(console, "fault", console.faults.armed().id)
    assert (await stranger.post(f"/stop?token={token}", headers=HERE)).status_code == 404
    assert console.faults.active()


async def test_where_it_can_not_be_disarmed_the_page_says_so(
    stranger: httpx.AsyncClient, console: Any
) -> None:
    entry = console.faults.armed()
    token = stop_token(console, "fault", entry.id)
    stuck = replace(
        entry, attempts=1, outcome="Could not be disarmed, and is tried again: AWS does not answer."
    )
    console.faults.disarm = lambda *_, **__: stuck
    pressed = await stranger.post("/stop", data={"token": token}, headers=HERE)
    assert "✕ Could not be disarmed" in pressed.text
    assert "<button" in pressed.text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"state": FaultState.DRIFTED, "theirs": b"{}"}, "Somebody else wrote the store"),
        ({"state": FaultState.DISARMED}, "containers keep the fault"),
    ],
)
async def test_what_no_press_can_end_is_said(
    stranger: httpx.AsyncClient, console: Any, words: dict[str, Any], says: str
) -> None:
    now = console.clock.now()
    fires = {"disarmed_at": now, "settles_at": now, "last_hit_at": now + timedelta(minutes=5)}
    entry = console.faults.armed(**fires, **words)
    page = await stranger.get(f"/stop?token={stop_token(console, 'fault', entry.id)}", headers=PAGE)
    assert "A person is needed" in page.text
    assert says in page.text
