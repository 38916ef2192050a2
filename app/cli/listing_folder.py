"""Listings from a working folder: its files and its database, whether a console runs there or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.cli.listing import Row
from app.cli.listing_rooms import Filters, Rows, found, grouped
from app.clock import SystemClock
from app.errors import Invalid, NotFound
from app.experiments import Catalog, Signal, matching, read
from app.faults.ledger import Ledger
from app.metrics import MET, Sample
from app.metrics import store as samples
from app.queries import Judgement
from app.queries.freshness import is_stale
from app.runs import store as runs
from app.runs.run import Wanted
from app.settings import Environment, Settings, load
from app.storage import Storage
from app.storage.engine import opened
from app.web.answers import experiment_json, fault_json, run_json

RUNS_SHOWN = 5  # of an experiment


class Folder:
    """A working folder, by its files and its database."""

    def __init__(self, settings: Settings, storage: Storage) -> None:
        self._settings = settings
        self._storage = storage
        self._catalog = Catalog(settings.experiments)
        self._clock = SystemClock()
        self._ledger = Ledger(storage, self._clock)

    def listed(self, noun: str, filters: Filters) -> Rows:
        rows: Rows = getattr(self, f"_{noun}")(filters)
        return rows

    def one(self, noun: str, key: str, filters: Filters) -> dict[str, Any]:
        found: dict[str, Any] = getattr(self, f"_one_of_{noun}")(key, filters)
        return found

    def _experiments(self, filters: Filters) -> Rows:
        known = matching(self._catalog.all(), tag=filters.get("tag"), text=filters.get("text"))
        with self._storage.reading() as session:
            last = runs.last_of_each(session, [one.id for one in known], None, limit=RUNS_SHOWN)
        return [experiment_json(one, last[one.id]) for one in known]

    def _one_of_experiments(self, key: str, filters: Filters) -> dict[str, Any]:
        del filters
        with self._storage.reading() as session:
            last = runs.latest(session, Wanted(experiment=key), limit=RUNS_SHOWN)
        return experiment_json(self._catalog.load(key), last)

    def _runs(self, filters: Filters) -> Rows:
        self._place(filters)
        with self._storage.reading() as session:
            wanted = Wanted(experiment=filters.get("experiment"), environment=filters.get("environment"))
            found = runs.latest(session, wanted, limit=filters["limit"])
        faults = self._ledger.for_runs([str(run.id) for run in found])
        return [run_json(run, faults[str(run.id)], now=self._clock.now()) for run in found]

    def _one_of_runs(self, key: str, filters: Filters) -> dict[str, Any]:
        del filters
        with self._storage.reading() as session:
            found = runs.read(session, number(key))
        if found is None:
            raise NotFound(f"There is no run {key}.")
        return run_json(found, self._ledger.for_run(str(found.id)), now=self._clock.now())

    def _faults(self, filters: Filters) -> Rows:
        self._place(filters)
        found = self._ledger.history(filters["limit"], filters.get("environment"))
        return [fault_json(entry, self._clock.now()) for entry in found]

    def _one_of_faults(self, key: str, filters: Filters) -> dict[str, Any]:
        del filters
        return fault_json(self._ledger.entry(number(key)), self._clock.now())

    def _environments(self, filters: Filters) -> Rows:
        del filters
        return [self._environment(one) for one in self._settings.environments.values()]

    def _one_of_environments(self, key: str, filters: Filters) -> dict[str, Any]:
        return found("environments", key, self._environments(filters))

    def _environment(self, environment: Environment) -> dict[str, Any]:
        """As the API has it, without what only AWS knows; of variables the names only, since values may be secrets."""
        return {
            "name": environment.name, "default": environment.name == self._settings.default_environment,
            "account": None, "region": environment.region, "endpoint": environment.endpoint_url,
            "role_arn": environment.role_arn, "speed": environment.speed, "poll_seconds": environment.poll_seconds,
            "longest_lease_seconds": environment.longest_lease.total_seconds(),
            "dialects": dict(environment.dialects), "stores": list(environment.stores),
            "blackouts": list(environment.blackouts), "recycle": environment.recycle,
            "dead_mans_switch": environment.dead_mans_switch_role is not None,
            "profile": environment.profile, "variables": list(environment.variables),
        }  # fmt: skip

    def _signals(self, filters: Filters) -> Rows:
        return grouped(self._probes(self._place(filters), filters.get("experiment")))

    def _one_of_signals(self, key: str, filters: Filters) -> dict[str, Any]:
        return found("signals", key, self._signals(filters))

    def _probes(self, place: Environment, wanted: str | None) -> Iterator[tuple[str, Row]]:
        for experiment in [self._catalog.load(wanted)] if wanted else self._catalog.all():
            try:
                signals = read(experiment, place.variables).signals if experiment.valid else ()
            except Invalid:  # told where the experiments are listed
                continue
            yield from ((experiment.id, self._probe(signal, place)) for signal in signals)

    def _probe(self, signal: Signal, place: Environment) -> Row:
        with self._storage.reading() as session:
            sample = samples.latest(session, place.name, signal.id)
        return {
            "name": signal.name, "query": signal.query.id if signal.query else None, "unit": signal.unit,
            "tolerance": signal.tolerance_text, "judgement": _judged(signal, sample, place, self._clock.now()),
            "value": sample.value if sample else None, "at": sample.at if sample else None,
        }  # fmt: skip

    def _place(self, filters: Filters) -> Environment:
        """NotFound for an environment that there is not, rather than an empty list."""
        return self._settings.environment(filters.get("environment") or None)


def _judged(signal: Signal, sample: Sample | None, place: Environment, now: datetime) -> Judgement | None:
    """As pages judge it; None: there is nothing to judge by."""
    if signal.query is None:
        met = sample.parts.get(MET) if sample else None
        return None if met is None else Judgement.WITHIN if met else Judgement.OUTSIDE
    if sample is None or sample.value is None:
        return Judgement.NO_DATA
    if is_stale(sample.at, now, place.poll_seconds):
        return Judgement.STALE
    return signal.tolerance.judge(sample.value) if signal.tolerance else None


def number(text: str) -> int:
    """NotFound for what is no number that a database can hold."""
    if not (text.isascii() and text.isdecimal()) or int(text) >= 2**63:
        raise NotFound(f"There is nothing numbered {text[:40]}.")
    return int(text)


@contextmanager
def looked_at(folder: Path) -> Iterator[Folder]:
    settings = load(folder)
    with storage_of(settings) as storage:
        yield Folder(settings, storage)


@contextmanager
def storage_of(settings: Settings) -> Iterator[Storage]:
    """The console's database. Where no console has been yet, nothing is made: whoever looks leaves no traces."""
    if settings.database_url or (settings.data / "gameday.sqlite").is_file():
        with closing(opened(settings)) as storage:
            yield storage
        return
    with (
        TemporaryDirectory() as nowhere,
        closing(opened(replace(settings, data_folder=Path(nowhere)))) as storage,
    ):
        yield storage
