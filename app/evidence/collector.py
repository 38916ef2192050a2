"""One fault's evidence, read further at each call: cheap, capped, and slower while AWS asks for it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from app.aws import Aws, LogEvent, Throttled
from app.aws.logs import filter_log_events, milliseconds
from app.clock import Clock
from app.dialects import DIALECTS, chaos_lambda_03, failure_lambda_0x, failure_lambda_1x
from app.errors import GamedayError
from app.evidence import metric_filters
from app.evidence.proof import Proof
from app.evidence.sources import Source, at_of, group_of, invocations, missing, source, unsearchable
from app.evidence.tally import Once, Tally
from app.settings import Environment

FRESH_FOR = 1.5  # seconds in which everybody is given the same proof
LATE = timedelta(seconds=10)  # lines arrive that much later than they were written: windows overlap by it
PAGES = 10  # at most, in one reading of one function
PAGE = 10_000  # events
BACKOFF = (2.0, 4.0, 8.0, 16.0, 30.0, 60.0)  # seconds


class Collector:
    """One fault's evidence, read further at each call."""

    def __init__(
        self,
        aws: Aws,
        clock: Clock,
        *,
        environment: str,
        functions: Sequence[str],
        dialect: str,
        since: datetime,
        settings: Environment | None = None,
    ) -> None:
        self._aws, self._clock, self._environment = aws, clock, environment
        self._since = since
        self._dialect = dialect if dialect in DIALECTS else failure_lambda_0x.NAME
        self._settings = settings
        self._sources = {name: Source(function=name, group=group_of(name)) for name in functions}
        self._prepared = False
        self._counted: int | None = None
        self._count_again = 0.0
        self._lock = threading.Lock()
        self._tally = Tally(DIALECTS[self._dialect])
        self._cursors = dict.fromkeys(functions, since)
        self._passes: dict[str, _Pass] = {}
        self._once = {function: Once() for function in functions}
        self._read_at: float | None = None
        self._asked = since  # the latest `until`: reading never goes back
        self._wait_until = 0.0
        self._failures = 0
        self._filtered = False
        self._latest = self._tally.proof(
            since, since, can_see=bool(functions), why="" if functions else NOBODY
        )

    def read(self, until: datetime | None = None) -> Proof:
        with self._lock:
            now, until = self._clock.monotonic(), max(until or self._clock.now(), self._asked)
            recent = self._read_at is not None and now - self._read_at < FRESH_FOR
            fresh = recent and (until - self._asked).total_seconds() < FRESH_FOR
            if fresh or now < self._wait_until or not self._cursors:
                return self._latest
            self._read_at, self._asked = now, until
            self._latest = self._read(until)
            return self._latest

    def _read(self, until: datetime) -> Proof:
        try:
            hidden = self._prepare()
            if (
                self._settings is not None
                and self._settings.metric_filters
                and not hidden
                and self._countable
            ):
                return self._by_filters(until)
            seen = [name for name in self._cursors if name not in hidden]
            absent = [self._sources[name].group for name in seen if not self._read_function(name, until)]
        except GamedayError as error:
            return self._failed(error)
        self._failures = 0
        why = " ".join([*hidden.values(), *([missing(absent)] if absent else ())])
        can_see = not hidden and len(absent) < len(seen)  # silence of one proves nothing of another
        read_to = self._latest.until if self._passes else until
        proof = self._tally.proof(self._since, read_to, can_see=can_see, why=why)
        return self._with_count(self._of_announcements(proof), until)

    def _prepare(self) -> dict[str, str]:
        """Where each function logs. By function: why its lines can not be seen."""
        if not self._prepared and self._settings is not None:
            client = self._aws.client(self._environment, "logs")
            for name in self._sources:
                found = source(self._aws, self._environment, name)
                self._sources[name] = replace(found, why=found.why or _class_of(client, found.group))
        self._prepared = True
        return {name: source.why for name, source in self._sources.items() if source.why}

    @property
    def _countable(self) -> bool:
        """A filter sees fields of JSON, and not those of JSON that stands as a text within Lambda's own."""
        within = any(source.in_json for source in self._sources.values())
        return not (within and self._dialect == failure_lambda_1x.NAME)

    def _by_filters(self, until: datetime) -> Proof:
        groups = [source.group for source in self._sources.values()]
        if not self._filtered:
            metric_filters.ensure(self._aws.client(self._environment, "logs"), groups, self._dialect)
            self._filtered = True
        client = self._aws.client(self._environment, "cloudwatch")
        proof = metric_filters.counted(client, groups, self._since, until)
        proof = replace(proof, until=max(self._since, until - metric_filters.LATE))
        if not proof.fired and DIALECTS[self._dialect].LIBRARY == chaos_lambda_03.LIBRARY:
            proof = replace(proof, can_see=False, why=metric_filters.BEFORE_DICE)
        return metric_filters.over(proof, self._with_count(proof, until).counted)

    def _with_count(self, proof: Proof, until: datetime) -> Proof:
        """CloudWatch's own count of invocations, asked as seldom as it changes."""
        now = self._clock.monotonic()
        if self._settings is None or now < self._count_again:
            return replace(proof, counted=self._counted)
        self._count_again = now + self._settings.poll_seconds
        with contextlib.suppress(GamedayError):  # the log's own count stands then
            client = self._aws.client(self._environment, "cloudwatch")
            self._counted = invocations(client, list(self._cursors), self._since, until)
        return replace(proof, counted=self._counted)

    def _of_announcements(self, proof: Proof) -> Proof:
        """Of chaos_lambda's INFO lines, which come before the dice, nothing follows."""
        if proof.fired or not self._tally.announced:
            return proof
        return replace(
            proof, can_see=False,
            why=f"{self._tally.announced} invocations met the fault, but chaos_lambda says at DEBUG only whether a delay or "
            "an error struck, and of an exception never. Set the function's log level to DEBUG, or arm at a rate of 100 %.",
        )  # fmt: skip

    def _failed(self, error: GamedayError) -> Proof:
        self._wait_until = self._clock.monotonic() + BACKOFF[min(self._failures, len(BACKOFF) - 1)]
        self._failures += 1
        # Throttled is not blind: what was read still stands, it only grows older.
        can_see = self._latest.can_see if isinstance(error, Throttled) else False
        return self._tally.proof(self._since, self._latest.until, can_see=can_see, why=str(error))

    def _read_function(self, function: str, until: datetime) -> bool:
        """Whether its log group is there."""
        reading = self._passes.pop(function, None) or self._begin(function, until)
        events, exists = self._events(function, reading)
        if reading.token is not None:
            self._passes[function] = reading
        if events:
            self._cursors[function] = max(self._cursors[function], at_of(events[-1]))
        for event in events:
            self._tally.add(function, event, known=self._once[function].known(event))
        return exists

    def _begin(self, function: str, until: datetime) -> _Pass:
        begin = max(self._since, self._cursors[function] - LATE)
        self._once[function].begin(milliseconds(begin))
        return _Pass(begin=begin, until=until)

    def _events(self, function: str, reading: _Pass) -> tuple[list[LogEvent], bool]:
        """As many pages as one reading may take; the token of the next one stays in `reading`."""
        client, group = self._aws.client(self._environment, "logs"), self._sources[function].group
        events: list[LogEvent] = []
        for _ in range(PAGES):
            page = filter_log_events(
                client, group=group, since=reading.begin, until=reading.until, token=reading.token, limit=PAGE
            )
            if not page.group_exists:
                return [], False
            events += page.events
            reading.token = page.token
            if page.token is None and len(page.events) < PAGE:
                break
            if page.token is None:
                # An emulator cuts a page without saying so: go on from the millisecond that it ended in.
                reading.begin = at_of(page.events[-1])
                events = [event for event in events if event.timestamp < page.events[-1].timestamp]
        return events, True


@dataclass
class _Pass:
    """One walk through a log from `begin` to `until`, over several readings where it is long."""

    begin: datetime
    until: datetime
    token: str | None = None


NOBODY = "No function that reads the store is known, so no log can be read."


def _class_of(client: Any, group: str) -> str:
    try:
        return unsearchable(client, group)
    except GamedayError:  # not allowed to describe is no reason not to search
        return ""
