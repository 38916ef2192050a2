"""An experiment file from anywhere, as `chaos run` takes it, beside the experiments of the working folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app.errors import Invalid
from app.experiments.catalog import Catalog
from app.experiments.document import parse
from app.experiments.experiment import Experiment
from app.experiments.validate import of_extension, problems, warnings


def open_file(path: Path, *, name: str, workdir: Path) -> Experiment:
    """Read it; `name` is its id, what its relative names start from is `workdir`.

    Invalid where it can not be read, or its `gameday` extension says something else than was meant: its faults
    and its stop conditions would not be known. Whatever else is wrong is listed, and Chaos Toolkit has the last word.
    """
    document = parse(path, name)
    content = document.content if isinstance(document.content, dict) else {}
    wrong = problems(document, name)
    if document.problems or of_extension(document, name):
        raise Invalid(f"{name} can not be run.", problems=wrong)
    return Experiment(
        id=name,
        file=path.name,
        path=path,
        title=str(content.get("title") or name),
        description=str(content.get("description") or ""),
        document=content,
        problems=wrong,
        warnings=warnings(document, name),
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
