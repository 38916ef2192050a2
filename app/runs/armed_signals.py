"""What shows the effect of a fault: the signals of its run, or of the experiments that arm the same store."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from app.errors import GamedayError
from app.faults import Entry, Faults
from app.queries import Query
from app.runs.rooms import CatalogRoom, ReadingRoom
from app.settings import Settings

LOGGER = logging.getLogger(__name__)


class ArmedSignals:
    def __init__(
        self, *, faults: Faults, catalog: CatalogRoom, settings: Settings, reading: ReadingRoom
    ) -> None:
        self._faults = faults
        self._catalog = catalog
        self._settings = settings
        self._reading = reading

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
        return [signal for experiment in valid for signal in self._of(experiment, wanted)]

    def _of(self, experiment: Any, entries: list[Entry]) -> list[Any]:
        environment = entries[0].environment
        try:
            reading = self._reading.read(experiment, self._settings.environment(environment), {})
        except GamedayError as error:
            LOGGER.info("%s could not be read: %s", experiment.file, error)
            return []
        stores = {":".join(intent.store) for intent in reading.intents}
        return list(reading.signals) if any(str(entry.store) in stores for entry in entries) else []
