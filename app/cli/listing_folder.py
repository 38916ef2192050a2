"""Listings from a working folder: its files and its database, whether a console runs there or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.cli.listing_rooms import Filters, Rows
from app.clock import SystemClock
from app.errors import NotFound
from app.experiments import Catalog
from app.faults.ledger import Ledger
from app.metrics import Sample
from app.metrics import store as samples
from app.runs import store as runs
from app.settings import Environment, Settings, load
from app.storage import Storage
from app.storage.engine import opened
from app.web.answers import experiment_json, fault_json, run_json
from app.web.environments import environment_json, named
from app.web.measured import signals_of

RUNS_SHOWN = 5  # of an experiment


class Folder:
    """A working folder, by its files and its database."""

    def __init__(self, settings: Settings, storage: Storage) -> None:
        self._settings = settings
        self._storage = storage
        self._catalog = Catalog(settings.experiments)
        self._ledger = Ledger(storage)

    def listed(self, noun: str, filters: Filters) -> Rows:
        rows: Rows = getattr(self, f"_{noun}")(filters)
        return rows

    def one(self, noun: str, key: str, filters: Filters) -> dict[str, Any]:
        found: dict[str, Any] = getattr(self, f"_one_of_{noun}")(key, filters)
        return found

    def _experiments(self, filters: Filters) -> Rows:
        del filters
        return [self._experiment(one) for one in self._catalog.all()]

    def _one_of_experiments(self, key: str, filters: Filters) -> dict[str, Any]:
        del filters
        return self._experiment(self._catalog.load(key))

    def _experiment(self, experiment: Any) -> dict[str, Any]:
        with self._storage.reading() as session:
            return experiment_json(
                experiment, runs.latest(session, limit=RUNS_SHOWN, experiment=experiment.id)
            )

    def _runs(self, filters: Filters) -> Rows:
        self._place(filters)
        with self._storage.reading() as session:
            return [self._run(one) for one in runs.latest(session, **filters)]

    def _one_of_runs(self, key: str, filters: Filters) -> dict[str, Any]:
        del filters
        with self._storage.reading() as session:
            found = runs.read(session, number(key))
        if found is None:
            raise NotFound(f"There is no run {key}.")
        return self._run(found)

    def _run(self, run: Any) -> dict[str, Any]:
        return run_json(run, self._ledger.for_run(str(run.id)))

    def _faults(self, filters: Filters) -> Rows:
        self._place(filters)
        return [
            fault_json(entry) for entry in self._ledger.history(filters["limit"], filters.get("environment"))
        ]

    def _one_of_faults(self, key: str, filters: Filters) -> dict[str, Any]:
        del filters
        return fault_json(self._ledger.entry(number(key)))

    def _environments(self, filters: Filters) -> Rows:
        del filters
        return [environment_json(one, self._settings) for one in self._settings.environments.values()]

    def _one_of_environments(self, key: str, filters: Filters) -> dict[str, Any]:
        del filters
        return environment_json(named(key, self._settings), self._settings)

    def _signals(self, filters: Filters) -> Rows:
        place = self._place(filters)
        wanted = filters.get("experiment")
        known = [self._catalog.load(wanted)] if wanted else self._catalog.all()
        with self._storage.reading() as session:

            def latest(query: str) -> Sample | None:
                return samples.latest(session, place.name, query)

            return signals_of(known, place, latest=latest, now=SystemClock().now())

    def _one_of_signals(self, key: str, filters: Filters) -> dict[str, Any]:
        found = next((row for row in self._signals(filters) if row["id"] == key), None)
        if found is None:
            raise NotFound(f"No experiment measures a signal {key} in {self._place(filters).name}.")
        return found

    def _place(self, filters: Filters) -> Environment:
        """NotFound for an environment that there is not, rather than an empty list."""
        return named(filters.get("environment") or self._settings.default_environment, self._settings)


def number(text: str) -> int:
    """NotFound for what is no number that a database can hold."""
    if not (text.isascii() and text.isdecimal()) or int(text) >= 2**63:
        raise NotFound(f"There is nothing numbered {text[:40]}.")
    return int(text)


@contextmanager
def looked_at(folder: Path) -> Iterator[Folder]:
    settings = load(folder)
    with _storage(settings) as storage:
        yield Folder(settings, storage)


@contextmanager
def _storage(settings: Settings) -> Iterator[Storage]:
    """The console's database. Where no console has been yet, nothing is made: whoever looks leaves no traces."""
    if settings.database_url or (settings.data / "gameday.sqlite").is_file():
        with closing(opened(settings)) as storage:
            yield storage
        return
    with (
        TemporaryDirectory() as nowhere,
        closing(opened(replace(settings, data_folder=Path(nowhere)))) as storage,
    ):
        yield storage
