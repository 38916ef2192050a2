"""10,000 schedules: to load, to look for the next fire, to write a minute in which many are due; memory and lag."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil

from app.clock import FrozenClock, SystemClock
from app.experiments import Catalog
from app.runs import Wish
from app.schedules import Calendars, Scheduler, Schedules, store
from app.schedules.definition import parse
from app.settings import Environment, Settings
from app.storage import Storage
from app.storage.engine import sqlite_url
from bench.table import Row, show

MANY = 10_000
AT_ONCE = 1000  # due in the same minute
LATE = 200  # due in the same second, of the real scheduler
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")
PATIENCE = 120.0  # seconds


class Started:
    """Stands for the start of runs, and knows when each came."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}
        self.enough = threading.Event()

    def start(self, experiment_id: str, asked: Wish, /, *, key: str, **words: Any) -> Any:
        del experiment_id, asked, words
        self.at[key] = time.time()
        if len(self.at) == LATE:
            self.enough.set()
        return SimpleNamespace(id=len(self.at))

    def started_with(self, key: str, /) -> Any:
        del key

    def announced(self, experiment_id: str, /, **place: Any) -> dict[str, Any]:
        del experiment_id, place
        return {}


def measure(times: int) -> None:
    memory = Row("memory of the process for it", "MB")
    with tempfile.TemporaryDirectory() as name, opened(Path(name)) as (storage, settings):
        before = psutil.Process().memory_info().rss
        rows = [*filled(storage, settings), *pure(storage, times)]
        memory.values.append((psutil.Process().memory_info().rss - before) / 2**20)
        rows += [*a_minute(storage, settings), lag(storage, settings)]
    show(f"{MANY:,} schedules", [*rows, memory])


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Storage, Settings]]:
    storage = Storage(sqlite_url(folder / "bench.sqlite"))
    storage.migrate()
    place = {"bench": Environment(name="bench")}
    yield storage, Settings(folder=folder, environments=place, default_environment="bench")
    storage.close()


def room(storage: Storage, settings: Settings, clock: Any, runs: Started) -> Schedules:
    calendars = Calendars(
        settings.environments, folder=settings.folder, cache=settings.data / "calendars", clock=clock
    )
    return Schedules(
        storage=storage, catalog=Catalog(settings.experiments), settings=settings, runs=runs, clock=clock, calendars=calendars
    )  # fmt: skip


def filled(storage: Storage, settings: Settings) -> list[Row]:
    """Every minute of the day has some; all of them far ahead, so that none is due by itself."""
    insert = Row("to write all of them", "ms")
    now = datetime.now(UTC)
    schedules = room(storage, settings, FrozenClock(now), Started())
    with insert.timing(), storage.writing() as session:
        for number in range(MANY):
            one = parse({
                "name": f"s{number}", "experiment": "lab/one", "environment": "bench", "time_zone": ZONES[number % 4],
                "cron": f"{number % 60} {number // 60 % 24} * * *", "start": f"{now + timedelta(days=30):%Y-%m-%d}",
            })  # fmt: skip
            following = schedules.firing.following(
                SimpleNamespace(definition=one, environment="bench", paused=False, deleted_at=None), now
            )  # type: ignore[arg-type]
            store.insert(session, one, created_by="bench", created_at=now, changed_at=now, **following)
    return [insert]


def pure(storage: Storage, times: int) -> list[Row]:
    load, earliest = (
        Row("to load all of them", "ms"),
        Row("to find the next one that is due", "ms", aim="no growth"),
    )
    with storage.reading() as session:
        load.time(
            lambda: store.listed(session, experiment=None, environment=None, after=0, limit=MANY),
            min(times, 3),
        )
        earliest.time(lambda: store.earliest(session, datetime.now(UTC)), times)
    return [load, earliest]


def a_minute(storage: Storage, settings: Settings) -> list[Row]:
    """A thousand due at once: their fires are written, then their runs asked for."""
    write, start = (
        Row(f"to write {AT_ONCE:,} fires that are due at once", "ms"),
        Row("to ask for the run of each", "ms"),
    )
    clock, runs = FrozenClock(datetime.now(UTC)), Started()
    firing = room(storage, settings, clock, runs).firing
    due_from(storage, clock.now(), AT_ONCE)
    with write.timing():
        while firing.write_due():
            pass
    for fire in firing.open(AT_ONCE):
        start.time(lambda fire=fire: firing.start(fire), 1)  # type: ignore[misc]
    return [write, start]


def lag(storage: Storage, settings: Settings) -> Row:
    """The real scheduler, woken up by APScheduler, with all of them in the table: from due to the start of the run."""
    row = Row(f"from due to started, {LATE} at once", "ms")
    runs, clock = Started(), SystemClock()
    schedules = room(storage, settings, clock, runs)
    scheduler = Scheduler(schedules, storage, clock)
    due = datetime.now(UTC) + timedelta(seconds=3)
    due_from(storage, due, LATE)
    scheduler.start()
    runs.enough.wait(PATIENCE)
    scheduler.stop()
    row.values = [(at - due.timestamp()) * 1000 for at in runs.at.values()]
    return row


def due_from(storage: Storage, at: datetime, count: int) -> None:
    """Have some of them due at that moment."""
    with storage.writing() as session:
        for one in store.listed(session, experiment=None, environment=None, after=0, limit=count):
            store.change(session, one, next_at=at, due_at=at)


if __name__ == "__main__":
    measure(15)
