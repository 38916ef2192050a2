"""What shows the effect of a fault: the signals of its run, or of the experiments that arm the same store."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.errors import GamedayError, NotFound
from app.experiments import Experiment, Signal
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
        signals = (signal for entry in (*by_hand, *over) for signal in self.of(entry))
        return [signal.query for signal in signals if signal.query is not None]

    def of(self, entry: Entry) -> list[Signal]:
        """The signals that judge whether the system is as it should be in spite of a fault, or after it."""
        run = self._run_of(entry)
        experiments = self._catalog.all() if run is None else self._experiment_of(run)
        variables = {} if run is None else run.variables
        return [
            signal
            for experiment in experiments
            if experiment.valid
            for signal in self._signals(experiment, entry, variables)
        ]

    def unjudged(self, entry: Entry, signals: Sequence[Signal]) -> bool:
        """Whether a signal of its run, or of any experiment where it was armed by hand, can not be judged from here.

        Only runs measure it, its tolerance is more than a range, or its experiment can not be read any more.
        `signals`: as `of` gives them.
        """
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

    def _experiment_of(self, run: Run) -> Sequence[Experiment]:
        try:
            return [self._catalog.load(run.experiment)]
        except NotFound:
            return []

    def _signals(
        self, experiment: Experiment, entry: Entry, variables: Mapping[str, Any]
    ) -> Sequence[Signal]:
        try:
            reading = self._reading.read(experiment, self._settings.environment(entry.environment), variables)
        except GamedayError as error:
            LOGGER.info("%s could not be read: %s", experiment.file, error)
            return ()
        stores = {":".join(intent.store) for intent in reading.intents}
        return reading.signals if str(entry.store) in stores else ()
