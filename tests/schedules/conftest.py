"""A console's schedules on a real database, with a clock that a test moves and a stand-in for the start of runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event, select

from app.clock import Clock, FrozenClock
from app.experiments import Catalog
from app.runs import Wish
from app.schedules import Calendars, Fire, Schedule, Scheduler, Schedules
from app.schedules.calendars import Fetch
from app.settings import Channel, Environment, Settings
from app.storage import Storage
from app.storage.engine import sqlite_url
from app.storage.tables import NoticeRow
from tests.conftest import NOON

EXPERIMENT = {"title": "T", "description": "d", "method": [
    {"type": "action", "name": "nothing", "provider": {"type": "python", "module": "os", "func": "getpid"}}
]}  # fmt: skip
NIGHTLY = {"name": "nightly", "experiment": "lab/one", "environment": "test", "cron": "0 3 * * *"}


@dataclass
class Recorder:
    """Starts runs in memory, once a key, as `Runs.start` does."""

    started: dict[str, Any] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    refuse: Callable[[], None] = lambda: None

    def start(self, experiment_id: str, asked: Wish, *, key: str, **words: Any) -> Any:
        if key in self.started:
            return self.started[key]
        self.refuse()
        self.asked.append({"experiment": experiment_id, "asked": asked, "key": key, **words})
        self.started[key] = SimpleNamespace(id=len(self.started) + 1)
        return self.started[key]

    def started_with(self, key: str) -> Any:
        return self.started.get(key)

    def announced(self, experiment_id: str, **place: Any) -> dict[str, Any]:
        return {}


@dataclass
class World:
    """One folder with its database. `restart` is another console on it."""

    folder: Path
    clock: Clock
    environment: Environment
    runs: Any
    fetch: Fetch | None = None
    durable: bool = True  # where nothing but this process dies, nobody needs to wait for the disk
    storage: Storage = field(init=False)
    schedules: Schedules = field(init=False)
    scheduler: Scheduler = field(init=False)

    def __post_init__(self) -> None:
        for name in ("one", "two"):
            path = self.folder / "experiments" / "lab" / f"{name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(EXPERIMENT))
        self.open()

    @property
    def settings(self) -> Settings:
        places = {self.environment.name: self.environment}
        channels = {name: Channel(name=name, url=f"json://{name}") for name in ("ops", "pager")}
        return Settings(
            folder=self.folder,
            environments=places,
            default_environment=self.environment.name,
            channels=channels,
        )

    def open(self) -> None:
        self.storage = Storage(sqlite_url(self.folder / "schedules.sqlite"))
        if not self.durable:
            event.listen(
                self.storage.engine, "connect", lambda made, _: made.execute("PRAGMA synchronous=OFF")
            )
        self.storage.migrate()
        self.schedules, self.scheduler = self.another()

    def another(self) -> tuple[Schedules, Scheduler]:
        """A second console, of another process, on the same rows."""
        settings = self.settings
        schedules = Schedules(
            storage=self.storage, catalog=Catalog(settings.experiments), settings=settings, runs=self.runs, clock=self.clock,
            calendars=Calendars(settings.environments, folder=self.folder, cache=self.folder / "kept", clock=self.clock, fetch=self.fetch),
        )  # fmt: skip
        return schedules, Scheduler(schedules, self.storage, self.clock)

    def restart(self) -> None:
        self.storage.close()
        self.open()

    def create(self, **fields: Any) -> Schedule:
        given = {key: value for key, value in (NIGHTLY | fields).items() if value is not None}
        return self.schedules.create(given, by="maria")

    def at(self, moment: str) -> None:
        """Move the clock to that time, in UTC, forwards or back."""
        seconds = (datetime.fromisoformat(f"{moment}+00:00") - self.clock.now()).total_seconds()
        self.clock.advance(seconds)

    def fires(self, schedule: Schedule) -> list[Fire]:
        return list(self.schedules.fires(schedule.id, limit=10_000))

    def told(self, schedule: Schedule) -> list[tuple[str, str]]:
        """(time, state, sentence) of each fire, the oldest first."""
        return [(f"{one.at:%m-%d %H:%M}", str(one.state)) for one in reversed(self.fires(schedule))]

    def notices(self) -> list[Mapping[str, Any]]:
        with self.storage.reading() as session:
            return [
                {"kind": row.kind, "subject": row.subject, "channels": row.channels, **row.data}
                for row in session.scalars(select(NoticeRow).order_by(NoticeRow.id))
            ]


@pytest.fixture
def runs() -> Recorder:
    return Recorder()


@pytest.fixture
def world(tmp_path: Path, clock: FrozenClock, runs: Recorder) -> Iterator[World]:
    assert clock.now() == NOON  # a Tuesday
    made = World(tmp_path, clock, Environment(name="test"), runs)
    yield made
    made.storage.close()
