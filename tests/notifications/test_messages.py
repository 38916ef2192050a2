"""What a message says, to people and to programs, whatever an experiment calls itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.notifications import Kind, Notice
from app.notifications.message import Place, clean, path_of, payload, split, stop_link, words
from app.notifications.templates import Texts
from app.settings import KINDS, Channel
from tests.conftest import NOON

PLACE = Place(account="123456789012", alias="payments", region="eu-central-1")
CHANNEL = Channel(name="ops", url="json://localhost")
UNTIL = NOON + timedelta(minutes=10)
FAULT = {
    "what": "half of the invocations of ChaosTransformer are refused dynamodb.*", "functions": ["ChaosTransformer"],
    "share": "50 %", "store": "ssm:failureLambdaConfig", "until": UNTIL.isoformat(), "by": "maria", "run": "12",
    "outcome": "Put back and read back.", "phase": "armed",
}  # fmt: skip
RUN = {
    "verdict": "deviated", "was": "held", "reason": "“in flight” was outside.", "run": "12", "title": "Refused",
    "experiment": "etl/strict", "by": "maria", "functions": ["ChaosTransformer"], "what": "half refused",
}  # fmt: skip
DATA = {
    Kind.VERDICT: RUN,
    Kind.LEVER: {"state": "engaged", "by": "maria", "why": "an outage"},
    Kind.SCHEDULE_REFUSED: {
        "schedule": 4,
        "name": "nightly",
        "experiment": "etl/strict",
        "fire": NOON.isoformat(),
        "state": "refused",
        "sentence": "prod is in a blackout window.",
        "by": "schedule nightly, made by maria",
    },
    Kind.TEST: {"by": "maria"},
}
TITLES = {
    Kind.ARMING: "prod: about to arm a fault: half of the invocations",
    Kind.ARMED: "prod: fault armed until 2026-11-24 12:10 UTC: half of the invocations",
    Kind.EXTENDED: "prod: fault now armed until 2026-11-24 12:10 UTC: half of",
    Kind.DISARMED: "prod: fault disarmed: half of",
    Kind.CLEAN: "prod: clean again after: half of",
    Kind.STUCK: "prod: A FAULT NEEDS A PERSON: half of",
    Kind.VERDICT: "prod: deviated, was held: Refused",
    Kind.LEVER: "prod: safety lever engaged by maria",
    Kind.SCHEDULE_REFUSED: "prod: a scheduled run did not start: nightly",
    Kind.TEST: "Test from Game day, asked for by maria",
}
HOSTILE = (
    "Refunds\r\nBcc: everybody@example.com\n\n{{ 7*7 }} <img onerror=x>\u202egnp.exe \x00@everyone @here "
    + "x" * 400
)


def notice(kind: Kind, **data: object) -> Notice:
    subject = {
        Kind.VERDICT: "run:12",
        Kind.LEVER: "lever",
        Kind.SCHEDULE_REFUSED: "schedule:4",
        Kind.TEST: "test",
    }
    return Notice(
        kind=kind, environment="prod", subject=subject.get(kind, "fault:3"), at=NOON, data={**DATA.get(kind, FAULT), **data}
    )  # fmt: skip


def text(told: Notice, channel: Channel = CHANNEL, *, folder=None) -> tuple[str, str, str]:
    link = stop_link(told, channel.name)
    stop = "https://gameday.example/stop?token=t" if link else ""
    given = words(
        told,
        number=7,
        places={"prod": PLACE},
        address="https://gameday.example",
        stop=stop,
        until=link.until if link else None,
    )
    return Texts(folder or "/nowhere").text(told.kind, channel, given)


def test_settings_and_notices_know_the_same_kinds():
    assert set(KINDS) == {str(kind) for kind in Kind} - {"test"}


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_has_a_title_of_one_line_and_says_where_it_is(kind):
    title, body, wrong = text(notice(kind))
    assert title.startswith(TITLES[kind])
    assert "\n" not in title
    assert "Environment: prod (account payments 123456789012, eu-central-1)" in body
    assert "Notice 7 of Game day" in body
    assert wrong == ""


@pytest.mark.parametrize("kind", [Kind.ARMING, Kind.ARMED, Kind.EXTENDED, Kind.STUCK])
def test_what_can_be_ended_says_all_of_it_and_how_to_end_it(kind):
    _, body, _ = text(notice(kind))
    for line in (
        "Functions: ChaosTransformer", "Share: 50 % of the invocations", "Until: 2026-11-24 12:10 UTC", "By: maria",
        "More: https://gameday.example/runs/12", "https://gameday.example/stop?token=t", "ends this run and nothing else",
    ):  # fmt: skip
        assert line in body, line


@pytest.mark.parametrize(
    "kind", [Kind.DISARMED, Kind.CLEAN, Kind.VERDICT, Kind.LEVER, Kind.SCHEDULE_REFUSED, Kind.TEST]
)
def test_what_is_over_offers_nothing_to_end(kind):
    assert stop_link(notice(kind), "ops") is None
    assert "/stop?" not in text(notice(kind))[1]


@pytest.mark.parametrize("kind", list(Kind))
def test_a_notice_that_knows_next_to_nothing_can_be_said(kind):
    bare = replace(notice(kind), data={}, environment="", subject="lever")
    title, body, _ = text(bare)
    assert title
    assert "None" not in title + body


@pytest.mark.parametrize("kind", list(Kind))
def test_a_hostile_title_stays_on_its_line_and_is_no_template(kind):
    hostile = {name: HOSTILE for name in (*FAULT, *RUN) if name not in ("until", "run", "phase", "functions")}
    title, body, _ = text(notice(kind, **hostile, functions=[HOSTILE]))
    assert len(title) <= 160
    assert title.isprintable() or "\u2060" in title
    assert not any(line.startswith("Bcc") for line in body.splitlines())
    assert "49" not in title + body.replace("2026-11-24", "")
    assert "@everyone" not in title + body
    assert "@here" not in title + body
    assert "\u202e" not in title + body


def test_an_address_is_no_call_of_a_room():
    assert clean("maria@example.com") == "maria@example.com"
    assert clean("@channel") == "@\u2060channel"
    assert clean("<@U123> <!here> a < b") == "<\u2060@U123> <\u2060!here> a < b"
    assert clean("[safe](https://evil.example)") == "[safe]\u2060(https://evil.example)"


@pytest.mark.parametrize(
    ("subject", "data", "noun", "number"),
    [
        ("fault:3", {}, "fault", 3),
        ("fault:3", {"run": "12"}, "run", 12),
        ("fault:3", {"run": None}, "fault", 3),
    ],
)
def test_a_stop_link_ends_the_run_where_there_is_one(subject, data, noun, number):
    told = Notice(
        kind=Kind.ARMED,
        environment="prod",
        subject=subject,
        at=NOON,
        data={"until": UNTIL.isoformat(), **data},
    )
    link = stop_link(told, "ops")
    assert (link.noun, link.id, link.channel) == (noun, number, "ops")
    assert link.until == UNTIL + timedelta(hours=1)


def test_a_stuck_fault_can_be_ended_for_a_day_though_its_deadline_is_over():
    told = Notice(
        kind=Kind.STUCK, environment="prod", subject="fault:3", at=UNTIL, data={"until": NOON.isoformat()}
    )
    assert stop_link(told, "ops").until == UNTIL + timedelta(days=1)


@pytest.mark.parametrize(
    ("kind", "path"),
    [(Kind.ARMED, "/runs/12"), (Kind.VERDICT, "/runs/12"), (Kind.LEVER, "/faults#safety-lever"),
     (Kind.SCHEDULE_REFUSED, "/schedules/4"), (Kind.TEST, "/notifications")],
)  # fmt: skip
def test_each_links_to_the_page_that_shows_more(kind, path):
    assert path_of(notice(kind)) == path


def test_a_program_is_told_the_same():
    told = notice(Kind.SCHEDULE_REFUSED)
    said = payload(
        told,
        number=7,
        places={"prod": PLACE},
        title="t",
        address="https://gameday.example",
        stop="",
        until=None,
    )
    assert said["type"] == "gameday.schedule_refused"
    assert said["timestamp"] == NOON.isoformat()
    assert said["data"]["account"] == "123456789012"
    assert said["data"]["subject"] == {"noun": "schedule", "id": "4"}
    assert said["data"]["stop"] is None
    assert said["data"]["details"]["sentence"] == "prod is in a blackout window."


def test_the_first_line_of_a_template_is_the_title():
    assert split("\n One \n\nTwo\nThree\n") == ("One", "Two\nThree\n")
    assert split("") == ("", "\n")


def test_a_channel_may_have_texts_of_its_own(tmp_path):
    (tmp_path / "ops.txt").write_text("{{ kind }} in {{ environment }}\nby {{ by }}\n")
    assert text(notice(Kind.ARMED), replace(CHANNEL, template="ops.txt"), folder=tmp_path) == (
        "armed in prod",
        "by maria\n",
        "",
    )


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{{ nothing }}", "nothing"),
        ("{% if %}", "line 1"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        (None, "is not there"),
    ],
)
def test_where_they_can_not_be_used_the_console_s_own_are_sent_and_that_is_said(tmp_path, template, says):
    if template is not None:
        (tmp_path / "ops.txt").write_text(template)
    title, _, wrong = text(notice(Kind.ARMED), replace(CHANNEL, template="ops.txt"), folder=tmp_path)
    assert title.startswith(TITLES[Kind.ARMED])
    assert says in wrong
