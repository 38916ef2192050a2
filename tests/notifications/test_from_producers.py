"""From what really happens, through the outbox, to the text that a receiver gets: every kind, by whoever produces it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jinja2 import Environment as Jinja
from jinja2 import meta

from app.aws import InMemoryAws
from app.clock import FrozenClock
from app.errors import Unavailable
from app.faults import Faults
from app.notifications import Kind, Notice, Notifications, Sender
from app.notifications.message import KNOWN, Message, Place, words
from app.runs import Wish
from app.schedules import Calendars, Scheduler, Schedules
from app.settings import Channel, Settings
from app.shipped import shipped
from tests.faults.conftest import Desk, desk, empty
from tests.runs.conftest import Stage, children, experiment, stage

__all__ = ["children", "desk", "empty", "stage"]
GETPID = {
    "type": "action", "name": "nothing", "provider": {"type": "python", "module": "os", "func": "getpid"},
}  # fmt: skip
BREAKS = {
    "type": "action", "name": "breaks", "provider": {"type": "python", "module": "os", "func": "no_such"},
}  # fmt: skip
TEMPLATES = shipped("templates") / "notifications" / "messages"
ENVELOPE = {"kind", "environment", "place", "subject", "at", "number", "link", "stop", "stop_until"}
# Facts that are told as something else than their own words, or are for programs only.
UNSPOKEN = {"schedule", "phase", "state", "until", "fire", "stopped_by"}


@dataclass
class Firm:
    """Real runs, faults and schedules on one database, and the channels `ops` and `pager`."""

    stage: Stage
    desk: Desk
    clock: FrozenClock
    tell: tuple[str, ...] | None = None  # of the environment
    got: list[tuple[str, Message]] = field(default_factory=list)

    def __post_init__(self) -> None:
        environments = {"test": replace(self.stage.runs.rooms.settings.environments["test"], tell=self.tell)}
        known = self.stage.runs.rooms.settings
        self.settings: Settings = replace(
            known, environments=environments, public_url="https://gameday.example",
            channels={name: Channel(name=name, url=f"json://{name}") for name in ("ops", "pager", "mail")},
        )  # fmt: skip
        self.storage = self.stage.runs.rooms.storage
        aws = InMemoryAws(
            parameters=self.desk.parameters, functions=self.desk.functions, environments=environments
        )
        self.faults = Faults(
            storage=self.storage, aws=aws, clock=self.clock, live=self.desk.live, environments=environments
        )
        self.desk.started.append(self.faults)
        calendars = Calendars(
            environments, folder=self.stage.folder, cache=self.stage.folder / "kept", clock=self.clock
        )
        self.schedules = Schedules(
            storage=self.storage, catalog=self.stage.catalog, settings=self.settings, runs=self.stage.runs, clock=self.clock,
            calendars=calendars,
        )  # fmt: skip
        self.scheduler = Scheduler(self.schedules, self.storage, self.clock)
        self.office = Notifications(
            storage=self.storage, settings=self.settings, clock=self.clock, environ={}, post=self._take,
            place=lambda _: SimpleNamespace(account="123456789012", alias="payments", region="eu-central-1"),
        )  # fmt: skip

    def _take(self, target: Any, message: Message, *, now: datetime) -> None:
        self.got.append((target.address.removeprefix("json://"), message))

    def create(self, **fields: Any) -> Any:
        given = {"name": "nightly", "experiment": "one", "environment": "test", "every": "1h"}
        return self.schedules.create(given | fields, by="maria")

    def fire(self, hours: float = 1) -> None:
        self.clock.advance(hours * 3600)
        self.scheduler.step()

    def carry(self) -> None:
        sender = Sender(self.office)
        sender.route()
        for channel in sender.due():
            while sender.step(channel):
                pass

    def texts(self, channel: str = "ops") -> list[tuple[str, str]]:
        """(kind, text) of each message, title first, in order."""
        return [
            (str(one.payload["data"]["kind"]), f"{one.title}\n{one.body}")
            for name, one in self.got
            if name == channel
        ]

    def last(self, channel: str = "ops") -> str:
        return self.texts(channel)[-1][1]


@pytest.fixture
def firm(stage: Stage, desk: Desk, clock: FrozenClock) -> Firm:
    stage.catalog.add("one", experiment(stage.arms(), rollbacks=[stage.disarms()]))
    return Firm(stage=stage, desk=desk, clock=clock)


def every_kind(firm: Firm) -> dict[Kind, list[Notice]]:
    """Make everything happen that anybody is told of; the notices as they were carried."""
    faults, desk = firm.faults, firm.desk
    entry = desk.arm(faults, functions=("ChaosTransformer",))
    faults.extend(entry.id, minutes=20, by="otto")
    faults.disarm(entry.id, by="maria", why="maria asked for it")
    faults.note(entry.id, quiet_at=firm.clock.now())
    faults.note(entry.id, clean_at=firm.clock.now())
    held = desk.arm(faults, functions=("ChaosTransformer",))
    mend = desk.failing(Unavailable("AWS does not answer."), "get", "put", "delete", "describe", "history")
    faults.engage(None, by="maria", why="an outage")
    mend()
    faults.disarm(held.id, by="maria", why="maria asked for it")
    faults.disengage(None, by="otto", why="it is over")
    firm.stage.finish(firm.stage.runs.start("one", Wish(), by="maria"))
    firm.stage.catalog.add("two", experiment(GETPID))
    scheduled = firm.create(experiment="two", name="changing")
    for activity in (GETPID, BREAKS):  # the second one's verdict differs
        firm.stage.catalog.add("two", experiment(activity))
        firm.fire()
        firm.stage.finish(firm.stage.runs.get(firm.schedules.fires(scheduled.id)[0].run_id))
    firm.create()
    firm.stage.faults.lever = "Black Friday"
    firm.fire()
    firm.fire(50)
    firm.office.test("ops", by="maria")
    firm.carry()
    told = defaultdict(list)
    for one in firm.office.deliveries(500, channel="ops"):
        assert one.last_error is None
        told[one.notice.kind].append(one.notice)
    return told


def named(file: str) -> set[str]:
    return meta.find_undeclared_variables(Jinja().parse((TEMPLATES / file).read_text()))


def test_each_template_asks_for_what_is_really_told_and_says_all_of_it(firm: Firm) -> None:
    told = every_kind(firm)
    assert set(told) == set(Kind)
    for kind, notices in told.items():
        facts = {name for notice in notices for name, value in notice.data.items() if value}
        asked = named(f"{str(kind).replace(' ', '_')}.txt") - ENVELOPE
        assert asked <= facts, f"the text of {kind} asks for what nobody tells: {asked - facts}"
    everything = {name for notices in told.values() for notice in notices for name in notice.data}
    assert named("_facts.txt") <= everything | ENVELOPE
    assert everything <= set(KNOWN) | {"until", "fire", "stopped_by"}
    by_number = {one.payload["data"]["notice"]: one for name, one in firm.got if name == "ops"}
    for message in by_number.values():
        text = f"{message.title}\n{message.body}"
        assert "None" not in text
        assert "123456789012, eu-central-1" in text
        for name, value in message.payload["data"]["details"].items():
            for part in value if isinstance(value, list) else [value]:
                said = name in UNSPOKEN or not part or str(part) in text
                assert said, f"{message.payload['type']} does not say its {name}: {part}\n{text}"


def test_a_refused_fire_says_which_schedule_when_why_who_and_what_it_would_have_armed(firm: Firm) -> None:
    one = firm.create()
    firm.stage.faults.lever = "Black Friday"
    firm.fire()
    firm.carry()
    text = firm.last()
    (fire,) = firm.schedules.fires(one.id)
    assert fire.sentence
    for line in (
        "test: a scheduled run did not start: nightly", fire.sentence, "Schedule: nightly",
        f"Due: {fire.at:%Y-%m-%d %H:%M} UTC", "Experiment: one", "Share: 50 % of the invocations", "Store: ssm:",
        "By: schedule nightly, made by maria", f"More: https://gameday.example/schedules/{one.id}",
        "Environment: test (account payments 123456789012, eu-central-1)",
    ):  # fmt: skip
        assert line in text, f"{line}\n{text}"


def test_missed_fires_say_how_many_since_when_and_why(firm: Firm) -> None:
    firm.create()
    firm.fire(50.5)
    firm.carry()
    text = firm.last()
    assert text.startswith("test: a scheduled run was missed: nightly\n")
    assert "50 fires were missed, since no console was there in time: 2026-11-24 13:00 UTC and after." in text
    assert "Due: 2026-11-24 13:00 UTC" in text


def test_what_can_not_be_read_is_refused_and_told_all_the_same(firm: Firm) -> None:
    firm.create()
    del firm.stage.catalog.known["one"]
    firm.fire()
    firm.carry()
    assert "There is no experiment one." in firm.last()
    assert "Share:" not in firm.last()


def test_a_verdict_says_the_share_and_the_store(firm: Firm) -> None:
    firm.stage.finish(firm.stage.runs.start("one", Wish(), by="maria"))
    firm.carry()
    assert "Share: 50 % of the invocations" in firm.last()
    assert "Store: ssm:" in firm.last()
    assert "Functions: transform" in firm.last()


def test_the_lever_of_all_environments_says_what_it_disarms_and_every_account(firm: Firm) -> None:
    firm.desk.arm(firm.faults, functions=("ChaosTransformer",))
    firm.faults.engage(None, by="maria", why="an outage")
    firm.carry()
    text = next(text for kind, text in firm.texts() if kind == "lever")
    assert text.startswith("All environments: safety lever engaged by maria\n")
    for line in (
        "until a person disengages it", "Being disarmed: half of the invocations of ChaosTransformer", "Share: 50 %",
        "Functions: ChaosTransformer", "Environments: test: account payments 123456789012, eu-central-1", "Why: an outage",
    ):  # fmt: skip
        assert line in text, f"{line}\n{text}"
    told = next(one.payload["data"] for _, one in firm.got if one.payload["type"] == "gameday.lever")
    assert told["environments"] == [{"name": "test", "account": "123456789012", "region": "eu-central-1"}]


def test_the_guide_names_what_a_template_may_name() -> None:
    guide = Path(__file__).parents[2] / "docs" / "how-to" / "notifications.md"
    own = guide.read_text().split("## Your own words")[1].split("## ")[0].split("`{% include")[0]
    places: Mapping[str, Place] = {}
    notice = Notice(kind=Kind.TEST, environment="", subject="test", at=datetime(2026, 11, 24, tzinfo=UTC))
    known = words(notice, number=1, places=places, address="", stop="", until=notice.at + timedelta(hours=1))
    assert set(re.findall(r"`(\w+)`", own)) == set(known) - {"subject"}
