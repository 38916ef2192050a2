"""What is watched, and the samples that are kept of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from app.aws.metering import asked_for
from app.aws.metrics import MetricResults, get_metric_data
from app.aws.problems import Refused
from app.clock import Clock
from app.errors import GamedayError
from app.live import Live
from app.metrics import store
from app.metrics.attribution import PAGE, shares
from app.metrics.sample import Reading, Sample
from app.metrics.turns import Turns
from app.queries import Query
from app.queries.freshness import gap, is_stale
from app.queries.requests import batches, entries, result_id, values
from app.settings import Environment
from app.storage import Storage

HISTORY = timedelta(hours=1)  # fetched at most
LOOK_WITHIN = 5.0  # seconds for CloudWatch to answer somebody who is about to start a run
KEPT = timedelta(days=14)


class AwsRoom(Protocol):
    def client(self, environment: str, service: str, /) -> Any: ...


@dataclass
class _Trouble:
    sentence: str
    since: datetime


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
    _trouble: dict[tuple[str, str], _Trouble] = field(default_factory=dict)  # by environment and query
    _late: dict[tuple[str, str], float] = field(default_factory=dict)  # seconds, of the newest data point
    _turns: dict[str, Turns] = field(default_factory=dict)
    _stopped: dict[str, datetime] = field(default_factory=dict)  # since when open pages get nothing there
    changed: threading.Event = field(default_factory=threading.Event)  # something new is watched
    stopped: Callable[[str], str] = lambda _environment: (
        ""
    )  # why open pages get nothing there; empty: they do
    also: Callable[[str], Sequence[Query]] = lambda _environment: ()  # asked anew at each look

    def watch(self, subject: str, environment: str, queries: Sequence[Query]) -> None:
        """Poll these until `unwatch`; a subject that watches already watches these instead.

        A subject that begins with `page:` is an open page: it goes without before anybody else does.
        """
        with self._lock:
            before = {query.id for query in self._asked_for(environment)}
            self._watched[subject] = (environment, tuple(queries))
            after = {query.id for query in self._asked_for(environment)}
        if self.turns(environment).want(after - before, self.clock.now()):
            self.changed.set()

    def unwatch(self, subject: str) -> None:
        with self._lock:
            self._watched.pop(subject, None)

    def watched(self, environment: str) -> list[Query]:
        """What somebody asked for, and what `also` says; equal queries once."""
        queries = [*self._asked_for(environment), *self.also(environment)]
        return list({query.id: query for query in queries}.values())

    def turns(self, environment: str) -> Turns:
        with self._lock:
            if environment not in self._turns:
                self._turns[environment] = Turns(self.environments[environment])
            return self._turns[environment]

    def lag(self, environment: str) -> float:
        """Seconds by which the newest sample of what is wanted there is later than it should be."""
        return self.turns(environment).lag(self.clock.now())

    def _asked_for(self, environment: str) -> list[Query]:
        without_pages = bool(self.stopped(environment))
        with self._lock:
            return [
                query
                for subject, (place, queries) in self._watched.items()
                if place == environment and not (without_pages and subject.startswith(PAGE))
                for query in queries
            ]

    def samples(
        self, environment: str, query_id: str, since: datetime,
        limit: int | None = None, until: datetime | None = None,
    ) -> list[Sample]:  # fmt: skip
        """The newest `limit` from `since` to `until`, the oldest first; None: all, and to this moment."""
        with self.storage.reading() as session:
            return store.newest(session, environment, query_id, since=since, until=until, limit=limit)

    def samples_from(
        self, environment: str, query_id: str, since: datetime, limit: int, until: datetime | None = None
    ) -> list[Sample]:
        """The oldest `limit` of the same."""
        with self.storage.reading() as session:
            return store.oldest(session, environment, query_id, since=since, until=until, limit=limit)

    def latest(self, environment: str, query_id: str) -> Sample | None:
        with self.storage.reading() as session:
            return store.latest(session, environment, query_id)

    def state(self, environment: str, query_id: str) -> Reading:
        sample = self.latest(environment, query_id)
        if since := self._without_since(environment, query_id):
            return Reading(sample=sample, error=self.stopped(environment), error_since=since)
        trouble = self._trouble.get((environment, query_id))
        if trouble is None:
            return Reading(sample=sample)
        return Reading(sample=sample, error=trouble.sentence, error_since=trouble.since)

    def _without_since(self, environment: str, query_id: str) -> datetime | None:
        """Since when a query that only pages want is not polled any more; None where it is."""
        if not self.stopped(environment):
            self._stopped.pop(environment, None)
            return None
        since = self._stopped.setdefault(environment, self.clock.now())
        return None if query_id in {query.id for query in self.watched(environment)} else since

    def observed_delay(self, environment: str) -> float | None:
        """Seconds that the newest data point of the latest query was behind the end of its period; None: not seen yet."""
        with self._lock:
            return max(
                (late for (place, _), late in self._late.items() if place == environment), default=None
            )

    def next_due(self, environment: str) -> datetime:
        """In the past where it has not been polled yet, or where something new is watched."""
        return self.turns(environment).next_due

    def poll_due(self, environment: Environment) -> None:
        """Everything, where its time has come; before that, only what is newly watched."""
        new = self.turns(environment.name).take(self.clock.now())
        if new is None:
            self.poll(environment)
        elif queries := [query for query in self.watched(environment.name) if query.id in new]:
            self._poll(environment, queries, out_of_turn=True)

    def poll(self, environment: Environment) -> None:
        """One sample of everything watched there, evaluated as its probe would now. Errors are kept, not raised."""
        self._poll(environment, self.watched(environment.name), out_of_turn=False)

    def look_at(self, environment: Environment, queries: Sequence[Query]) -> str:
        """Ask now for those of which nothing fresh is known, for whoever can not wait for a turn.

        Why there is nothing newer, as a sentence, where AWS does not answer in time or is not asked; else empty.
        """
        if why := self.stopped(environment.name):
            return why
        mine = copy_context()  # for whom it is asked
        look = threading.Thread(
            target=mine.run, args=(self._look, environment, queries), name="look", daemon=True
        )
        look.start()
        look.join(LOOK_WITHIN)
        if look.is_alive():
            return f"CloudWatch has not answered within {LOOK_WITHIN:g} s."
        troubles = (self._trouble.get((environment.name, query.id)) for query in queries)
        return next((trouble.sentence for trouble in troubles if trouble), "")

    def _look(self, environment: Environment, queries: Sequence[Query]) -> None:
        turns = self.turns(environment.name)
        if not turns.asking.acquire(timeout=LOOK_WITHIN):
            return
        try:
            unknown = [query for query in queries if not self._is_fresh(environment, query)]
            if unknown and not turns.backs_off(self.clock.now()):
                self._ask_for(environment, unknown, out_of_turn=True)
        finally:
            turns.asking.release()

    def _is_fresh(self, environment: Environment, query: Query) -> bool:
        """Whether it was asked for lately: that there was no data is an answer, too."""
        newest = self.latest(environment.name, query.id)
        return newest is not None and not is_stale(newest.at, self.clock.now(), environment.poll_seconds)

    def _poll(self, environment: Environment, queries: Sequence[Query], *, out_of_turn: bool) -> None:
        with self.turns(environment.name).asking:
            self._ask_for(environment, queries, out_of_turn=out_of_turn)

    def _ask_for(self, environment: Environment, queries: Sequence[Query], *, out_of_turn: bool) -> None:
        now = self.clock.now()
        samples: list[Sample] = []
        away: GamedayError | None = None
        for batch in batches(queries):
            if away is None:
                found, away = self._polled(environment, batch, now)
                samples += found
            if away is not None:
                self._note(environment.name, batch, str(away), now)
        ids = [query.id for query in queries]
        self.turns(environment.name).over(ids, now, answered=away is None, out_of_turn=out_of_turn)
        self._keep(samples)
        for sample in samples:
            if sample.at == now:
                self.live.publish(f"signals:{environment.name}", "sample", sample)
        if len({sample.query for sample in samples}) < len(queries):
            self.live.publish(f"signals:{environment.name}", "trouble")

    def record(self, samples: Sequence[Sample]) -> None:
        """Keep what a run has measured by itself."""
        self._keep(samples)
        for sample in samples:
            self.live.publish(f"signals:{sample.environment}", "sample", sample)

    def forget_old(self) -> None:
        with self.storage.writing() as session:
            store.forget(session, self.clock.now() - KEPT)

    def _note(self, environment: str, queries: Sequence[Query], sentence: str, now: datetime) -> None:
        for query in queries:
            known = self._trouble.setdefault((environment, query.id), _Trouble(sentence, now))
            known.sentence = sentence

    def _polled(
        self, environment: Environment, batch: list[Query], now: datetime
    ) -> tuple[list[Sample], GamedayError | None]:
        """Samples, and why AWS answers nothing at all. One query that is refused takes no other with it."""
        try:
            return self._sampled(environment, batch, now), None
        except Refused as error:
            if len(batch) == 1:
                self._note(environment.name, batch, str(error), now)
                return [], None
        except GamedayError as error:
            return [], error
        samples: list[Sample] = []
        for query in batch:
            found, away = self._polled(environment, [query], now)
            samples += found
            if away is not None:
                return samples, away
        return samples, None

    def _sampled(self, environment: Environment, batch: list[Query], now: datetime) -> list[Sample]:
        end = now.replace(microsecond=0)  # the probe's own `date` gives whole seconds
        told = self._ask(environment, batch, start=end - timedelta(seconds=batch[0].window), end=end)
        samples = []
        for number, (query, points) in enumerate(values(batch, _series(told))):
            if broken := incomplete(told, number, query):
                self._note(environment.name, [query], broken, now)
                continue
            self._trouble.pop((environment.name, query.id), None)
            at, value, parts = points[0] if points else (now, None, {})
            if points and (period := common_period(query)):
                late = (now - at).total_seconds() - period / environment.speed
                with self._lock:
                    self._late[environment.name, query.id] = max(0.0, late)
            samples.append(
                Sample(environment=environment.name, query=query.id, at=now, value=value, parts=parts)
            )
        return samples + self._history(environment, batch, now)

    def _history(self, environment: Environment, batch: list[Query], now: datetime) -> list[Sample]:
        """What there was while nobody looked, of the last hour, in one call.

        From then on, each whole bucket of a query whose period is its window is what the probe would have
        said at the bucket's end; so is each of a shorter period, of which the newest counts.
        """
        since = {query.id: self._unseen_since(environment, query, now) for query in batch}
        new = [query for query in batch if since[query.id] < now]
        if not new:
            return []
        end = now.replace(microsecond=0)
        told = self._ask(environment, new, start=end - HISTORY, end=end)
        return [
            Sample(environment=environment.name, query=query.id, at=at, value=value, parts=parts)
            for number, (query, points) in enumerate(values(new, _series(told)))
            if not incomplete(told, number, query)
            for begin, value, parts in points
            if since[query.id]
            < (at := begin + timedelta(seconds=(common_period(query) or 0) / environment.speed))
            < now
        ]

    def _unseen_since(self, environment: Environment, query: Query, now: datetime) -> datetime:
        """The end of what is known of it, an hour ago at the earliest; `now` where nothing is missing."""
        if common_period(query) is None:
            return now
        newest = self.latest(environment.name, query.id)
        if newest is None or newest.at < now - HISTORY:
            return now - HISTORY
        missing = (now - newest.at).total_seconds() > gap(environment.poll_seconds)
        return newest.at if missing else now

    def _ask(
        self, environment: Environment, batch: list[Query], *, start: datetime, end: datetime
    ) -> MetricResults:
        client = self.aws.client(environment.name, "cloudwatch")
        with self._lock:
            watched = {s: qs for s, (place, qs) in self._watched.items() if place == environment.name}
        with asked_for(shares(batch, watched)):
            return get_metric_data(client, queries=entries(batch), start=start, end=end)

    def _keep(self, samples: Sequence[Sample]) -> None:
        if samples:
            with self.storage.writing() as session:
                store.add(session, samples)


def common_period(query: Query) -> int | None:
    """The period of all its metrics, in seconds; None where they differ, or where many buckets make the value."""
    periods = {term.period for term in query.terms if term.period}
    return periods.pop() if len(periods) == 1 and query.fold is None else None


def incomplete(told: MetricResults, number: int, query: Query) -> str:
    """Why the answer to the `number`th query is not to be believed; empty where it is."""
    result = told[result_id(number, query)]
    if result.status == "Complete":
        return ""
    why = "; ".join(result.messages) or "no reason given"
    return f"CloudWatch answered {result.status}: {why}"


def _series(told: MetricResults) -> Any:
    return lambda query_id: dict(zip(told[query_id].timestamps, told[query_id].values, strict=True))
