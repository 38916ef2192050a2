"""What runs ask of experiments and stores, in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app import experiments
from app.errors import Invalid
from app.experiments import Experiment, FaultIntent, Reading, SnapshotInfo
from app.faults import Store
from app.runs.run import Run
from app.settings import Environment


class FromFiles:
    """The real thing; a test may bring its own. `environ`: given to every run, below its environment's variables."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = environ or {}

    def read(self, experiment: Experiment, environment: Environment, variables: Mapping[str, Any]) -> Reading:
        """Signals, intents, steps and expected duration, as this environment and these variables make them.

        Invalid where it can not be read: nothing runs whose faults are not known.
        """
        try:
            known = {**self._environ, **environment.variables}
            return experiments.read(experiment, known, variables, environment=environment)
        except Invalid as error:
            wrong = tuple(experiment.problems)
            sentence = f"{experiment.file} is no valid experiment." if wrong else str(error)
            raise Invalid(sentence, problems=wrong) from error

    def snapshot(self, experiment: Experiment, to: Path) -> SnapshotInfo:
        """Copy the experiment's folder: sha256, git_commit, git_dirty."""
        return experiments.snapshot(experiment, to)

    def taken(self, run: Run, folder: Path) -> Experiment:
        """The experiment as a run's snapshot in `folder` has it."""
        file = str(run.facts["file"])
        return Experiment(
            id=run.experiment, file=file, path=folder / file, title=run.title, document=dict(run.document)
        )

    def intents(self, activity: Mapping[str, Any]) -> Sequence[FaultIntent]:
        """The writes of fault stores by one activity, as it is about to run."""
        return experiments.intents_of(activity)

    def store(self, environment: str, kind: str, name: str) -> Store:
        return Store(environment=environment, kind=kind, name=name)
