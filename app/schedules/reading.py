"""Reads `schedules.yaml`: what each file says, or what is wrong with it and on which line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from app.clock import Clock
from app.errors import GamedayError, Invalid, NotFound, Problem
from app.experiments import Experiment
from app.experiments.document import SUFFIXES, Document, line_of, parse
from app.schedules import definition
from app.schedules.definition import Definition
from app.settings import Settings

EMPTY = "The file is empty"
SHAPE = "A file of schedules is a list under the name “schedules”: schedules: [{name: nightly, experiment: …, cron: …}]."


class CatalogRoom(Protocol):
    def load(self, experiment_id: str, /) -> Experiment: ...


@dataclass(frozen=True, kw_only=True)
class Read:
    """A file as it was read: all of it, or what is wrong with it."""

    definitions: tuple[Definition, ...] = ()
    problems: tuple[Problem, ...] = ()
    mistake: Exception | None = field(default=None, compare=False)  # the console's own, over this file


class Reader:
    """Of the files under `root`, which names the experiments, in the environments of those settings."""

    def __init__(self, *, root: Path, settings: Settings, catalog: CatalogRoom, clock: Clock) -> None:
        self._root = root
        self._settings = settings
        self._catalog = catalog
        self._clock = clock

    def read(self, path: Path, file: str) -> Read:
        """`file`: as it is shown, from the working folder on."""
        try:
            document = parse(path, file)
            if any(one.message.startswith(EMPTY) for one in document.problems):
                return Read()
            return (
                Read(problems=document.problems) if document.problems else self._entries(document, path, file)
            )
        except Exception as error:  # noqa: BLE001  whatever one file holds, the others are still read
            words = f"The console can not read this: {type(error).__name__}: {error}."
            return Read(problems=(Problem(message=words, file=file),), mistake=error)

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
            given["experiment"] = folder + _id(given["experiment"])
        try:
            place = self._settings.environment(str(given["environment"]))
        except NotFound as error:
            raise definition.refused([Problem(message=str(error), path="environment")]) from error
        read = definition.parse({"time_zone": place.time_zone} | given)
        definition.refuse_all(
            lambda: definition.refuse_long_jitter(read, self._clock.now()),
            lambda: definition.refuse_unknown_channels(read, self._settings.channels),
        )
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


def _id(experiment: str) -> str:
    """By which it is known: people name the file, too."""
    suffix = next((one for one in SUFFIXES if experiment.endswith(one)), "")
    return experiment.removesuffix(suffix)


def _placed(problem: Problem, place: str, file: str, lines: Mapping[str, int]) -> Problem:
    path = f"{place}.{problem.path}" if problem.path else place
    return Problem(message=problem.message, path=path, file=file, line=line_of(lines, path))
