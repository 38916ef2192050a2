"""What is watched, and the samples that are kept of it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from app.aws.metrics import MetricResults, get_metric_data
from app.clock import Clock
from app.errors import GamedayError
from app.live import Live
from app.metrics import store
from app.metrics.sample import Reading, Sample
from app.queries import Query
from app.queries.requests import batches, entries, values
from app.settings import Environment
from app.storage import Storage

HISTORY = timedelta(hours=1)  # fetched for a query that has none
KEPT = timedelta(days=14)
LONGEST_BACKOFF = 300.0  # seconds


class AwsRoom(Protocol):
    def client(self, environment: str, service: str, /) -> Any: ...


@dataclass
class _Trouble:
    sentence: str
    since: datetime
    failures: int = 1


@dataclass
class Metrics:
    """`watch` says what somebody needs; `poll` asks CloudWatch once for all of them."""

    storage: Storage
    aws: AwsRoom
    clock: Clock
    live: Live
    environments: Mapping[str, Environment]
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _watched: dict[str, tuple[str, tuple[Query, ...]]] = field(default_factory=dict)
    _trouble: dict[str, _Trouble] = field(default_factory=dict)
    _due: dict[str, datetime] = field(default_factory=dict)
    changed: threading.Event = field(default_factory=threading.Event)  # something new is watched

    def watch(self, subject: str, environment: str, queries: Sequence[Query]) -> None:
        """Poll these until `unwatch`; a subject that watches already watches these instead."""
        with self._lock:
            before = {query.id for query in self.watched(environment)}
            self._watched[subject] = (environment, tuple(queries))
            if not before.issuperset(query.id for query in queries) and environment not in self._trouble:
                self._due.pop(environment, None)
                self.changed.set()

    def unwatch(self, subject: str) -> None:
        with self._lock:
            self._watched.pop(subject, None)

    def watched(self, environment: str) -> list[Query]:
        """Equal queries once."""
        with self._lock:
            queries = [q for place, qs in self._watched.values() if place == environment for q in qs]
        return list({query.id: query for query in queries}.values())

    def samples(self, environment: str, query_id: str, since: datetime, limit: int = 2000) -> list[Sample]:
        """The newest `limit` since then, the oldest first."""
        with self.storage.reading() as session:
            return store.since(session, environment, query_id, since, limit)

    def latest(self, environment: str, query_id: str) -> Sample | None:
        with self.storage.reading() as session:
            return store.latest(session, environment, query_id)

    def state(self, environment: str, query_id: str) -> Reading:
        trouble = self._trouble.get(environment)
        sample = self.latest(environment, query_id)
        if trouble is None:
            return Reading(sample=sample)
        age = (self.clock.now() - trouble.since).total_seconds()
        return Reading(sample=sample, error=trouble.sentence, error_age=age)

    def next_due(self, environment: str) -> datetime:
        """In the past where it has not been polled yet."""
        return self._due.get(environment, datetime.min.replace(tzinfo=UTC))

    def poll(self, environment: Environment) -> None:
        """One sample of everything watched there, evaluated as its probe would now. Errors are kept, not raised."""
        queries = self.watched(environment.name)
        now = self.clock.now()
        wait = environment.poll_seconds
        try:
            samples = [
                sample for batch in batches(queries) for sample in self._sampled(environment, batch, now)
            ]
            self._trouble.pop(environment.name, None)
        except GamedayError as error:
            samples = []
            failures = self._failed(environment.name, str(error), now)
            wait = min(LONGEST_BACKOFF, wait * 2**failures)
        self._due[environment.name] = now + timedelta(seconds=wait)
        self._keep(samples)
        for sample in samples:
            if sample.at == now:
                self.live.publish(f"signals:{environment.name}", "sample", sample)
        if not samples and queries:
            self.live.publish(f"signals:{environment.name}", "trouble")

    def forget_old(self) -> None:
        with self.storage.writing() as session:
            store.forget(session, self.clock.now() - KEPT)

    def _failed(self, environment: str, sentence: str, now: datetime) -> int:
        known = self._trouble.get(environment)
        if known is None:
            self._trouble[environment] = _Trouble(sentence, now)
            return 1
        known.sentence, known.failures = sentence, known.failures + 1
        return known.failures

    def _sampled(self, environment: Environment, batch: list[Query], now: datetime) -> list[Sample]:
        end = now.replace(microsecond=0)  # the probe's own `date` gives whole seconds
        told = self._ask(environment, batch, start=end - timedelta(seconds=batch[0].window), end=end)
        samples = []
        for query, points in values(batch, _series(told)):
            _, value, parts = points[0] if points else (now, None, {})
            samples.append(
                Sample(environment=environment.name, query=query.id, at=now, value=value, parts=parts)
            )
        return samples + self._history(environment, batch, now)

    def _history(self, environment: Environment, batch: list[Query], now: datetime) -> list[Sample]:
        """The last hour of queries that have none.

        One call: from an hour ago on, each whole bucket of a query whose period is its window is what
        the probe would have said at the bucket's end.
        """
        new = [
            query
            for query in batch
            if {term.period for term in query.terms if term.period} == {query.window}
            and not self.samples(environment.name, query.id, now - HISTORY, 1)
        ]
        if not new:
            return []
        end = now.replace(microsecond=0)
        told = self._ask(environment, new, start=end - HISTORY, end=end)
        return [
            Sample(environment=environment.name, query=query.id, at=at, value=value, parts=parts)
            for query, points in values(new, _series(told))
            for begin, value, parts in points
            if (at := begin + timedelta(seconds=query.window / environment.speed)) < now
        ]

    def _ask(
        self, environment: Environment, batch: list[Query], *, start: datetime, end: datetime
    ) -> MetricResults:
        client = self.aws.client(environment.name, "cloudwatch")
        return get_metric_data(client, queries=entries(batch), start=start, end=end)

    def _keep(self, samples: Sequence[Sample]) -> None:
        if samples:
            with self.storage.writing() as session:
                store.add(session, samples)


def _series(told: MetricResults) -> Any:
    return lambda query_id: dict(zip(told[query_id].timestamps, told[query_id].values, strict=True))
