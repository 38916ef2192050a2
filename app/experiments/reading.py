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
from app.experiments.unproven import Unproven, beside, elsewhere, leased, unproven
from app.settings import Environment


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
    experiment: Experiment,
    variables: Mapping[str, str],
    given: Mapping[str, Any] | None = None,
    *,
    environment: Environment | None = None,
) -> Reading:
    """What can be told without running anything; an unresolved `${name}` stands as it is.

    `environment`: whose stores those are that the experiment writes; what goes elsewhere is nobody's to lease.

    `variables`: the environment's; `given`: by the person who starts a run, for names of the configuration.
    Invalid where the file says something that nobody thought of.
    """
    try:
        return _read(experiment, variables, given or {}, environment)
    except Exception as error:  # a page or a run is refused in a sentence, whatever the file holds
        raise Invalid(f"{experiment.file} can not be read: {type(error).__name__}: {error}.") from error


def _read(
    experiment: Experiment,
    variables: Mapping[str, str],
    given: Mapping[str, Any],
    environment: Environment | None,
) -> Reading:
    known = configuration(experiment.document, variables, given)
    document = {**resolved(experiment.document, known), "configuration": known}
    folder = experiment.folder
    signals = signals_of(
        (document.get("steady-state-hypothesis") or {}).get("probes") or [], folder, experiment.id
    )
    steps = story(document, signals)
    intents = [intent for phase in ("method", "rollbacks") for intent in intents_in(document, phase, folder)]
    away = {one: where for one in intents if environment and (where := one.elsewhere(environment))}
    intents = [one for one in intents if one not in away]
    return Reading(
        warnings=experiment.warnings,
        unproven=_unproven(document, intents, away),
        stop_conditions=stop_conditions(document),
        signals=signals,
        intents=tuple(intents),
        steps=steps,
        expected_seconds=expected_seconds(steps, signals),
    )


def _unproven(
    document: Mapping[str, Any], intents: list[FaultIntent], away: Mapping[FaultIntent, str]
) -> tuple[Unproven, ...]:
    """Of the method's activities that arm nothing which is known, or something else besides, or somewhere else."""
    known = leased(intent for intent in intents if intent.phase == "method")
    every = enumerate(activities(document, "method"))
    gone = [elsewhere(one, where) for one, where in away.items() if one.phase == "method"]
    indices = {one.index for one in away if one.phase == "method"}
    told = [
        (beside if index in known else unproven)(one, "method")
        for index, one in every
        if index not in indices
    ]
    return (*filter(None, told), *gone)
