"""Schedules that live in `schedules.yaml` beside experiments, so that they can be reviewed like code."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.exc import IntegrityError

from app.clock import Clock
from app.errors import GamedayError, Invalid, NotFound, Problem
from app.experiments.catalog import SCHEDULES
from app.experiments.document import Document, line_of, parse
from app.schedules import definition, store
from app.schedules.definition import Definition
from app.schedules.schedule import Schedule
from app.settings import Settings
from app.storage import Storage

BY = "a file"
EMPTY = "The file is empty"
SHAPE = "A file of schedules is a list under the name “schedules”: schedules: [{name: nightly, experiment: …, cron: …}]."
LOGGER = logging.getLogger(__name__)

Following = Callable[[Schedule, datetime], Mapping[str, Any]]


class CatalogRoom(Protocol):
    def load(self, experiment_id: str, /) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Read:
    """A file as it was read: all of it, or what is wrong with it."""

    definitions: tuple[Definition, ...] = ()
    problems: tuple[Problem, ...] = ()


class Files:
    def __init__(
        self,
        *,
        settings: Settings,
        catalog: CatalogRoom,
        storage: Storage,
        clock: Clock,
        following: Following,
    ) -> None:
        self._root = settings.experiments
        self._settings = settings
        self._catalog = catalog
        self._storage = storage
        self._clock = clock
        self._following = following
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[int, int, int]] | None = None
        self.problems: tuple[Problem, ...] = ()

    def sync(self) -> bool:
        """Bring the table to what the files say, where one has changed. Whether one had.

        While a file has a mistake its schedules stay as they were last read, and refuse to fire.
        """
        with self._lock:
            paths = dict(self._paths())
            seen = {name: stamp for name, path in paths.items() if (stamp := _stamp(path))}
            before = self._seen
            if seen == before:
                return False
            read = {name: self.read(paths[name], name) for name in seen}
            with contextlib.suppress(IntegrityError):  # another console has just written the same: look again
                self._write(read)
                self._seen = seen
            self.problems = tuple(problem for one in read.values() for problem in one.problems)
            return bool(seen or before)

    def read(self, path: Path, file: str) -> Read:
        """`file`: as it is shown, from the working folder on."""
        try:
            document = parse(path, file)
            if any(one.message.startswith(EMPTY) for one in document.problems):
                return Read()
            return (
                Read(problems=document.problems) if document.problems else self._entries(document, path, file)
            )
        except Exception as error:  # whatever one file holds, the others are still read
            LOGGER.exception("%s can not be read", file)
            words = f"The console can not read this: {type(error).__name__}: {error}."
            return Read(problems=(Problem(message=words, file=file),))

    def _paths(self) -> Iterator[tuple[str, Path]]:
        for folder, folders, names in os.walk(self._root):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(set(names) & set(SCHEDULES)):
                path = Path(folder, name)
                if path.is_file() and path.resolve().is_relative_to(self._root.resolve()):
                    yield f"{self._root.name}/{path.relative_to(self._root).as_posix()}", path

    def _entries(self, document: Document, path: Path, file: str) -> Read:
        content = document.content
        if (
            not isinstance(content, dict)
            or list(content) != ["schedules"]
            or not isinstance(content["schedules"], list)
        ):
            return Read(problems=(Problem(message=SHAPE, file=file, line=1),))
        folder = path.parent.relative_to(self._root).as_posix()
        found: list[Definition] = []
        problems: list[Problem] = []
        for number, entry in enumerate(content["schedules"]):
            place = f"schedules[{number}]"
            try:
                found.append(
                    self._entry(entry, "" if folder == "." else f"{folder}/", {one.name for one in found})
                )
            except Invalid as error:
                problems += [_placed(one, place, file, document.lines) for one in error.problems]
        return Read(problems=tuple(problems)) if problems else Read(definitions=tuple(found))

    def _entry(self, entry: Any, folder: str, names: set[str]) -> Definition:
        if not isinstance(entry, dict):
            raise definition.refused(
                [Problem(message="A schedule is a table of fields: {name: …, experiment: …, cron: …}.")]
            )
        given = {"environment": self._settings.default_environment} | {
            str(key): value for key, value in entry.items()
        }
        if isinstance(given.get("experiment"), str):
            given["experiment"] = folder + given["experiment"].removesuffix(".json").removesuffix(".yaml")
        place = self._settings.environments.get(str(given["environment"]))
        if place is None:
            known = ", ".join(self._settings.environments)
            raise definition.refused(
                [Problem(message=f"There is no such environment. There are: {known}.", path="environment")]
            )
        read = definition.parse({"time_zone": place.time_zone} | given)
        definition.refuse_long_jitter(read, self._clock.now())
        if read.name in names:
            raise definition.refused(
                [Problem(message=f"There are two “{read.name}” in this file.", path="name")]
            )
        try:
            self._catalog.load(read.experiment)
        except NotFound as error:
            raise definition.refused([Problem(message=str(error), path="experiment")]) from error
        except GamedayError:
            pass  # it is there: whether it can run is preflight's question
        return read

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
                    store.change(session, row, deleted_at=now, next_at=None, due_at=None, changed_at=now)
            for source, one in wanted.items():
                self._put(session, rows.get(source), source, one, now)

    def _put(self, session: Any, row: Schedule | None, source: str, one: Definition, now: datetime) -> None:
        if row is not None and row.deleted_at is None and row.trouble is None and row.fields == one.fields:
            return
        known = row or Schedule(
            id=0, definition=one, source=source, created_by=BY, created_at=now, changed_at=now
        )  # fmt: skip
        if row is not None and row.deleted_at is None and row.fields == one.fields:
            store.change(session, row, trouble=None, changed_at=now)
            return
        new = Schedule(**{**vars(known), "definition": one, "deleted_at": None, "trouble": None})
        last = store.last_fire(session, new.id) if row else None
        columns = self._following(new, max(now, last) if last else now)
        if row is None:
            store.insert(
                session, one, source=source, created_by=BY, created_at=now, changed_at=now, **columns
            )
        else:
            store.change(session, row, one, trouble=None, deleted_at=None, changed_at=now, **columns)


def _placed(problem: Problem, place: str, file: str, lines: Mapping[str, int]) -> Problem:
    path = f"{place}.{problem.path}" if problem.path else place
    return Problem(message=problem.message, path=path, file=file, line=line_of(lines, path))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:  # gone since it was listed
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
