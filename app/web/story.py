"""An experiment as a person would tell it, and as a row of the list."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app import regular
from app.console import Console
from app.dialects import SWITCHED, read_as, recognise, sentence
from app.dialects.words import listed
from app.errors import GamedayError
from app.experiments.document import LARGEST
from app.faults import Store, Understanding
from app.runs import Run
from app.schedules import Schedule
from app.settings import Environment
from app.web.focus import reading_of
from app.web.words import capital

STRIP = 12  # runs drawn in a row
SCHEDULES_LOOKED_AT = 1000  # of those that fire next there


@dataclass(frozen=True, kw_only=True)
class FaultStory:
    """One value that the method will write, and what it will do there."""

    store: Store
    activity: str
    value: str
    sentence: str
    understood: Understanding | None  # None: it was not asked for, or AWS did not answer


@dataclass(frozen=True, kw_only=True)
class Story:
    experiment: Any
    reading: Any | None
    trouble: str  # why there is no reading
    faults: tuple[FaultStory, ...]
    text: str  # the file as it is

    @property
    def steps(self) -> Sequence[Any]:
        return self.reading.steps if self.reading is not None else ()

    def fault_of(self, activity: str) -> FaultStory | None:
        return next((fault for fault in self.faults if fault.activity == activity), None)


@dataclass(frozen=True, kw_only=True)
class Row:
    experiment: Any
    faults: tuple[str, ...]
    signals: int
    seconds: float | None
    runs: tuple[Run, ...]  # the oldest first, as a strip reads
    next: Schedule | None  # that runs it next there

    @property
    def last(self) -> Run | None:
        return self.runs[-1] if self.runs else None


def rows(console: Console, environment: Environment) -> list[Row]:
    """Those that need attention stay where their names put them: nothing is hidden."""
    coming: dict[str, Schedule] = {}
    for schedule in console.schedules.soonest(SCHEDULES_LOOKED_AT, environment=environment.name):
        coming.setdefault(schedule.experiment, schedule)
    known = console.catalog.all()
    last = console.runs.last_of_each([one.id for one in known], STRIP, environment.name)
    return [_row(console, one, environment, runs=last[one.id], coming=coming.get(one.id)) for one in known]


def _row(
    console: Console,
    experiment: Any,
    environment: Environment,
    *,
    runs: Sequence[Run],
    coming: Schedule | None,
) -> Row:
    reading, _ = reading_of(console, experiment, environment)
    intents = [intent for intent in reading.intents if intent.phase == "method"] if reading else []
    return Row(
        experiment=experiment,
        faults=tuple(told for intent in intents if (told := in_words(intent))),
        signals=len(reading.signals) if reading else 0,
        seconds=reading.expected_seconds if reading else None,
        runs=tuple(reversed(runs)),
        next=coming,
    )


def what_they_arm(console: Console, environment: Environment) -> dict[str, str]:
    """By the id of each valid experiment: what a run of it would do to the system, in sentences."""
    known = [one for one in console.catalog.all() if one.valid]
    return {one.id: _armed_by(console, one, environment) for one in known}


def _armed_by(console: Console, experiment: Any, environment: Environment) -> str:
    reading, trouble = reading_of(console, experiment, environment)
    if reading is None:
        return f"What it arms could not be read: {trouble}"
    intents = [intent for intent in reading.intents if intent.phase == "method"]
    told = [capital(words) for intent in intents if (words := in_words(intent))]
    if not told:
        besides = listed([f"“{one.activity}” {one.what}" for one in reading.unproven])
        return "It arms no fault that the console recognises." + (f" But {besides}." if besides else "")
    return f"{'. '.join(told)}. That is disarmed at the end, and “Roll back now” ends it at once."


def story(console: Console, experiment: Any, environment: Environment) -> Story:
    reading, trouble = reading_of(console, experiment, environment)
    intents = [intent for intent in reading.intents if intent.phase == "method"] if reading else []
    return Story(
        experiment=experiment, reading=reading, trouble=trouble,
        faults=tuple(_fault(console, intent, environment) for intent in intents),
        text=_text(console, experiment),
    )  # fmt: skip


def _fault(console: Console, intent: Any, environment: Environment) -> FaultStory:
    store = _store(intent, environment)
    understood = None
    try:
        understood = console.faults.understand(environment.name, store, intent.value)
    except GamedayError:  # shown as not known; the run will find out
        understood = None
    known = understood.sentence if understood else in_words(intent)
    return FaultStory(
        store=store, activity=str(intent.activity), value=intent.value, sentence=known, understood=understood
    )


def _store(intent: Any, environment: Environment) -> Store:
    kind, name = intent.store
    return Store(environment=environment.name, kind=kind, name=name)


def in_words(intent: Any) -> str:
    """What is written does, in whichever dialect, or to which setting of AWS; empty where it does nothing."""
    kind, name = intent.store
    dialect = kind if kind in SWITCHED else recognise(intent.value)
    fault = read_as(dialect, intent.value) if dialect else None
    itself = (name,) if kind == "lambda-concurrency" else ()
    return sentence(fault, itself) if fault else ""


def _text(console: Console, experiment: Any) -> str:
    """The file, read from inside the experiments' folder only; else the document as it was understood."""
    root = console.settings.experiments.resolve()
    for candidate in (root / str(experiment.file), console.settings.folder / str(experiment.file)):
        file = candidate.resolve()
        if file.is_relative_to(root):
            with contextlib.suppress(OSError):
                return regular.read_text(file, most=LARGEST, errors="replace")
    return json.dumps(experiment.document, indent=2, default=str, ensure_ascii=False)
