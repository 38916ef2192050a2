"""The files under experiments/, read again when they change."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from app.errors import NotFound, Problem
from app.experiments.document import SUFFIXES, Document, parse
from app.experiments.experiment import Experiment
from app.experiments.plain import as_utf8
from app.experiments.validate import problems, warnings

LOGGER = logging.getLogger(__name__)
LINK = "This is a link, and a run copies regular files only. Put the file itself here."

SCHEDULES = ("schedules.yaml", "schedules.yml")  # beside experiments, and none themselves
LONGEST_ID = 200  # characters that a near one is looked for
_Stamp = tuple[int, int, int]


class Catalog:
    """All that is in a folder; an invalid file is listed with its problems and breaks no other."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._known: dict[Path, tuple[_Stamp, Experiment | None]] = {}

    def all(self) -> list[Experiment]:
        """By id. Data files that an experiment names, lists of CloudWatch queries, are no experiments."""
        found = [self._named(path) for path in sorted(self._files())]
        return [experiment for experiment in found if experiment is not None]

    def load(self, experiment_id: str) -> Experiment:
        """The experiment of that id; NotFound where there is none."""
        for suffix in (*SUFFIXES, ""):  # without one: a file whose id another one has, too
            path = self._root / f"{experiment_id}{suffix}"
            experiment = self._named(path) if path.suffix in SUFFIXES and self._inside(path) else None
            if experiment is not None and experiment.id == experiment_id:
                return experiment
        near = _near(experiment_id[:LONGEST_ID], [one.id for one in self.all()])
        meant = f" Did you mean {near}?" if near else ""
        raise NotFound(f"There is no experiment {as_utf8(experiment_id)!r} in {self._root.name}/.{meant}")

    def _files(self) -> Iterator[Path]:
        for folder, folders, names in os.walk(self._root):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in names:
                path = Path(folder, name)
                if path.suffix in SUFFIXES and self._inside(path):
                    yield path

    def _inside(self, path: Path) -> bool:
        try:
            hidden = any(part.startswith(".") for part in path.relative_to(self._root).parts)
            return (
                not hidden
                and path.name not in SCHEDULES
                and path.is_file()
                and path.resolve().is_relative_to(self._root.resolve())
            )
        except (OSError, ValueError, RuntimeError):  # a name too long, or with a NUL; links in a circle
            return False

    def _named(self, path: Path) -> Experiment | None:
        """With its file's whole name as its id where another file has the shorter one already."""
        experiment = self._read(path)
        if experiment is None:
            return None
        for suffix in SUFFIXES[: SUFFIXES.index(path.suffix)]:
            other = path.with_suffix(suffix)
            if self._inside(other) and self._read(other) is not None:
                words = f"{other.name} has the same id, “{experiment.id}”. Rename one of the two."
                problem = Problem(message=words, file=f"{self._root.name}/{experiment.file}")
                return replace(experiment, id=experiment.file, problems=(problem, *experiment.problems))
        return experiment

    def _read(self, path: Path) -> Experiment | None:
        try:
            status = path.lstat()
        except OSError:  # gone since it was listed
            return None
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        with self._lock:
            known = self._known.get(path)
        if known is None or known[0] != stamp:
            known = (stamp, self._parse(path))
            with self._lock:
                self._known[path] = known
        return known[1]

    def _parse(self, path: Path) -> Experiment | None:
        relative = path.relative_to(self._root).as_posix()
        file = as_utf8(relative)
        shown = f"{self._root.name}/{file}"
        if file != relative:
            return _refused(path, file, "The file's name is not UTF-8. Rename it.", shown)
        if path.resolve() != self._root.resolve() / relative:
            return _refused(path, file, LINK, shown)
        try:
            document = parse(path, shown)
            if isinstance(document.content, list) and not document.problems:
                return None
            found = _experiment(path, file, document, problems(document, shown))
            return replace(found, warnings=warnings(document, shown))
        except Exception as error:  # whatever one file holds, the others are still listed
            LOGGER.exception("%s can not be read", shown)
            return _refused(
                path, file, f"The console can not read this: {type(error).__name__}: {error}.", shown
            )


def _near(asked: str, ids: Sequence[str]) -> str:
    """The id that was meant: spelt alike, else the first that ends in what was asked: `strict`."""
    alike = get_close_matches(asked, ids, n=1)
    ending = [one for one in ids if asked and one.endswith(asked)]
    return next(iter([*alike, *ending]), "")


def _refused(path: Path, file: str, message: str, shown: str) -> Experiment:
    return _experiment(path, file, Document(), (Problem(message=message, file=shown),))


def _experiment(path: Path, file: str, document: Document, wrong: tuple[Problem, ...]) -> Experiment:
    content = document.content if isinstance(document.content, dict) else {}
    tags = content.get("tags")
    return Experiment(
        id=file.removesuffix(path.suffix),
        file=file,
        path=path,
        title=str(content.get("title") or file),
        description=str(content.get("description") or ""),
        tags=tuple(str(tag) for tag in tags) if isinstance(tags, list) else (),
        document=content,
        problems=wrong,
    )
