"""Notices of a console that dies, of receivers that die, and of receivers that hang: told at least once, delaying nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from tests.crash.harness import World, experiment
from tests.receivers import MailReceiver, WebReceiver
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.sandbox
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CANARY = "hunter2CANARY"
STORY = ["arming", "armed", "disarmed", "verdict"]  # of a run that nobody disturbs


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    receiver = WebReceiver().start()
    yield receiver
    receiver.hold.set()
    receiver.kill()


@pytest.fixture
def told(world: World, web: WebReceiver, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose console tells a webhook of everything."""
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    world.channels = f'[channels.bot]\nwebhook = "{web.url}"\nsecret_env = "HOOK_SECRET"\n'
    return world


def kinds(world: World, *states: str) -> list[str]:
    """Of deliveries in one of these states, in their order."""
    rows = world.rows(
        "select n.kind, d.state from deliveries d join notices n on n.id = d.notice_id order by n.id"
    )
    return [row["kind"] for row in rows if not states or row["state"] in states]


def all_sent(world: World) -> bool:
    pending = world.rows("select 1 from notices where routed_at is null")
    return not pending and bool(kinds(world)) and kinds(world) == kinds(world, "sent")


def first_of_each(web: WebReceiver) -> list[str]:
    """Types in the order in which they came first: at least once means that some come twice."""
    return list(dict.fromkeys(web.types()))


def test_a_run_is_told_from_its_arming_to_its_verdict_and_signed(told: World, web: WebReceiver) -> None:
    told.prepare(one=experiment(0.2))
    told.start()
    told.run()
    until(told.settled, "settled")
    until(lambda: all_sent(told), "all sent")
    assert web.types() == STORY
    for got in web.got:
        Webhook(SECRET).verify(got.body, got.headers)
    armed = web.got[1].json["data"]
    assert armed["account"] == "000000000000"
    assert armed["region"] == "us-east-2"
    assert armed["link"].startswith(told.url)
    assert armed["details"]["share"] == "50 %"


@pytest.mark.parametrize("place", ["delivery-claimed", "delivery-sent"])
def test_the_console_dies_before_and_after_a_notice_leaves(told: World, web: WebReceiver, place: str) -> None:
    told.prepare(one=experiment(60))
    console = told.start(crash_at=place)
    told.run()
    until(lambda: console.poll() is not None, "the console dies")
    assert console.returncode == -signal.SIGKILL
    assert kinds(told, "sending") == ["arming"], "a delivery was in hand"
    assert web.types() == (["arming"] if place == "delivery-sent" else [])
    told.recover()
    until(lambda: all_sent(told), "all sent")
    ids = [got.headers["webhook-id"] for got in web.got if got.type == "arming"]
    assert len(ids) == (2 if place == "delivery-sent" else 1)
    assert len(set(ids)) == 1, "a receiver knows it again"
    assert set(web.types()) >= {"arming", "disarmed", "verdict"}
    assert told.broken() == []


@pytest.mark.parametrize("place", ["intent-committed", "disarm-answered", "end-committed"])
def test_what_was_written_with_its_fact_is_told_by_the_next_console(
    told: World, web: WebReceiver, place: str
) -> None:
    told.prepare(one=experiment(0.2))
    console = told.start(crash_at=place)
    told.run()
    until(lambda: console.poll() is not None, "the console dies")
    told.recover()
    until(lambda: all_sent(told), "all sent")
    assert first_of_each(web)[0] == "arming"
    assert web.types().count("verdict") == 1
    assert told.broken() == []


def test_a_console_that_is_killed_while_a_receiver_hangs_sends_it_again(
    told: World, web: WebReceiver
) -> None:
    told.prepare(one=experiment(0.2))
    web.hold.clear()
    console = told.start()
    told.run()
    until(lambda: web.got, "the receiver has a request in hand")
    told.kill(console)
    assert kinds(told, "sending") == ["arming"]
    web.hold.set()
    told.recover()
    until(lambda: all_sent(told), "all sent")
    assert first_of_each(web)[0] == "arming"
    assert told.broken() == []


def test_a_receiver_that_hangs_delays_no_run_no_other_channel_and_no_end(
    told: World, web: WebReceiver
) -> None:
    other = WebReceiver().start()
    told.channels += f'[channels.other]\nwebhook = "{other.url}"\nsecret_env = "HOOK_SECRET"\n'
    told.prepare(one=experiment(0.2))
    web.hold.clear()
    console = told.start()
    told.run()
    until(lambda: web.got, "the receiver has a request in hand")
    until(told.settled, "the run has its verdict")
    until(lambda: other.types() == STORY, "the other channel has everything")
    console.send_signal(signal.SIGTERM)
    until(lambda: console.poll() is not None, "the console ends")
    assert (len(web.got), web.answered) == (1, 0), "all that time nothing was answered"
    other.kill()
    assert told.broken() == []


def test_while_no_console_runs_the_guardian_sends(told: World, web: WebReceiver) -> None:
    told.prepare(one=experiment(60))
    console = told.start()
    told.run()
    until(lambda: told.told("pause") and told.armed(), "in the pause")
    told.kill(console)
    os.kill(told.child, signal.SIGKILL)
    web.got.clear()
    told.start(command=("guardian",))
    until(lambda: "disarmed" in web.types(), "told by the guardian that it is disarmed")
    assert not told.armed()


def test_both_receivers_die_and_get_everything_once_they_are_back(told: World, web: WebReceiver) -> None:
    mail = MailReceiver()
    told.channels += f'[channels.mail]\nurl = "mailto://127.0.0.1:{mail.port}?from=gameday@example.com&to=ops@example.com&mode=insecure"\n'
    told.prepare(one=experiment(0.2))
    web.kill()
    told.start()
    told.run()
    until(told.settled, "settled")
    until(lambda: len(kinds(told, "pending")) == 2 * len(STORY), "every delivery was tried and failed")
    web.start()
    mail.start()
    until(lambda: all_sent(told), "all sent")
    mail.kill()
    assert sorted(set(web.types())) == sorted(STORY)
    subjects = [one["Subject"] for one in mail.got]
    assert len(subjects) == len(STORY)
    assert any("fault armed until" in subject for subject in subjects)


def test_a_stop_link_ends_its_run_from_outside(told: World, web: WebReceiver) -> None:
    told.prepare(one=experiment(60))
    told.start()
    told.run()
    until(lambda: "armed" in web.types() and told.told("pause"), "told that it is armed")
    link = next(got for got in web.got if got.type == "armed").json["data"]["stop"]
    for method in ("GET", "HEAD", "GET"):
        httpx.request(method, link, timeout=PATIENCE)
    assert told.armed(), "looking changes nothing"
    token = link.partition("token=")[2]
    pressed = httpx.post(f"{told.url}/stop", data={"token": token}, timeout=PATIENCE)
    assert pressed.json()["disarmed"] is True
    assert not told.armed()
    until(told.settled, "settled")
    (run,) = told.rows("select verdict, stopped_by from runs")
    assert (run["verdict"], run["stopped_by"]) == ("stopped", "a stop link sent to bot")
    assert (
        httpx.post(f"{told.url}/stop", data={"token": token}, timeout=PATIENCE).json()["sentence"]
        == "It is over already."
    )
    for place in secrets_in(told, token, token.partition(".")[2]):
        raise AssertionError(f"the link stands in {place}")
    assert told.broken() == []


def test_secrets_are_on_no_page_in_no_answer_in_no_log_and_not_on_disk(
    told: World, web: WebReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPS_URL", f"json://maria:{CANARY}@127.0.0.1:{web.port}/{CANARY}")
    told.channels += '[channels.ops]\nurl_env = "OPS_URL"\n[channels.gone]\nurl_env = "NOT_SET"\n'
    told.prepare(one=experiment(0.2))
    web.status = 500
    told.start()
    told.run()
    until(told.settled, "settled")
    until(
        lambda: len(told.rows("select 1 from deliveries where last_error is not null")) >= 9,
        "errors are kept",
    )
    pages = [
        httpx.get(f"{told.url}{path}", headers={"accept": "text/html"}, timeout=PATIENCE).text
        for path in ("/notifications", "/runs/1", "/docs")
    ]
    answers = [
        httpx.get(f"{told.url}/api/{path}", timeout=PATIENCE).text
        for path in ("notifications/channels", "notifications/deliveries", "active")
    ]
    for text in (*pages, *answers):
        assert CANARY not in text
        assert SECRET not in text
    assert "NOT_SET is empty or not set" in pages[0]
    assert secrets_in(told, CANARY, SECRET) == []


def test_an_address_that_apprise_does_not_take_is_refused_at_the_start_with_its_line(told: World) -> None:
    told.channels += f'[channels.ops]\nurl = "slak://{CANARY}"\n'
    told.prepare(one=experiment(0.2))
    console = told.start()
    assert console.wait(PATIENCE) == 2
    log = (told.folder / "console.log").read_text()
    assert "apprise takes no such address: slak://…" in log
    line = (told.folder / "gameday.toml").read_text().splitlines().index(f'url = "slak://{CANARY}"') + 1
    assert f"gameday.toml:{line}" in log
    assert CANARY not in log


def secrets_in(world: World, *secrets: str) -> list[Any]:
    """Files of the console that hold one, but for the settings that a person wrote."""
    files: list[Path] = [
        path for path in world.folder.rglob("*") if path.is_file() and path.name != "gameday.toml"
    ]
    return [path for path in files for one in secrets if one.encode() in path.read_bytes()]
