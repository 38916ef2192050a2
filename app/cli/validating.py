"""`gameday validate`: what is wrong with files, as compilers say it. Nothing that they name is imported or asked."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from app.errors import Problem, SettingsError
from app.experiments.catalog import SCHEDULES, Catalog
from app.experiments.document import SUFFIXES, parse
from app.experiments.validate import problems

EXPERIMENTS = "experiments"
OTHER_KIND = f"Chaos Toolkit reads files that end in {', '.join(SUFFIXES)} only. Rename it."

Check = Callable[[Path], Sequence[Problem] | None]  # None: nothing that is to be looked at
Checked = Mapping[Path, Sequence[Problem]]


def validate(paths: Sequence[Path], *, output: str) -> int:
    """0 where all is well, 1 where anything is wrong. SettingsError where there is nothing to look at."""
    with contextlib.redirect_stderr(io.StringIO()):  # the parser of JSON paths says there what it raises, too
        checked = {file: found for path in paths or [default()] for file, found in check(path)}
    wrong = [placed(problem, file) for file, found in checked.items() for problem in found]
    click.echo(as_json(checked, wrong) if output == "json" else as_lines(checked, wrong))
    return 1 if wrong else 0


def default() -> Path:
    path = Path(EXPERIMENTS)
    if not path.is_dir():
        raise SettingsError(f"There is no folder {EXPERIMENTS}/ here. Name files or folders.")
    return path


def check(path: Path) -> Iterator[tuple[Path, Sequence[Problem]]]:
    """A folder as the console lists it; a file as it stands, unless it is a list: data that experiments read."""
    if path.is_dir():
        yield from ((path / one.file, one.problems) for one in Catalog(path).all())
        for name, look in CHECKS.items():
            yield from ((file, look(file) or ()) for file in sorted(path.rglob(name)))
        return
    found = CHECKS.get(path.name, experiment)(path)
    if found is not None:
        yield path, found


def experiment(path: Path) -> Sequence[Problem] | None:
    if path.suffix not in SUFFIXES:
        return [Problem(message=OTHER_KIND)]
    document = parse(path, str(path))
    if isinstance(document.content, list) and not document.problems:
        return None
    return problems(document, str(path))


def schedules(path: Path) -> Sequence[Problem]:
    """The names of its experiments count from the folder experiments/ that it is in, else from its own."""
    from app.clock import SystemClock
    from app.schedules.reading import Reader
    from app.settings import load

    root = next((one for one in path.resolve().parents if one.name == EXPERIMENTS), path.resolve().parent)
    reader = Reader(root=root, settings=load(root.parent), catalog=Catalog(root), clock=SystemClock())
    return reader.read(path.resolve(), str(path)).problems


# Files of another kind, by name, each with what finds their problems.
CHECKS: Mapping[str, Check] = dict.fromkeys(SCHEDULES, schedules)


def placed(problem: Problem, file: Path) -> Problem:
    """With the file as it was named, and with a line: editors and pre-commit jump there."""
    return replace(problem, file=str(file), line=problem.line or 1)


def as_lines(checked: Checked, wrong: Sequence[Problem]) -> str:
    lines = [f"{one.file}:{one.line}: {f'{one.path}: ' if one.path else ''}{one.message}" for one in wrong]
    files = sum(1 for found in checked.values() if found)
    total = f"{len(checked)} file{'' if len(checked) == 1 else 's'}"
    found = f"{len(wrong)} problem{'' if len(wrong) == 1 else 's'} in {files}" if wrong else "no problems"
    return "\n".join([*lines, f"{total}, {found}."])


def as_json(checked: Checked, wrong: Sequence[Problem]) -> str:
    """`files`: how many were looked at; `problems`: each with file, line, path and message."""
    told = [{"file": p.file, "line": p.line, "path": p.path, "message": p.message} for p in wrong]
    return json.dumps({"files": len(checked), "problems": told}, indent=2, ensure_ascii=False)
