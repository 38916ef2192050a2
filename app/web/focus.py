"""What the Live page is about: the run in progress, else the last one, else an experiment to begin with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.console import Console
from app.errors import GamedayError
from app.runs import Run
from app.settings import Environment


@dataclass(frozen=True, kw_only=True)
class Focus:
    experiment: Any | None
    reading: Any | None  # None where the experiment is not valid or there is none
    run: Run | None  # in progress, or the experiment's last one
    trouble: str = ""

    @property
    def signals(self) -> Sequence[Any]:
        return self.reading.signals if self.reading is not None else ()

    @property
    def queries(self) -> list[Any]:
        return [signal.query for signal in self.signals if signal.query is not None]

    @property
    def id(self) -> str:
        """Changes when the page must show something else."""
        return self.experiment.id if self.experiment is not None else ""


def focus_on(console: Console, environment: Environment, asked: str | None) -> Focus:
    """`asked`: an experiment's id, which a run in progress overrides."""
    active = console.runs.active(environment.name)
    running = [run for run in active if not run.waiting] or active  # those in line show nothing yet
    run = running[-1] if running else None
    experiment = _experiment(console, environment, run.experiment if run else asked)
    if experiment is None:
        return Focus(experiment=None, reading=None, run=run)
    last = run or next(
        iter(console.runs.list(1, experiment=experiment.id, environment=environment.name)), None
    )
    reading, trouble = reading_of(console, experiment, environment)
    return Focus(experiment=experiment, reading=reading, run=last, trouble=trouble)


def reading_of(console: Console, experiment: Any, environment: Environment) -> tuple[Any | None, str]:
    """The reading, or why there is none."""
    if not experiment.valid:
        return None, "; ".join(str(problem) for problem in experiment.problems)
    try:
        return console.read(experiment, environment), ""
    except GamedayError as error:
        return None, str(error)


def _experiment(console: Console, environment: Environment, asked: str | None) -> Any | None:
    if asked is not None:
        try:
            return console.catalog.load(asked)
        except GamedayError:  # its file is gone, or a link is old
            asked = None
    last = next(iter(console.runs.list(1, environment=environment.name)), None)
    known = [experiment for experiment in console.catalog.all() if experiment.valid]
    return next((e for e in known if last and e.id == last.experiment), next(iter(_lab_first(known)), None))


def _lab_first(known: Sequence[Any]) -> list[Any]:
    """The lab's own question is the one to begin with."""
    return sorted(known, key=lambda experiment: not experiment.id.endswith("exp_2-strict"))
