"""The files under experiments/, read again when they change."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

from app.errors import NotFound
from app.experiments.document import SUFFIXES, Document, parse
from app.experiments.experiment import Experiment
from app.experiments.validate import problems

_Stamp = tuple[int, int]


class Catalog:
    """All that is in a folder; an invalid file is listed with its problems and breaks no other."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._known: dict[Path, tuple[_Stamp, Experiment | None]] = {}

    def all(self) -> list[Experiment]:
        """By id. Data files that an experiment names, lists of CloudWatch queries, are no experiments."""
        found = [self._read(path) for path in sorted(self._files())]
        return [experiment for experiment in found if experiment is not None]

    def load(self, experiment_id: str) -> Experiment:
        """The experiment of that id; NotFound where there is none."""
        for suffix in SUFFIXES:
            path = self._root / f"{experiment_id}{suffix}"
            if self._inside(path) and (experiment := self._read(path)) is not None:
                return experiment
        raise NotFound(f"There is no experiment {experiment_id!r} in {self._root.name}/.")

    def _files(self) -> Iterator[Path]:
        for folder, folders, names in os.walk(self._root):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in names:
                path = Path(folder, name)
                if path.suffix in SUFFIXES and not name.startswith(".") and self._inside(path):
                    yield path

    def _inside(self, path: Path) -> bool:
        try:
            return path.is_file() and path.resolve().is_relative_to(self._root.resolve())
        except (OSError, ValueError):  # a name too long, or with a NUL
            return False

    def _read(self, path: Path) -> Experiment | None:
        status = path.stat()
        stamp = (status.st_mtime_ns, status.st_size)
        with self._lock:
            known = self._known.get(path)
        if known is None or known[0] != stamp:
            known = (stamp, self._parse(path))
            with self._lock:
                self._known[path] = known
        return known[1]

    def _parse(self, path: Path) -> Experiment | None:
        file = path.relative_to(self._root).as_posix()
        document = parse(path, f"{self._root.name}/{file}")
        if isinstance(document.content, list) and not document.problems:
            return None
        return _experiment(path, file, document, self._root.name)


def _experiment(path: Path, file: str, document: Document, folder: str) -> Experiment:
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
        problems=problems(document, f"{folder}/{file}"),
    )
