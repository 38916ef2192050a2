"""An experiment with an environment's variables filled in: signals, intents, story."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.errors import Invalid, Problem
from app.experiments.experiment import Experiment
from app.experiments.extension import StopCondition, stop_conditions
from app.experiments.intents import FaultIntent, activities, intents_in
from app.experiments.signals import Signal, signals_of
from app.experiments.story import Step, expected_seconds, story
from app.experiments.substitution import configuration, resolved
from app.experiments.unproven import Unproven, beside, leased, unproven


@dataclass(frozen=True, kw_only=True)
class Reading:
    signals: tuple[Signal, ...]
    intents: tuple[FaultIntent, ...]  # the method's, then the rollbacks'
    steps: tuple[Step, ...]
    expected_seconds: float
    unproven: tuple[Unproven, ...] = ()
    stop_conditions: tuple[StopCondition, ...] = ()
    warnings: tuple[Problem, ...] = ()


def read(
    experiment: Experiment, variables: Mapping[str, str], given: Mapping[str, Any] | None = None
) -> Reading:
    """What can be told without running anything; an unresolved `${name}` stands as it is.

    `variables`: the environment's; `given`: by the person who starts a run, for names of the configuration.
    Invalid where the file says something that nobody thought of.
    """
    try:
        return _read(experiment, variables, given or {})
    except Exception as error:  # a page or a run is refused in a sentence, whatever the file holds
        raise Invalid(f"{experiment.file} can not be read: {type(error).__name__}: {error}.") from error


def _read(experiment: Experiment, variables: Mapping[str, str], given: Mapping[str, Any]) -> Reading:
    document = resolved(experiment.document, configuration(experiment.document, variables, given))
    folder = experiment.folder
    signals = signals_of(
        (document.get("steady-state-hypothesis") or {}).get("probes") or [], folder, experiment.id
    )
    steps = story(document, signals)
    intents = [intent for phase in ("method", "rollbacks") for intent in intents_in(document, phase, folder)]
    return Reading(
        warnings=experiment.warnings,
        unproven=_unproven(document, intents),
        stop_conditions=stop_conditions(document),
        signals=signals,
        intents=tuple(intents),
        steps=steps,
        expected_seconds=expected_seconds(steps, signals),
    )


def _unproven(document: Mapping[str, Any], intents: list[FaultIntent]) -> tuple[Unproven, ...]:
    """Of the method's activities that arm nothing which is known, or something else besides."""
    known = leased(intent for intent in intents if intent.phase == "method")
    every = enumerate(activities(document, "method"))
    told = [(beside if index in known else unproven)(one, "method") for index, one in every]
    return tuple(filter(None, told))
