"""What shows the effect of a fault: the signals of its run, or of the experiments that arm the same store."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from app.errors import GamedayError, NotFound
from app.faults import Entry, Faults
from app.queries import Query
from app.runs.rooms import CatalogRoom, ReadingRoom
from app.runs.run import Run
from app.settings import Settings

LOGGER = logging.getLogger(__name__)


class ArmedSignals:
    def __init__(
        self,
        *,
        faults: Faults,
        catalog: CatalogRoom,
        settings: Settings,
        reading: ReadingRoom,
        run: Callable[[int], Run],
    ) -> None:
        """`run` gives the run of that number; NotFound where there is none."""
        self._faults = faults
        self._catalog = catalog
        self._settings = settings
        self._reading = reading
        self._run = run

    def queries(self, environment: str) -> list[Query]:
        """Of the faults armed by hand there, and of those that are over and not known to be clean yet.

        Those that runs hold are watched by their runs.
        """
        by_hand = [entry for entry in self._faults.active(environment) if entry.run_id is None]
        over = [entry for entry in self._faults.settling() if entry.environment == environment]
        signals = self.of([*by_hand, *over])
        return [signal.query for signal in signals if signal.query is not None]

    def of(self, entries: Iterable[Entry]) -> list[Any]:
        """The signals that judge whether the system is as it should be in spite of these faults, or after them."""
        wanted = list(entries)
        if not wanted:
            return []
        valid = [experiment for experiment in self._catalog.all() if experiment.valid]
        given = {run.experiment: run.variables for entry in wanted if (run := self._run_of(entry))}
        return [
            signal
            for experiment in valid
            for signal in self._of(experiment, wanted, given.get(experiment.id, {}))
        ]

    def unjudged(self, entry: Entry) -> bool:
        """Whether a signal of its run, or of any experiment where it was armed by hand, can not be judged from here.

        Only runs measure it, its tolerance is more than a range, or its experiment can not be read any more.
        """
        signals = self.of([entry])
        run = self._run_of(entry)
        if run is None:
            return any(signal.query is None or signal.tolerance is None for signal in signals)
        judged = {signal.query.id for signal in signals if signal.query and signal.tolerance is not None}
        return any(signal["query"] not in judged for signal in run.signals)

    def _run_of(self, entry: Entry) -> Run | None:
        if entry.run_id is None:
            return None
        try:
            return self._run(int(entry.run_id))
        except (NotFound, ValueError):
            return None

    def _of(self, experiment: Any, entries: list[Entry], variables: Mapping[str, Any]) -> list[Any]:
        environment = entries[0].environment
        try:
            reading = self._reading.read(experiment, self._settings.environment(environment), variables)
        except GamedayError as error:
            LOGGER.info("%s could not be read: %s", experiment.file, error)
            return []
        stores = {":".join(intent.store) for intent in reading.intents}
        return list(reading.signals) if any(str(entry.store) in stores for entry in entries) else []
