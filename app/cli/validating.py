"""`gameday validate`: what is wrong with files, as compilers say it. Nothing that they name is imported or asked."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from app.errors import Problem, SettingsError
from app.experiments.catalog import SCHEDULES, Catalog
from app.experiments.document import SUFFIXES, parse
from app.experiments.validate import problems, warnings

EXPERIMENTS = "experiments"
OTHER_KIND = f"Chaos Toolkit reads files that end in {', '.join(SUFFIXES)} only. Rename it."


@dataclass(frozen=True, kw_only=True)
class Found:
    problems: Sequence[Problem] = ()
    warnings: Sequence[Problem] = ()  # nobody refuses such a file


Check = Callable[[Path], Found | None]  # None: nothing that is to be looked at
Checked = Mapping[Path, Found]


def validate(paths: Sequence[Path], *, output: str) -> int:
    """0 where all is well, 1 where anything is wrong. SettingsError where there is nothing to look at."""
    with contextlib.redirect_stderr(io.StringIO()):  # the parser of JSON paths says there what it raises, too
        checked = {file: found for path in paths or [default()] for file, found in check(path)}
    click.echo(as_json(checked) if output == "json" else as_lines(checked))
    return 1 if any(found.problems for found in checked.values()) else 0


def default() -> Path:
    path = Path(EXPERIMENTS)
    if not path.is_dir():
        raise SettingsError(f"There is no folder {EXPERIMENTS}/ here. Name files or folders.")
    return path


def check(path: Path) -> Iterator[tuple[Path, Found]]:
    """A folder as the console lists it; a file as it stands, unless it is a list: data that experiments read."""
    if path.is_dir():
        for one in Catalog(path).all():
            yield path / one.file, Found(problems=one.problems, warnings=one.warnings)
        for name, look in CHECKS.items():
            yield from ((file, look(file) or Found()) for file in sorted(path.rglob(name)))
        return
    found = CHECKS.get(path.name, experiment)(path)
    if found is not None:
        yield path, found


def experiment(path: Path) -> Found | None:
    if path.suffix not in SUFFIXES:
        return Found(problems=[Problem(message=OTHER_KIND)])
    document = parse(path, str(path))
    if isinstance(document.content, list) and not document.problems:
        return None
    return Found(problems=problems(document, str(path)), warnings=warnings(document, str(path)))


def schedules(path: Path) -> Found:
    """The names of its experiments count from the folder experiments/ that it is in, else from its own."""
    from app.clock import SystemClock
    from app.schedules.reading import Reader
    from app.settings import load

    root = next((one for one in path.resolve().parents if one.name == EXPERIMENTS), path.resolve().parent)
    reader = Reader(root=root, settings=load(root.parent), catalog=Catalog(root), clock=SystemClock())
    return Found(problems=reader.read(path.resolve(), str(path)).problems)


# Files of another kind, by name, each with what finds their problems.
CHECKS: Mapping[str, Check] = dict.fromkeys(SCHEDULES, schedules)


def placed(problem: Problem, file: Path) -> Problem:
    """With the file as it was named, and with a line: editors and pre-commit jump there."""
    return replace(problem, file=str(file), line=problem.line or 1)


def as_lines(checked: Checked) -> str:
    """What is wrong, then what is only odd, file by file and line by line; at last how much of it there is."""
    lines = []
    for file, found in checked.items():
        lines += [_line(placed(one, file)) for one in found.problems]
        lines += [_line(placed(one, file), "warning: ") for one in found.warnings]
    wrong = [len(found.problems) for found in checked.values() if found.problems]
    odd = sum(len(found.warnings) for found in checked.values())
    told = [_count(len(checked), "file")]
    told += [f"{_count(sum(wrong), 'problem')} in {len(wrong)}" if wrong else "no problems"]
    told += [_count(odd, "warning")] if odd else []
    return "\n".join([*lines, f"{', '.join(told)}."])


def _line(one: Problem, sort: str = "") -> str:
    return f"{one.file}:{one.line}: {sort}{f'{one.path}: ' if one.path else ''}{one.message}"


def as_json(checked: Checked) -> str:
    """`files`: how many were looked at; `problems` and `warnings`: each with file, line, path and message."""
    document = {
        "files": len(checked),
        "problems": [_plain(placed(one, file)) for file, found in checked.items() for one in found.problems],
        "warnings": [_plain(placed(one, file)) for file, found in checked.items() for one in found.warnings],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _plain(one: Problem) -> dict[str, str | int | None]:
    return {"file": one.file, "line": one.line, "path": one.path, "message": one.message}


def _count(count: int, one: str) -> str:
    return f"{count} {one}{'' if count == 1 else 's'}"
