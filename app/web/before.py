"""What is worth knowing before a run: findings, each with a sign and a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.experiments import shell_lines
from app.settings import Environment
from app.web.cards import Moment, judge
from app.web.console import Console
from app.web.story import FaultStory, Story
from app.web.words import ago, plural


@dataclass(frozen=True, kw_only=True)
class Finding:
    tone: str  # ok, warn, bad
    sentence: str


def before(console: Console, story: Story, environment: Environment) -> list[Finding]:
    if story.reading is None:
        return [Finding(tone="bad", sentence=story.trouble or "The file could not be read.")]
    found = [finding for fault in story.faults for finding in _of_fault(console, fault)]
    if not story.faults:
        words = "No fault that the console recognises: the run is judged by its hypothesis alone."
        found.append(Finding(tone="warn", sentence=words))
    return [*found, *_of_signals(console, story, environment), Finding(tone="ok", sentence=_is_code(story))]


IS_CODE = "An experiment is code: it runs commands as the user that the console runs as."


def _is_code(story: Story) -> str:
    names = dict.fromkeys(shell_lines(story.experiment.document))
    if not names:
        return IS_CODE
    told = ", ".join(f"“{name}”" for name in names)
    return f"{IS_CODE} A shell reads the arguments of {told}, since they are one text: it may run any other command, too."


def _of_fault(console: Console, fault: FaultStory) -> Iterator[Finding]:
    understood = fault.understood
    if understood is None:
        yield Finding(tone="warn", sentence=f"Who reads {fault.store.name} could not be found out now.")
    elif understood.refusal:
        yield Finding(tone="bad", sentence=understood.refusal)
    else:
        readers = " and ".join(understood.functions) or "No function that is known"
        known = Finding(
            tone="ok" if understood.functions else "warn",
            sentence=f"{readers} reads {fault.store.name}: {understood.known_by}.",
        )
        yield known
        if understood.translated:
            words = f"The value is written for {understood.translated_from}, which the function ignores without a word. It will be translated to {understood.function_dialect}; the file stays as it is."
            yield Finding(tone="warn", sentence=words)
    busy = console.faults.busy(fault.store)
    if busy is None:
        yield Finding(tone="ok", sentence=f"Nothing is armed in {fault.store.name}.")
    else:
        holder = f"run {busy.run_id}" if busy.run_id else busy.by
        yield Finding(tone="bad", sentence=f"{fault.store.name} is held by {holder}: a run would be refused.")


def _of_signals(console: Console, story: Story, environment: Environment) -> Iterator[Finding]:
    now = console.clock.now()
    moment = Moment(now=now, environment=environment)
    outside, silent, newest = [], [], None
    for signal in story.reading.signals if story.reading else ():
        if signal.query is None:
            continue
        sample = console.metrics.state(environment.name, signal.query.id).sample
        verdict = judge(signal.tolerance, sample, moment)
        if verdict is not None and verdict in ("no data", "stale"):
            silent.append(signal.name)
        elif verdict == "outside":
            outside.append(signal.name)
        newest = sample.at if sample and (newest is None or sample.at > newest) else newest
    if outside:
        words = f"{', '.join(outside)} is outside now: the run would end before its method."
        yield Finding(tone="bad", sentence=words)
    if silent:
        yield Finding(
            tone="warn", sentence=f"No fresh data yet for {', '.join(silent)}; opening this page asks for it."
        )
    elif newest is not None:
        count = plural(len(story.reading.signals), "signal") if story.reading else "no signals"
        yield Finding(tone="ok", sentence=f"{count.capitalize()} with data, the newest {ago(newest, now)}.")
