"""What shows the effect of a fault that was armed by hand: the signals of the experiments that arm the same store."""

from __future__ import annotations

import logging
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
        """Of the faults armed by hand there; those of runs are watched by their runs."""
        by_hand = [entry for entry in self._faults.active(environment) if entry.run_id is None]
        if not by_hand:
            return []
        valid = [experiment for experiment in self._catalog.all() if experiment.valid]
        return [query for experiment in valid for query in self._of(experiment, environment, by_hand)]

    def _of(self, experiment: Any, environment: str, by_hand: list[Entry]) -> list[Query]:
        try:
            reading = self._reading.read(experiment, self._settings.environment(environment), {})
        except GamedayError as error:
            LOGGER.info("%s could not be read: %s", experiment.file, error)
            return []
        stores = {":".join(intent.store) for intent in reading.intents}
        if not any(str(entry.store) in stores for entry in by_hand):
            return []
        return [signal.query for signal in reading.signals if signal.query is not None]
