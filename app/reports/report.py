"""Everything that a run left behind, gathered once; every form of the report is made of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import metadata
from typing import Any, Protocol

from app.experiments.extension import StopCondition
from app.faults import Entry
from app.metrics import MET, Sample
from app.queries import Judgement, Tolerance
from app.runs import Event, Run, Runs, TimelineStep

LOOKS_BACK = timedelta(minutes=2)  # before the run: a chart shows what was usual
MOST = 2000  # samples of a signal
PHASES = ("before", "during", "after")
PROGRAMS = ("gameday", "chaostoolkit-lib", "chaostoolkit", "chaostoolkit-aws")


class FaultsRoom(Protocol):
    def for_run(self, run_id: str, /) -> Sequence[Entry]: ...


class MetricsRoom(Protocol):
    def samples(
        self, environment: str, query_id: str, since: datetime, limit: int, until: datetime, /
    ) -> Sequence[Sample]: ...


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One probe's answer at one look."""

    name: str
    tolerance: str  # in words
    value: float | None  # None: no number
    within: bool | None  # None: not judged
    unit: str = ""
    problem: str = ""  # why it has no answer
    unseen: str = ""  # why it was not asked


@dataclass(frozen=True, kw_only=True)
class Look:
    """One look at the hypothesis."""

    phase: str  # before, during, after
    at: datetime
    met: bool | None  # None: it was cut short
    probes: tuple[Probe, ...]


@dataclass(frozen=True, kw_only=True)
class Series:
    """What one signal measured around the run."""

    name: str
    tolerance: str
    bounds: Tolerance
    unit: str
    samples: tuple[tuple[datetime, float | None], ...]
    met: bool | None = None  # as the last probe said, where nothing but runs measures it

    @property
    def last(self) -> float | None:
        return next((value for _, value in reversed(self.samples) if value is not None), None)

    @property
    def judgement(self) -> Judgement | None:
        """Of the last value; None where there are no bounds to judge by, or nobody looked yet."""
        if self.met is not None:
            return Judgement.WITHIN if self.met else Judgement.OUTSIDE
        if self.bounds == Tolerance() or not self.samples:
            return None
        return self.bounds.judge(self.last)


@dataclass(frozen=True, kw_only=True)
class Report:
    run: Run
    now: datetime
    timeline: tuple[TimelineStep, ...]
    looks: tuple[Look, ...]
    series: tuple[Series, ...]
    faults: tuple[Entry, ...]
    events: tuple[Event, ...]
    versions: Mapping[str, str] = field(default_factory=dict)
    schedule: str = (
        ""  # the name of the one that asked for the run; empty where none did, or where it is gone
    )

    @property
    def findings(self) -> list[Mapping[str, str]]:
        found: list[Mapping[str, str]] = self.run.facts.get("findings", [])
        return found

    @property
    def stop(self) -> list[str]:
        """The run's stop conditions, in words."""
        return [StopCondition(**one).sentence for one in self.run.facts.get("stop", ())]

    @property
    def seconds(self) -> float | None:
        """That the run took; None before its end."""
        begun, ended = self.run.started_at, self.run.ended_at
        return (ended - begun).total_seconds() if begun and ended else None

    @property
    def armed(self) -> list[tuple[datetime, datetime]]:
        """The intervals in which a fault was in its store."""
        return [(one.armed_at, one.disarmed_at or self.now) for one in self.faults if one.armed_at]


def gather(
    runs: Runs,
    faults: FaultsRoom,
    metrics: MetricsRoom,
    run_id: int,
    *,
    now: datetime,
    schedule: Callable[[Run], str] = lambda _run: "",
) -> Report:
    """NotFound where there is no such run. A run that is under way has a report, too: as it stands.

    `schedule` gives the name of the schedule that asked for a run; empty where none did.
    """
    run = runs.get(run_id)
    events = tuple(runs.events(run_id))
    return Report(
        run=run,
        now=now,
        timeline=runs.timeline(run, events),
        looks=tuple(_looks(run, events)),
        series=tuple(series_of(metrics, run, signal, now) for signal in run.signals),
        faults=tuple(faults.for_run(str(run_id))),
        events=events,
        versions=_versions(runs.journal(run_id)),
        schedule=schedule(run),
    )


def _looks(run: Run, events: Sequence[Event]) -> Iterator[Look]:
    signals = {str(signal["name"]): signal for signal in run.signals}
    for event in events:
        phase = event.kind.removeprefix("hypothesis-")
        if event.kind.startswith("hypothesis-") and phase in PHASES:
            met = event.data.get("met")
            probes = [_probe(one, signals) for one in event.data.get("probes", ())]
            looked_at = {probe.name for probe in probes}
            if met is not True:
                why = "the run was ended first" if met is None else "an earlier probe failed"
                probes += [_unseen(one, why) for name, one in signals.items() if name not in looked_at]
            yield Look(phase=phase, at=event.at, met=met, probes=tuple(probes))


def _unseen(signal: Mapping[str, Any], why: str) -> Probe:
    """Chaos Toolkit asks no probe after one that failed."""
    return Probe(
        name=str(signal["name"]),
        tolerance=str(signal.get("tolerance") or ""),
        value=None,
        within=None,
        unit=str(signal.get("unit") or ""),
        unseen=f"not looked at: {why}",
    )


def _probe(told: Mapping[str, Any], signals: Mapping[str, Mapping[str, Any]]) -> Probe:
    name = str(told.get("name"))
    signal = signals.get(name, {})
    return Probe(
        name=name,
        tolerance=str(signal.get("tolerance") or ""),
        value=told.get("value"),
        within=told.get("tolerance_met"),
        unit=str(signal.get("unit") or ""),
        problem=str(told.get("exception") or "") if told.get("status") == "failed" else "",
    )


def series_of(metrics: MetricsRoom, run: Run, signal: Mapping[str, Any], now: datetime) -> Series:
    """Of one of the run's signals: from a little before it until a little after, where more than runs measure it."""
    around = LOOKS_BACK if signal["query"] else timedelta(0)
    since, until = (run.started_at or run.created_at) - around, (run.ended_at or now) + around
    found = metrics.samples(run.environment, str(signal["query"] or signal["id"]), since, MOST, until)
    bounds = Tolerance(
        low=signal.get("low"), high=signal.get("high"), values=tuple(signal.get("values") or ())
    )
    return Series(
        name=str(signal["name"]),
        tolerance=str(signal["tolerance"]),
        bounds=bounds,
        unit=str(signal.get("unit") or ""),
        samples=tuple((one.at, one.value) for one in found),
        met=_met(found),
    )


def _met(samples: Sequence[Sample]) -> bool | None:
    told = samples[-1].parts.get(MET) if samples else None
    return None if told is None else bool(told)


def _versions(journal: bytes | None) -> dict[str, str]:
    """What is installed here; of what the journal names, as it was when the run was played."""
    found = {name: version for name in PROGRAMS if (version := _installed(name))}
    told = json.loads(journal) if journal else {}
    if isinstance(told.get("chaoslib-version"), str):
        found["chaostoolkit-lib"] = told["chaoslib-version"]
    return found


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
