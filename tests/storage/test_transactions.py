"""Transactions that neither lock up nor lose what was committed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import inspect, select

from app.settings import Environment, Settings
from app.storage import Storage
from app.storage.engine import opened, sqlite_url
from app.storage.tables import Base, SampleRow

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    storage = Storage(sqlite_url(tmp_path / "gameday.sqlite"))
    storage.migrate()
    yield storage
    storage.close()


def sample(at: datetime, value: float | None = None) -> SampleRow:
    return SampleRow(environment="sandbox", query="q", at=at, value=value, parts={})


def test_migrations_make_exactly_the_tables_that_the_code_has(storage):
    made = inspect(storage.engine)
    for table in Base.metadata.sorted_tables:
        assert {column["name"] for column in made.get_columns(table.name)} == set(table.columns.keys())


def test_migrating_twice_changes_nothing(storage):
    storage.migrate()
    with storage.reading() as session:
        assert session.scalars(select(SampleRow)).all() == []


def test_a_failing_block_leaves_nothing_behind(storage):
    with pytest.raises(ZeroDivisionError), storage.writing() as session:
        session.add(sample(NOON))
        session.flush()
        _ = 1 / 0
    with storage.reading() as session:
        assert session.scalars(select(SampleRow)).all() == []


def test_many_threads_that_read_then_write_do_not_lock_each_other_out(storage):
    with storage.writing() as session:
        session.add(sample(NOON, 0))

    def increment() -> None:
        for _ in range(10):
            with storage.writing() as session:
                row = session.scalars(select(SampleRow)).one()
                row.value = (row.value or 0) + 1

    threads = [threading.Thread(target=increment) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with storage.reading() as session:
        assert session.scalars(select(SampleRow)).one().value == 80


def test_times_come_back_in_utc_whatever_zone_they_went_in_with(storage):
    lord_howe = timezone(timedelta(hours=10, minutes=30))
    with storage.writing() as session:
        session.add(sample(NOON.astimezone(lord_howe)))
    with storage.reading() as session:
        at = session.scalars(select(SampleRow)).one().at
    assert at == NOON
    assert at.tzinfo is UTC


def test_the_data_folder_is_its_users_alone(tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path, environments={"a": Environment(name="a")}, default_environment="a")
    opened(settings).close()
    assert settings.data.stat().st_mode & 0o077 == 0
