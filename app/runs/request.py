"""What a run needs to know before it may start: read out of the experiment, refused in sentences. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.aws.metering import metrics_requested
from app.errors import Invalid, NotFound, Problem, together
from app.experiments import Experiment, Reading, Signal, Step, plain
from app.experiments.extension import StopCondition
from app.experiments.runtime import ROLLBACK_STRATEGIES
from app.runs import stopping
from app.runs.arming import Intent
from app.settings import Environment, Settings

DRY = ("probes", "actions", "activities", "pause")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """How somebody wants a run to be, as it was said: nothing of it is checked."""

    environment: str | None = None  # its name; None: the default one
    variables: Mapping[str, Any] = field(default_factory=dict)  # as `chaos run --var`
    rollback_strategy: str | None = None  # None: the experiment's own choice, else `always`
    dry: str | None = None  # what is left out, of DRY; None: nothing is
    hypothesis_frequency: float | None = None  # seconds between two looks; None: Chaos Toolkit's own
    fail_fast: bool = False  # a look that misses ends the experiment
    accept: Sequence[str] = ()  # refusals of preflight that a person takes upon themselves
    stop: Sequence[Mapping[str, Any]] = ()  # stop conditions besides the file's, as its extension has them
    schedule: int | None = None  # the id of the one that asks; None: a person does


@dataclass(frozen=True, kw_only=True)
class Request:
    """A wish, checked."""

    environment: Environment
    variables: Mapping[str, Any]
    rollback_strategy: str
    dry: str | None
    hypothesis_frequency: float | None = None  # seconds; None: Chaos Toolkit's own
    fail_fast: bool = False
    accept: tuple[str, ...] = ()  # refusals that a person takes upon themselves
    stop: tuple[StopCondition, ...] = ()  # besides those of the file
    fingerprint: str | None = None  # of the request that a key came with
    schedule: int | None = None  # the id of the one that asked

    @classmethod
    def check(cls, settings: Settings, document: Mapping[str, Any], asked: Wish) -> Request:
        """Invalid where something is asked for that there is not, or that no journal can hold."""
        plain.refuse(vars(asked))
        strategy = asked.rollback_strategy or _own_strategy(document)
        if wrong := tuple(mistakes(settings, replace(asked, rollback_strategy=strategy))):
            raise Invalid(_together(wrong), problems=wrong)
        return cls(
            environment=settings.environment(asked.environment),
            variables=dict(asked.variables),
            rollback_strategy=strategy,
            dry=asked.dry,
            hypothesis_frequency=asked.hypothesis_frequency,
            fail_fast=asked.fail_fast,
            accept=tuple(asked.accept),
            stop=tuple(StopCondition.of(one) for one in asked.stop),
            schedule=asked.schedule,
        )

    @property
    def row(self) -> dict[str, Any]:
        return {
            "variables": dict(self.variables),
            "rollback_strategy": self.rollback_strategy,
            "dry": self.dry,
            "hypothesis_frequency": self.hypothesis_frequency,
            "fail_fast": self.fail_fast,
            "accept": list(self.accept),
            "fingerprint": self.fingerprint,
            "schedule": self.schedule,
        }


def mistakes(settings: Settings, asked: Wish) -> Iterator[Problem]:
    """Everything that is asked for and that there is not, whatever document it is for."""
    try:
        settings.environment(asked.environment)
    except NotFound as error:
        yield Problem(message=str(error), path="environment")
    if (strategy := asked.rollback_strategy) and strategy not in ROLLBACK_STRATEGIES:
        told = f"“{strategy}” is no rollback strategy: {_either(ROLLBACK_STRATEGIES)}."
        yield Problem(message=told, path="rollback_strategy")
    if asked.dry is not None and asked.dry not in DRY:
        yield Problem(message=f"“{asked.dry}” is no kind of dry run: {_either(DRY)}.", path="dry")
    yield from stopping.mistakes(asked.stop)


def _together(problems: Sequence[Problem]) -> str:
    """A sentence that stands alone names what it is about, one of a stop condition does not."""
    if len(problems) == 1 and "[" not in problems[0].path:
        return problems[0].message
    return together(problems)


def _own_strategy(document: Mapping[str, Any]) -> str:
    """The experiment's own choice; else always, since Chaos Toolkit's default skips rollbacks when interrupted."""
    own: Any = document
    for key in ("runtime", "rollbacks", "strategy"):
        own = own.get(key) if isinstance(own, Mapping) else None
    return str(own or "always")


def _invalid(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, problems=(Problem(message=sentence, path=field),))


def _either(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def facts_of(experiment: Experiment, reading: Reading, stop: Sequence[StopCondition] = ()) -> dict[str, Any]:
    """What the run keeps of the reading, as JSON has it."""
    intents = [Intent.of(intent) for intent in reading.intents]
    arming = [intent for intent in intents if intent.phase == "method"]
    signals = [signal(one) for one in reading.signals]
    conditions = [*reading.stop_conditions, *stop]
    if missing := stopping.unknown(conditions, signals):
        known = ", ".join(one["name"] for one in signals) or "none"
        raise _invalid("stop", f"The hypothesis has no signal “{missing[0]}”. It has: {known}.")
    return {
        "file": experiment.file,
        "signals": signals,
        "stop": [vars(condition) for condition in conditions],
        "intents": [vars(intent) for intent in intents],
        "stores": sorted({f"{intent.kind}:{intent.name}" for intent in arming}),
        "steps": [step(one) for one in reading.steps],
        "expected_seconds": float(reading.expected_seconds),
        "unproven": [vars(one) for one in reading.unproven],
    }


def signal(one: Signal) -> dict[str, Any]:
    tolerance, query = one.tolerance, one.query
    return {
        "key": one.key,
        "id": one.id,
        "name": one.name,
        "tolerance": one.tolerance_text,
        "low": getattr(tolerance, "low", None),
        "high": getattr(tolerance, "high", None),
        "values": list(getattr(tolerance, "values", ())),
        "unit": one.unit,
        "query": getattr(query, "id", None),
        "metrics": metrics_requested(getattr(query, "entries", ())),
        "when_empty": getattr(query, "when_empty", None),
    }


def step(one: Step) -> dict[str, Any]:
    return {
        "kind": str(one.kind),
        "name": one.name,
        "sentence": one.sentence,
        "seconds": one.seconds,
        "background": bool(one.background),
    }


def as_json(document: Mapping[str, Any]) -> dict[str, Any]:
    """A YAML document may hold dates."""
    plain: dict[str, Any] = json.loads(json.dumps(document, default=str))
    return plain
