"""An experiment file as a value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.errors import Problem


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """`id` is the path under experiments/ without suffix; `file` the path with it."""

    id: str
    file: str
    path: Path
    title: str
    description: str = ""
    tags: tuple[str, ...] = ()
    document: dict[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()  # keys that Chaos Toolkit passes by
    workdir: Path | None = None  # where a file from outside experiments/ is run, as `chaos run` has it

    @property
    def folder(self) -> Path:
        """What its relative file names start from."""
        return self.workdir or self.path.parent

    @property
    def valid(self) -> bool:
        return not self.problems


def matching(experiments: Iterable[Any], *, tag: str | None = None, text: str | None = None) -> list[Any]:
    """Those with that tag, and that text in their id, title or description, by id; None: whichever."""
    sought = (text or "").casefold()
    found = [
        one
        for one in experiments
        if (tag is None or tag in one.tags)
        and any(sought in part.casefold() for part in (one.id, one.title, one.description))
    ]
    return sorted(found, key=lambda one: str(one.id))
