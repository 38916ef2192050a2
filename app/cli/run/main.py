"""One run from what was asked to an exit code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.run.asked import Asked
from app.cli.run.codes import CODES, MISTAKE
from app.cli.run.follow import Presses, follow, plain, tell
from app.cli.run.here import refuse_unknown, start, working

if TYPE_CHECKING:
    from app.main import Engine
    from app.runs.run import Run


def run(asked: Asked) -> int:
    """Right here. The exit code: one a verdict."""
    refuse_unknown(asked)
    presses = Presses()
    with working(asked) as engine:
        with presses.heard():
            started = start(engine, asked)
            click.echo(f"Run {started.id} of {started.experiment} in {started.environment}.")
            over = follow(engine, started, presses, plain)
        _keep(engine, asked, over)
        click.echo(f"{over.verdict}: {over.verdict_reason}")
        return _code(engine, over)


def _code(engine: Engine, run: Run) -> int:
    experiment = engine.console.catalog.load(run.experiment)
    if run.facts.get("problem") and not _begun(engine, run):  # Chaos Toolkit refused the file
        for problem in experiment.problems:
            tell(f"  {problem}")
        return MISTAKE
    return CODES[str(run.verdict)]


def _begun(engine: Engine, run: Run) -> bool:
    return any(event.kind == "started" for event in engine.console.runs.events(run.id))


def _keep(engine: Engine, asked: Asked, run: Run) -> None:
    if asked.journal is not None and (journal := engine.console.runs.journal(run.id)) is not None:
        write(asked.journal, journal)


def write(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(content)
    temporary.replace(path)
