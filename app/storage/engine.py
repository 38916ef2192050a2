"""SQLite that does not lock, and PostgreSQL by the same code."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session, sessionmaker

from app.settings import Settings

PRAGMAS = ("journal_mode=WAL", "busy_timeout=10000", "synchronous=FULL", "foreign_keys=ON")
POOLED, MOST = 10, 100  # connections: a run at its start and its end holds one, and so does each request


class Storage:
    """Transactions on one database. Threads share it; a session belongs to its block."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _sqlite(url) if url.startswith("sqlite") else create_engine(url, pool_pre_ping=True)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        # SQLite's own wait for another writer polls, in steps of up to 100 ms, and lets latecomers pass.
        one_writer: AbstractContextManager[Any] = (
            threading.Lock() if self.engine.name == "sqlite" else nullcontext()
        )
        self._one_writer = one_writer

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that may write: begun at once, committed at the end of the block."""
        with self._one_writer, self._sessions.begin() as session:
            session.connection(execution_options={"gameday_writes": True})
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only reads; it never waits for a writer."""
        with self._sessions() as session:
            yield session

    def migrate(self) -> None:
        """Bring the schema up to date; a database that is already there costs a few milliseconds."""
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self.engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()

    def close(self) -> None:
        self.engine.dispose()


def opened(settings: Settings) -> Storage:
    """The console's own database, made where there is none yet, at the newest migration."""
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    storage = Storage(settings.database_url or sqlite_url(settings.data / "gameday.sqlite"))
    storage.migrate()
    return storage


def sqlite_url(file: Path) -> str:
    return f"sqlite:///{file}"


def _sqlite(url: str) -> Engine:
    engine = create_engine(url, pool_size=POOLED, max_overflow=MOST - POOLED)

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Any) -> None:
        # Read-then-write in a deferred transaction fails at once with "database is locked".
        writes = connection.get_execution_options().get("gameday_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
