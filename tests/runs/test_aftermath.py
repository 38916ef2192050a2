"""After a disarm: quiet once the logs are, clean once the signals are, and an alarm where it still fires."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.aws import InMemoryAws, InMemoryFunctions, InMemoryParameters
from app.clock import FrozenClock
from app.dialects import Fault, FaultMode
from app.evidence import Proof
from app.faults import Entry, Faults, FaultState, Store
from app.faults.entry import Phase
from app.live import Live
from app.metrics import Sample
from app.queries import Query, Tolerance
from app.runs import Aftermath
from app.settings import Environment
from app.storage import Storage
from app.storage.engine import sqlite_url

QUERY = Query(document='[{"Id": "a"}]', result="a", window=300)
REFUSED = Fault(mode=FaultMode.DENYLIST, rate=1, deny_list=("dynamodb.*",))


@dataclass
class Scene:
    faults: Faults
    clock: FrozenClock
    entry: Entry
    last_seen: datetime | None = None
    can_see: bool = True
    read_to: datetime | None = None  # where reading lags behind
    value: float | None = None
    signals: list[Any] = field(
        default_factory=lambda: [SimpleNamespace(query=QUERY, tolerance=Tolerance(high=1.0))]
    )
    blind: bool = False  # a signal can not be judged from here
    asked: int = 0
    functions: InMemoryFunctions = field(default_factory=InMemoryFunctions)

    def seen(self, entry: Entry, *, until: datetime) -> Proof:
        self.asked += 1
        since = entry.armed_at or entry.created_at
        return Proof(since=since, until=self.read_to or until, last_seen=self.last_seen, can_see=self.can_see)

    def latest(self, environment: str, query: str) -> Sample | None:
        sample = Sample(environment=environment, query=query, at=self.clock.now(), value=self.value, parts={})
        return None if self.value is None else sample

    def of(self, entry: Entry) -> list[Any]:
        assert entry.id == self.entry.id
        return self.signals

    def unjudged(self, entry: Entry, signals: list[Any]) -> bool:
        assert (entry.id, signals) == (self.entry.id, self.signals)
        return self.blind

    def after(self, seconds: float) -> Phase:
        self.clock.advance(seconds)
        evidence = SimpleNamespace(of=self.seen)
        Aftermath(faults=self.faults, evidence=evidence, metrics=self, signals=self, clock=self.clock).step()
        self.entry = self.faults.entry(self.entry.id)
        return self.entry.phase(self.clock.now())


@pytest.fixture
def scene(tmp_path: Path, clock: FrozenClock) -> Iterator[Scene]:
    storage = Storage(sqlite_url(tmp_path / "one.sqlite"))
    storage.migrate()
    environments = {"test": Environment(name="test")}
    functions = InMemoryFunctions({"f": ("p", "0.4.4")})
    aws = InMemoryAws(parameters=InMemoryParameters({"p": "{}"}), functions=functions)
    faults = Faults(storage=storage, aws=aws, clock=clock, live=Live(), environments=environments)
    store = Store(environment="test", name="p")
    entry = faults.arm(store=store, fault=REFUSED, by="ann", lifetime=timedelta(minutes=5))
    yield Scene(faults, clock, faults.disarm(entry.id, by="ann", why="asked"), functions=functions)
    faults.close()
    storage.close()


def test_it_is_quiet_after_ten_seconds_without_an_injection(scene: Scene) -> None:
    assert scene.after(9) is Phase.SETTLING
    assert scene.after(1) is Phase.QUIET
    assert scene.entry.seconds_to_quiet == 10


def test_an_injection_on_its_way_begins_the_silence_anew(scene: Scene) -> None:
    scene.clock.advance(1)
    scene.last_seen = scene.clock.now()
    assert scene.after(9) is Phase.SETTLING
    assert scene.after(1) is Phase.QUIET


def test_injections_that_go_on_are_an_alarm(scene: Scene) -> None:
    scene.clock.advance(38)
    scene.last_seen = scene.clock.now()
    assert scene.after(1) is Phase.STUCK
    assert scene.entry.stuck


def test_what_still_fires_is_not_forgotten_until_it_is_quiet(scene: Scene) -> None:
    for _ in range(5):  # longer than anybody waits for quiet otherwise
        scene.last_seen = scene.clock.now() + timedelta(minutes=10)
        assert scene.after(601) is Phase.STUCK
        assert [entry.id for entry in scene.faults.stuck()] == [scene.entry.id]
        assert [entry.id for entry in scene.faults.settling()] == [scene.entry.id]
    assert scene.after(10) is Phase.QUIET
    assert scene.faults.stuck() == []
    scene.value = 0.5
    assert scene.after(1) is Phase.CLEAN


def test_what_can_be_seen_no_more_is_counted_for_as_long_as_a_container_lives(scene: Scene) -> None:
    scene.last_seen = scene.clock.now() + timedelta(seconds=60)
    assert scene.after(61) is Phase.STUCK
    scene.can_see = False
    assert scene.after(23 * 3600) is Phase.STUCK
    assert scene.faults.stuck()
    scene.after(3600)
    assert scene.faults.stuck() == []
    assert scene.faults.settling() == []


def test_one_that_can_not_be_looked_at_keeps_nobody_from_the_others(scene: Scene) -> None:
    looked: list[int] = []

    class Broken(Scene):
        def seen(self, entry: Entry, *, until: datetime) -> Proof:
            looked.append(entry.id)
            if len(looked) == 1:
                raise RuntimeError("no such environment")
            return super().seen(entry, until=until)

    other, _ = scene.faults.ledger.intend(replace(scene.entry, store=Store(environment="gone", name="q")))
    over = {
        "state": FaultState.DISARMED,
        "armed_at": scene.entry.armed_at,
        "disarmed_at": scene.entry.disarmed_at,
    }
    scene.faults.ledger.change(other.id, **over, settles_at=scene.entry.settles_at)
    other = Broken(scene.faults, scene.clock, other)
    scene.clock.advance(60)
    evidence = SimpleNamespace(of=other.seen)
    assert Aftermath(
        faults=scene.faults, evidence=evidence, metrics=other, signals=other, clock=scene.clock
    ).step()
    assert sorted(looked) == sorted([scene.entry.id, other.entry.id])


def test_logs_that_can_not_be_read_prove_no_silence(scene: Scene) -> None:
    scene.can_see = False
    assert scene.after(600) is Phase.SETTLING


def test_a_reading_that_lags_behind_proves_no_silence(scene: Scene) -> None:
    scene.read_to = scene.clock.now()
    assert scene.after(600) is Phase.SETTLING
    scene.read_to += timedelta(seconds=10)
    assert scene.after(1) is Phase.QUIET


def test_what_no_function_is_known_to_read_waits_for_no_log(scene: Scene) -> None:
    scene.functions.functions.clear()
    store = Store(environment="test", name="p")
    entry = scene.faults.arm(store=store, fault=REFUSED, by="ann", lifetime=timedelta(minutes=5))
    scene.entry = scene.faults.disarm(entry.id, by="ann", why="asked")
    scene.clock.advance(60)
    aftermath = Aftermath(
        faults=scene.faults, evidence=SimpleNamespace(of=scene.seen), metrics=scene,
        signals=SimpleNamespace(of=lambda _: [], unjudged=lambda *_: True), clock=scene.clock,
    )  # fmt: skip
    scene.can_see = False
    aftermath.step()
    assert scene.faults.entry(entry.id).phase(scene.clock.now()) is Phase.QUIET


def test_injections_that_are_seen_in_one_log_are_an_alarm_though_another_can_not_be_read(
    scene: Scene,
) -> None:
    scene.clock.advance(38)
    scene.last_seen, scene.can_see = scene.clock.now(), False
    assert scene.after(1) is Phase.STUCK


def test_it_is_clean_once_every_signal_is_within_again(scene: Scene) -> None:
    assert scene.after(10) is Phase.QUIET
    scene.value = 2
    assert scene.after(60) is Phase.QUIET
    scene.value = 1
    assert scene.after(60) is Phase.CLEAN
    assert scene.entry.seconds_to_clean == 130
    asked = scene.asked
    scene.after(60)
    assert scene.asked == asked


def test_without_a_signal_there_is_nothing_to_wait_for(scene: Scene) -> None:
    scene.signals = []
    assert scene.after(10) is Phase.CLEAN


def test_what_nobody_can_judge_is_never_called_clean(scene: Scene) -> None:
    scene.value, scene.blind = 1, True
    assert scene.after(10) is Phase.QUIET
    assert scene.after(60) is Phase.QUIET


def test_what_the_console_can_not_undo_is_never_called_clean(scene: Scene) -> None:
    plan = {**vars(scene.entry.plan), "by_hand": "“Delete” runs `rm`"}
    scene.faults.ledger.change(scene.entry.id, plan=plan)
    scene.signals = []
    assert scene.after(10) is Phase.QUIET
    assert scene.after(60) is Phase.QUIET


def test_a_store_that_is_armed_anew_is_left_to_that_fault(scene: Scene) -> None:
    scene.faults.arm(store=scene.entry.store, fault=REFUSED, by="bob", lifetime=timedelta(minutes=5))
    assert scene.after(60) is Phase.SETTLING
    assert scene.asked == 0


def test_what_fires_of_a_store_that_was_armed_anew_is_told_of_the_newer_fault(scene: Scene) -> None:
    again = scene.faults.arm(store=scene.entry.store, fault=REFUSED, by="bob", lifetime=timedelta(minutes=5))
    scene.clock.advance(120)
    scene.faults.disarm(again.id, by="bob", why="asked")
    scene.last_seen = scene.clock.now()  # of the newer one, while it was armed
    assert scene.after(1) is Phase.SETTLING
    assert scene.faults.stuck() == []
    scene.last_seen = scene.clock.now() + timedelta(seconds=60)
    scene.after(61)
    assert [entry.id for entry in scene.faults.stuck()] == [again.id]


def test_after_half_an_hour_nobody_looks_any_more(scene: Scene) -> None:
    scene.after(31 * 60)
    assert scene.asked == 0
