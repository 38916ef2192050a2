"""A signal as a card: its number, its tolerance, what moved it, and whether that is to be believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from app.console import Console
from app.metrics import MET, Sample
from app.queries import Judgement, Tolerance
from app.queries.explain import explain, largest, moved
from app.queries.freshness import gap, is_stale
from app.settings import Environment
from app.web.words import number, span

LONGEST_SPAN, SHORTEST_SPAN = 1800, 180  # seconds in sight, shorter where time is compressed


@dataclass(frozen=True, kw_only=True)
class Part:
    label: str
    value: float | None
    percent: float  # of the largest part, 0 to 100
    moved: bool = False  # far from the first, while the signal is outside


@dataclass(frozen=True, kw_only=True)
class SignalCard:
    key: str
    name: str
    query: str | None  # None: only runs measure it
    unit: str
    tolerance: str
    judgement: Judgement | None  # None: nothing to judge by
    value: float | None = None
    at: datetime | None = None
    excess: str = ""  # `10 points over`
    left: str = ""  # `left the tolerance 1 min 53 s after arming`, or that it was outside before
    past_until: datetime | None = None  # the window still holds minutes from before the fault
    window: float = 0  # seconds
    parts: tuple[Part, ...] = ()
    reads: str = ""  # the number in words
    supposes: str = ""
    error: str = ""
    error_since: datetime | None = None
    past: bool = False  # as it was at a run's end
    judged: str = ""  # when the run looked at it, where that is what is shown
    by_runs: bool = False  # nothing but runs measures it
    chart: Mapping[str, Any] = field(default_factory=dict)

    @property
    def outside(self) -> bool:
        return self.judgement is Judgement.OUTSIDE

    @property
    def text(self) -> str:
        if self.by_runs and self.value is None:  # a text, or a document
            return {Judgement.WITHIN: "met", Judgement.OUTSIDE: "not met", None: "no data"}[self.judgement]
        return number(self.value, self.unit)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What the verdict goes by."""

    phase: str  # before, during, after
    at: datetime
    value: float
    met: bool


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What a card needs to know of the fault and the clock."""

    now: datetime
    environment: Environment
    armed_at: datetime | None = None  # of the oldest fault that is armed now, or that the run armed
    began: datetime | None = None  # of a run that has ended at `now`: its last samples count, not today's
    judged: Mapping[str, Judged] = field(default_factory=dict)  # what that run's last look came to, by signal


def signal_cards(console: Console, signals: Sequence[Any], moment: Moment) -> tuple[SignalCard, ...]:
    """Those that are outside first, then in the order that people care: parts before plain counts."""
    cards = [_card(console, signal, moment) for signal in signals]
    outside = sum(card.outside for card in cards)
    return tuple(_worded(card, others_within=outside == 1) for card in sorted(cards, key=_weight))


def _weight(card: SignalCard) -> int:
    return -len(card.parts)


def _card(console: Console, signal: Any, moment: Moment) -> SignalCard:
    query = signal.query
    plain = {
        "key": str(signal.key), "name": str(signal.name), "unit": signal.unit or "",
        "tolerance": signal.tolerance_text,
    }  # fmt: skip
    if query is None:
        return _of_runs(console, signal, moment, plain)
    state = console.metrics.state(moment.environment.name, query.id)
    judged = moment.judged.get(plain["name"])
    sample: Sample | None
    judgement: Judgement | None
    if judged is not None:
        sample, judgement = _as_judged(console, query.id, moment, judged)
    else:
        sample = state.sample if moment.began is None else _last_of_run(console, query.id, moment)
        judgement = judge(signal.tolerance, sample, moment)
    speed = moment.environment.speed
    return SignalCard(
        **plain, query=query.id, judgement=judgement,
        value=sample.value if sample else None, at=sample.at if sample else None,
        excess=_excess(signal, sample, judgement),
        left=_left(console, signal, moment) if judgement is Judgement.OUTSIDE else "",
        past_until=_past_until(moment, query.window / speed), window=query.window / speed,
        parts=_parts(signal, sample, outside=judgement is Judgement.OUTSIDE),
        error=(state.error or "") if moment.began is None else "",
        error_since=state.error_since if moment.began is None else None,
        past=moment.began is not None, judged=f"as judged {judged.phase} the method" if judged else "",
        chart=chart(signal, moment.environment),
    )  # fmt: skip


def _as_judged(console: Console, query_id: str, moment: Moment, judged: Judged) -> tuple[Sample, Judgement]:
    """The probe's own value, with the parts of the last sample before it."""
    known = _last_of_run(console, query_id, replace(moment, now=judged.at))
    sample = Sample(
        environment=moment.environment.name, query=query_id, at=judged.at, value=judged.value,
        parts=known.parts if known else {},
    )  # fmt: skip
    return sample, Judgement.WITHIN if judged.met else Judgement.OUTSIDE


def _of_runs(console: Console, signal: Any, moment: Moment, plain: dict[str, Any]) -> SignalCard:
    """What the last run measured: of any age, since nothing else measures it."""
    if moment.began is None:
        sample = console.metrics.latest(moment.environment.name, signal.id)
    else:
        sample = _last_of_run(console, signal.id, moment)
    if sample is None:
        return SignalCard(**plain, query=None, judgement=None)
    met = sample.parts.get(MET)
    judgement = None if met is None else Judgement.WITHIN if met else Judgement.OUTSIDE
    return SignalCard(
        **plain, query=None, judgement=judgement, value=sample.value, at=sample.at, by_runs=True,
        past=moment.began is not None,
    )  # fmt: skip


def _last_of_run(console: Console, query_id: str, moment: Moment) -> Any:
    since = moment.began or moment.now
    return next(iter(console.metrics.samples(moment.environment.name, query_id, since, 1, moment.now)), None)


def judge(tolerance: Tolerance | None, sample: Any, moment: Moment) -> Judgement | None:
    if sample is None or sample.value is None:
        return Judgement.NO_DATA
    if is_stale(sample.at, moment.now, moment.environment.poll_seconds):
        return Judgement.STALE
    return tolerance.judge(sample.value) if tolerance else None


def chart(signal: Any, environment: Environment) -> dict[str, Any]:
    """What JavaScript needs to draw: the band, the unit, how old a point is once it is settled, and what is a gap."""
    tolerance = signal.tolerance or Tolerance()
    return {
        "query": signal.query.id, "environment": environment.name, "unit": signal.unit or "",
        "low": tolerance.low, "high": tolerance.high, "values": list(tolerance.values),
        "settles": 60 / environment.speed,
        "span": max(SHORTEST_SPAN, LONGEST_SPAN / environment.speed), "gap": gap(environment.poll_seconds),
    }  # fmt: skip


def _excess(signal: Any, sample: Any, judgement: Judgement | None) -> str:
    tolerance: Tolerance | None = signal.tolerance
    if judgement is not Judgement.OUTSIDE or tolerance is None or sample.value is None:
        return ""
    noun = "points " if signal.unit == "%" else ""
    if tolerance.high is not None and sample.value > tolerance.high:
        return f"{number(round(sample.value - tolerance.high, 1))} {noun}over"
    if tolerance.low is not None and sample.value < tolerance.low:
        return f"{number(round(tolerance.low - sample.value, 1))} {noun}under"
    return ""


def _left(console: Console, signal: Any, moment: Moment) -> str:
    since = moment.armed_at
    if since is None:
        return ""
    place, query = moment.environment.name, signal.query.id
    lately = since - timedelta(seconds=gap(moment.environment.poll_seconds))
    if any(_is_outside(signal, sample) for sample in console.metrics.samples(place, query, lately, 1, since)):
        return "outside before the fault was armed already"
    for sample in console.metrics.samples(place, query, since, None, moment.now):
        if _is_outside(signal, sample):
            return f"left the tolerance {span(int((sample.at - since).total_seconds()))} after arming"
    return ""


def _is_outside(signal: Any, sample: Any) -> bool:
    return sample.value is not None and signal.tolerance.judge(sample.value) is Judgement.OUTSIDE


def _past_until(moment: Moment, window: float) -> datetime | None:
    if moment.armed_at is None:
        return None
    until = moment.armed_at + timedelta(seconds=window)
    return until if until > moment.now else None


def _parts(signal: Any, sample: Any, *, outside: bool) -> tuple[Part, ...]:
    """Each term with its share of the largest; before the first sample, too, so that nothing moves when it comes."""
    if len(signal.terms) < 2:  # noqa: PLR2004  one part is the number itself
        return ()
    named = [(term.label, _part_of(signal, sample, term.label)) for term in signal.terms]
    most = largest(named)
    off = moved(named) if outside else ()
    return tuple(
        Part(
            label=label, value=value, percent=100 * (value or 0) / most if most else 0,
            moved=(label, value) in off,
        )
        for label, value in named
    )  # fmt: skip


def _part_of(signal: Any, sample: Any, label: str) -> float | None:
    """0 where the query reckons with 0: the bar says what the sentence says."""
    if sample is None:
        return None
    value: float | None = sample.parts.get(label)
    return 0.0 if value is None and sample.value is not None and label in signal.query.zeros else value


def _worded(card: SignalCard, *, others_within: bool) -> SignalCard:
    if not card.outside:
        return card
    told = explain([(part.label, part.value) for part in card.parts], others_within=others_within)
    return replace(card, reads=told.reads, supposes=told.supposes)
