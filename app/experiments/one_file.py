"""An experiment file from anywhere, as `chaos run` takes it, beside the experiments of the working folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app.errors import Problem
from app.experiments.catalog import Catalog
from app.experiments.document import Document, parse
from app.experiments.experiment import Experiment
from app.experiments.validate import problems


def open_file(path: Path, *, name: str, workdir: Path) -> Experiment:
    """Read it; `name` is its id, what its relative names start from is `workdir`.

    What is wrong with it is listed and refused by nobody here: Chaos Toolkit has the last word.
    """
    try:
        document = parse(path, name)
        wrong = problems(document, name)
    except Exception as error:  # noqa: BLE001  whatever the file holds
        document, wrong = Document(), (Problem(message=f"{type(error).__name__}: {error}.", file=name),)
    content = document.content if isinstance(document.content, dict) else {}
    return Experiment(
        id=name,
        file=path.name,
        path=path,
        title=str(content.get("title") or name),
        description=str(content.get("description") or ""),
        document=content,
        problems=wrong,
        workdir=workdir,
    )


class WithFile:
    """A catalog that has this one file besides its own."""

    def __init__(self, experiment: Experiment, catalog: Catalog) -> None:
        self._experiment = experiment
        self._catalog = catalog

    def all(self) -> Sequence[Experiment]:
        return [*self._catalog.all(), self._experiment]

    def load(self, experiment_id: str) -> Experiment:
        """NotFound where there is none."""
        return self._experiment if experiment_id == self._experiment.id else self._catalog.load(experiment_id)
