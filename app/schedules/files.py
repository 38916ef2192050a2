"""Schedules that live in `schedules.yaml` beside experiments, so that they can be reviewed like code."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.exc import IntegrityError

from app.clock import Clock
from app.errors import Problem
from app.experiments.catalog import SCHEDULES
from app.schedules import store
from app.schedules.definition import Definition
from app.schedules.firing import Firing
from app.schedules.reading import CatalogRoom, Read, Reader
from app.schedules.schedule import Schedule
from app.settings import Settings
from app.storage import Storage

BY = "a file"
LOGGER = logging.getLogger(__name__)


class Files:
    def __init__(
        self,
        *,
        settings: Settings,
        catalog: CatalogRoom,
        storage: Storage,
        clock: Clock,
        firing: Firing,
    ) -> None:
        self._root = settings.experiments
        self._reader = Reader(root=self._root, settings=settings, catalog=catalog, clock=clock)
        self._storage = storage
        self._clock = clock
        self._firing = firing
        self._lock = threading.Lock()
        self._stamps: Mapping[str, tuple[int, int, int]] = {}
        self._read: Mapping[str, Read] | None = None  # as the table has it
        self.problems: tuple[Problem, ...] = ()

    def sync(self) -> bool:
        """Bring the table to what the files say, where one says something else now. Whether one did.

        While a file has a mistake its schedules stay as they were last read, and refuse to fire. Such a file is read at
        every look: what it misses, an experiment, may be there by now.
        """
        with self._lock:
            paths = dict(self._paths())
            stamps = {name: stamp for name, path in paths.items() if (stamp := _stamp(path))}
            read = {name: self._look(paths[name], name, stamp) for name, stamp in stamps.items()}
            before = self._read
            if read == before:
                self._stamps = stamps
                return False
            with contextlib.suppress(IntegrityError):  # another console has just written the same: look again
                self._write(read)
                self._read, self._stamps = read, stamps
            self.problems = tuple(problem for one in read.values() for problem in one.problems)
            return bool(read or before)

    def _look(self, path: Path, name: str, stamp: tuple[int, int, int]) -> Read:
        known = (self._read or {}).get(name)
        if known is not None and self._stamps.get(name) == stamp and not known.problems:
            return known
        read = self._reader.read(path, name)
        if read.mistake is not None and read != known:
            LOGGER.error("%s can not be read", name, exc_info=read.mistake)
        return read

    def _paths(self) -> Iterator[tuple[str, Path]]:
        for folder, folders, names in os.walk(self._root):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(set(names) & set(SCHEDULES)):
                path = Path(folder, name)
                if path.is_file() and path.resolve().is_relative_to(self._root.resolve()):
                    yield f"{self._root.name}/{path.relative_to(self._root).as_posix()}", path

    def _write(self, read: Mapping[str, Read]) -> None:
        now = self._clock.now()
        with self._storage.writing() as session:
            rows = {row.source: row for row in store.of_files(session)}
            wanted = {f"{file}#{one.name}": one for file, whole in read.items() for one in whole.definitions}
            for source, row in rows.items():
                file = row.file or ""
                if file in read and read[file].problems:
                    trouble = str(read[file].problems[0])
                    if row.deleted_at is None and row.trouble != trouble:
                        store.change(session, row, trouble=trouble, changed_at=now)
                elif source not in wanted and row.deleted_at is None:
                    columns = self._firing.turned(session, row, replace(row, deleted_at=now))
                    store.change(session, row, deleted_at=now, changed_at=now, **columns)
            for source, one in wanted.items():
                self._put(session, rows.get(source), source, one, now)

    def _put(self, session: Any, row: Schedule | None, source: str, one: Definition, now: datetime) -> None:
        if row is not None and row.deleted_at is None and row.trouble is None and row.fields == one.fields:
            return
        if row is None:
            new = Schedule(
                id=0, definition=one, source=source, created_by=BY, created_at=now, changed_at=now
            )  # fmt: skip
            columns = self._firing.following(new, now)
            store.insert(
                session, one, source=source, created_by=BY, created_at=now, changed_at=now, **columns
            )
        elif row.deleted_at is None and row.fields == one.fields:
            store.change(session, row, trouble=None, changed_at=now)
        else:
            new = replace(row, definition=one, deleted_at=None, trouble=None)
            columns = self._firing.turned(session, row, new)
            store.change(session, row, one, trouble=None, deleted_at=None, changed_at=now, **columns)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:  # gone since it was listed
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
