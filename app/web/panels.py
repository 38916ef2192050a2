"""What each page consists of: the same panels that the page includes and its stream sends again when they change.

A panel's view holds times, never ages, so that two equal views need not be sent twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.console import Console
from app.errors import GamedayError, NotFound
from app.faults import Lever
from app.runs import Event, Place, Run
from app.sandbox.control import SandboxState
from app.settings import Environment
from app.web.armed import ArmedBar, armed_bar
from app.web.cards import Moment, SignalCard, signal_cards
from app.web.costs import run_costs
from app.web.evidenced import evidence_card
from app.web.focus import Focus, focus_on, reading_of
from app.web.hypothesis import hypothesis
from app.web.judged import last_look
from app.web.marks import marks
from app.web.words import dom_id

TELLS = ("live", "faults", "run")  # pages whose bar says what became of the last fault
LAST_RUNS = 6
LOG_SHOWN = 20_000  # bytes of a run's console log
CHART_SPAN = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Page:
    """Which page, and what it is about: an experiment's id or a run's."""

    name: str
    environment: str
    subject: str | None = None


@dataclass(frozen=True, kw_only=True)
class Panel:
    """`name` is its id on the page and the name of its event. Without a template it is data for JavaScript."""

    name: str
    view: Any
    template: str = ""


@dataclass(frozen=True, kw_only=True)
class RunCard:
    run: Run
    steps: tuple[Any, ...]
    would_fail: tuple[str, ...] = ()  # signals that are outside now
    place: Place | None = None  # in the line for a busy store

    @property
    def judged_next(self) -> Any | None:
        """The step that looks at the hypothesis next."""
        judging = (step for step in self.steps if step.kind in ("before", "after") and step.state == "next")
        return next(judging, None)


@dataclass(frozen=True, kw_only=True)
class LeverBar:
    levers: tuple[Lever, ...]  # the engaged ones
    here: bool  # one of them holds the page's environment


@dataclass(frozen=True, kw_only=True)
class RunHeading:
    run: Run
    schedule: str = ""  # the name of the one that asked for it; empty: none, or it is gone


@dataclass(frozen=True, kw_only=True)
class Facts:
    run: Run
    cost: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class ConsoleLog:
    run_id: int
    end: str  # its last lines


@dataclass(frozen=True, kw_only=True)
class Heading:
    experiment: Any | None
    run: Run | None
    trouble: str


def panels(console: Console, page: Page) -> list[Panel]:
    """In the order of the page. NotFound where its subject is gone."""
    bar = armed_bar(console, page.environment, told=page.name in TELLS)
    build = BUILDERS.get(page.name)
    own = build(console, page, bar) if build else [_state(bar)]
    return [
        Panel(name="armed", view=bar, template="components/_armed.html"),
        Panel(name="lever", view=_lever(console, page.environment), template="components/_lever.html"),
        Panel(name="faults-count", view=len(bar.faults), template="components/_faults_count.html"),
        *own,
    ]


def _lever(console: Console, environment: str) -> LeverBar:
    engaged = _engaged(console)
    return LeverBar(levers=engaged, here=any(one.environment in (None, environment) for one in engaged))


def _engaged(console: Console) -> tuple[Lever, ...]:
    return tuple(lever for lever in console.faults.lever.all() if lever.engaged)


def _live(console: Console, page: Page, bar: ArmedBar) -> list[Panel]:
    environment = console.settings.environments[page.environment]
    focus = focus_on(console, environment, page.subject)
    cards = signal_cards(console, focus.signals, moment(console, environment, bar))
    run = focus.run
    events = console.runs.events(run.id) if run else ()
    return [
        Panel(name="heading", view=_heading(focus), template="live/_heading.html"),
        *_signals(cards),
        Panel(name="run", view=run_card(console, run, cards, events), template="runs/_timeline.html"),
        Panel(
            name="evidence",
            view=evidence_card(console, page.environment, _evident(run, bar)),
            template="evidence/_card.html",
        ),
        Panel(name="last-runs", view=_last_runs(console, focus.id, page), template="runs/_last.html"),
        Panel(name="marks", view=_marks(console, page.environment, run, events)),
        _state(bar, cards, focus.id),
    ]


def _run(console: Console, page: Page, bar: ArmedBar) -> list[Panel]:
    run = console.runs.get(int(page.subject or 0))
    environment = console.settings.environments.get(run.environment)
    events = console.runs.events(run.id)
    cards = _run_cards(console, run, events, environment, bar) if environment else ()
    return [
        Panel(
            name="heading",
            view=RunHeading(run=run, schedule=schedule_of(console, run)),
            template="runs/_heading.html",
        ),
        *_signals(cards),
        Panel(name="run", view=run_card(console, run, cards, events), template="runs/_timeline.html"),
        Panel(
            name="evidence", view=evidence_card(console, run.environment, run), template="evidence/_card.html"
        ),
        Panel(
            name="run-faults", view=tuple(console.faults.for_run(str(run.id))), template="faults/_of_run.html"
        ),
        Panel(name="facts", view=_facts(console, run), template="runs/_facts.html"),
        Panel(name="console-log", view=_log(console, run), template="runs/_console.html"),
        Panel(name="marks", view=_marks(console, run.environment, run, events, of_run=True)),
        _state(bar, cards),
    ]


def schedule_of(console: Console, run: Run) -> str:
    """The name of the schedule that asked for a run; empty where none did, or where it is gone."""
    if run.schedule is None:
        return ""
    try:
        return console.schedules.get(run.schedule).name
    except NotFound:
        return ""


def _facts(console: Console, run: Run) -> Facts:
    return Facts(run=run, cost=run_costs(console, [run])[run.id])


def _log(console: Console, run: Run) -> ConsoleLog:
    log = console.runs.console_log(run, LOG_SHOWN) or b""
    return ConsoleLog(run_id=run.id, end=log.decode(errors="replace"))


def _run_cards(
    console: Console, run: Run, events: Sequence[Event], environment: Environment, bar: ArmedBar
) -> tuple[SignalCard, ...]:
    try:
        experiment = console.catalog.load(run.experiment)
    except GamedayError:  # its file is gone; the run stays
        return ()
    reading, _ = reading_of(console, experiment, environment)
    ended = run.ended
    when = _moment_of_run(console, run, events, environment) if ended else moment(console, environment, bar)
    return signal_cards(console, reading.signals, when) if reading else ()


def _moment_of_run(console: Console, run: Run, events: Sequence[Event], environment: Environment) -> Moment:
    """The end of a run: its page tells what was then, not what is now."""
    armed = [entry.armed_at for entry in console.faults.for_run(str(run.id)) if entry.armed_at]
    return Moment(
        now=run.ended_at or console.clock.now(), environment=environment, armed_at=min(armed, default=None),
        began=run.started_at or run.created_at, judged=last_look(events),
    )  # fmt: skip


def _experiment(console: Console, page: Page, bar: ArmedBar) -> list[Panel]:
    environment = console.settings.environments[page.environment]
    experiment = console.catalog.load(page.subject or "")
    reading, _ = reading_of(console, experiment, environment)
    found = reading.signals if reading else ()
    cards = signal_cards(console, found, moment(console, environment, bar))
    return [
        *_signals(cards),
        Panel(
            name="hypothesis",
            view=hypothesis(cards, [str(one.key) for one in found]),
            template="experiments/_hypothesis.html",
        ),
        Panel(name="last-runs", view=_last_runs(console, experiment.id, page), template="runs/_last.html"),
        Panel(name="marks", view=_marks(console, page.environment, None, ())),
        _state(bar, cards),
    ]


def _faults(console: Console, page: Page, bar: ArmedBar) -> list[Panel]:
    del page
    ledger = tuple(console.faults.history(100))
    return [
        Panel(name="ledger", view=ledger, template="faults/_ledger.html"),
        Panel(name="safety-lever", view=_engaged(console), template="faults/_engage.html"),
        _state(bar),
    ]


def _runs(console: Console, page: Page, bar: ArmedBar) -> list[Panel]:
    del page
    return [
        Panel(name="runs", view=tuple(console.runs.list(100)), template="runs/_table.html"),
        _state(bar),
    ]


def _sandbox(console: Console, page: Page, bar: ArmedBar) -> list[Panel]:
    del page
    pipeline = console.sandbox.state() if console.sandbox else None
    return [
        Panel(name="pipeline", view=pipeline, template="sandbox/_pipeline.html"),
        Panel(name="traffic", view=_traffic(pipeline), template="sandbox/_traffic.html"),
        _state(bar),
    ]


def _traffic(pipeline: SandboxState | None) -> dict[str, Any]:
    """What the forms show; the counts beside them would send them again every second."""
    names = ("rate", "variant", "variants")
    return {name: getattr(pipeline, name) for name in names} if pipeline else {}


def _notifications(console: Console, page: Page, bar: ArmedBar) -> list[Panel]:
    del page
    channels, deliveries = console.notifications.channels(), console.notifications.deliveries(50)
    return [
        Panel(name="channels", view=tuple(channels), template="notifications/_channels.html"),
        Panel(name="deliveries", view=tuple(deliveries), template="notifications/_deliveries.html"),
        _state(bar),
    ]


BUILDERS: Mapping[str, Callable[[Console, Page, ArmedBar], list[Panel]]] = {
    "live": _live,
    "run": _run,
    "experiment": _experiment,
    "faults": _faults,
    "runs": _runs,
    "sandbox": _sandbox,
    "notifications": _notifications,
}


def moment(console: Console, environment: Environment, bar: ArmedBar) -> Moment:
    armed = [
        f.entry.armed_at for f in bar.faults if f.entry.armed_at and f.entry.environment == environment.name
    ]
    return Moment(now=console.clock.now(), environment=environment, armed_at=min(armed, default=None))


def run_card(
    console: Console, run: Run | None, cards: tuple[SignalCard, ...], events: Sequence[Event]
) -> RunCard | None:
    if run is None:
        return None
    outside = () if run.ended else tuple(card.name for card in cards if card.outside)
    return RunCard(
        run=run,
        steps=tuple(console.runs.timeline(run, events)),
        would_fail=outside,
        place=console.runs.line.place(run) if run.waiting else None,
    )


def _evident(run: Run | None, bar: ArmedBar) -> Run | None:
    """An ended run's evidence stands until something else is armed."""
    return None if run is not None and run.ended and bar.faults else run


def _heading(focus: Focus) -> Heading:
    return Heading(experiment=focus.experiment, run=focus.run, trouble=focus.trouble)


def _signals(cards: tuple[SignalCard, ...]) -> list[Panel]:
    return [
        Panel(name=dom_id("signal", card.key), view=card, template="signals/_card.html") for card in cards
    ]


def _last_runs(console: Console, experiment: str, page: Page) -> tuple[Run, ...]:
    return (
        tuple(console.runs.list(LAST_RUNS, experiment=experiment, environment=page.environment))
        if experiment
        else ()
    )


def _marks(
    console: Console, environment: str, run: Run | None, events: Sequence[Event], *, of_run: bool = False
) -> dict[str, Any]:
    """Of the last hour; `of_run`: of the run's own time."""
    now = console.clock.now()
    since, until = (run.created_at, run.ended_at or now) if run and of_run else (now - CHART_SPAN, now)
    return marks(console.faults.between(environment, since, until), run, events).json


def _state(bar: ArmedBar, cards: tuple[SignalCard, ...] = (), focus: str = "") -> Panel:
    """For title and favicon: a background tab is still a monitor."""
    outside = next((card for card in cards if card.outside), None)
    told = outside or next(iter(cards), None)
    tone = "alarm" if bar.alarm else "outside" if outside else "armed" if bar.faults else "calm"
    sign = {"alarm": "▲ not disarmed", "outside": "✕", "armed": "●", "calm": ""}[tone]
    words = f"{told.text} {told.name}" if told and told.value is not None else ""
    title = " ".join(filter(None, (sign, words or ("fault armed" if bar.faults else ""))))
    return Panel(name="state", view={"title": title, "tone": tone, "focus": focus})
