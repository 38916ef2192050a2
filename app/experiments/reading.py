"""An experiment with an environment's variables filled in: signals, intents, story."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.experiments.experiment import Experiment
from app.experiments.intents import FaultIntent, intents_in
from app.experiments.signals import Signal, signals_of
from app.experiments.story import Step, expected_seconds, story
from app.experiments.substitution import configuration, substitute


@dataclass(frozen=True, kw_only=True)
class Reading:
    signals: tuple[Signal, ...]
    intents: tuple[FaultIntent, ...]  # the method's, then the rollbacks'
    steps: tuple[Step, ...]
    expected_seconds: float


def read(experiment: Experiment, variables: Mapping[str, str]) -> Reading:
    """What can be told without running anything; an unresolved `${name}` stands as it is."""
    known = configuration(experiment.document, variables)
    document = substitute(experiment.document, known)
    folder = experiment.path.parent
    signals = signals_of(
        (document.get("steady-state-hypothesis") or {}).get("probes") or [], folder, experiment.id
    )
    steps = story(document, signals)
    intents = [
        intent
        for phase in ("method", "rollbacks")
        for intent in intents_in(document.get(phase) or [], phase, folder)
    ]
    return Reading(
        signals=signals,
        intents=tuple(intents),
        steps=steps,
        expected_seconds=expected_seconds(steps, signals),
    )
