"""What runs ask of experiments and stores, in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app import experiments
from app.faults import Store
from app.runs.run import Run
from app.settings import Environment


class FromFiles:
    """The real thing; a test may bring its own."""

    def read(self, experiment: Any, environment: Environment, variables: Mapping[str, Any]) -> Any:
        """Signals, intents, steps and expected duration, as this environment and these variables make them."""
        if experiment.problems:  # Chaos Toolkit has the last word on it
            return experiments.Reading(signals=(), intents=(), steps=(), expected_seconds=0.0)
        return experiments.read(experiment, environment.variables, variables)

    def snapshot(self, experiment: Any, to: Path) -> Any:
        """Copy the experiment's folder: sha256, git_commit, git_dirty."""
        return experiments.snapshot(experiment, to)

    def taken(self, run: Run, folder: Path) -> Any:
        """The experiment as a run's snapshot in `folder` has it."""
        file = str(run.facts["file"])
        return experiments.Experiment(
            id=run.experiment, file=file, path=folder / file, title=run.title, document=dict(run.document)
        )

    def intents(self, activity: Mapping[str, Any]) -> Sequence[Any]:
        """The writes of fault stores by one activity, as it is about to run."""
        return experiments.intents_of(activity)

    def store(self, environment: str, kind: str, name: str) -> Any:
        return Store(environment=environment, kind=kind, name=name)
