"""Reading the functions' logs, each line once, however many people look."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.aws import Aws, LogEvent, Throttled
from app.aws.logs import filter_log_events, milliseconds
from app.clock import Clock
from app.dialects import DIALECTS, failure_lambda_0x
from app.errors import GamedayError, Invalid
from app.evidence import loglines
from app.evidence.loglines import Kind
from app.evidence.proof import Line, Proof
from app.evidence.tally import Once, Tally

FRESH_FOR = 1.5  # seconds in which everybody is given the same proof
LATE = timedelta(seconds=10)  # lines arrive that much later than they were written: windows overlap by it
PAGES = 10  # at most, in one reading of one function
PAGE = 10_000  # events
BACKOFF = (2.0, 4.0, 8.0, 16.0, 30.0, 60.0)  # seconds
COLLECTORS = 32
REQUEST_ID = re.compile(r"[0-9a-fA-F-]{8,64}")


class Evidence:
    """Threads share it."""

    def __init__(self, aws: Aws, clock: Clock) -> None:
        self._aws = aws
        self._clock = clock
        self._lock = threading.Lock()
        self._collectors: OrderedDict[tuple[object, ...], Collector] = OrderedDict()

    def proof(
        self,
        environment: str,
        functions: Sequence[str],
        dialect: str,
        since: datetime,
        until: datetime | None = None,
    ) -> Proof:
        """What the logs show from `since` to `until` (now). Never raises for AWS: see `can_see` and `why`.

        Called again with the same arguments it reads only what is new.
        """
        return self.collector(environment, functions, dialect, since).read(until)

    def collector(
        self, environment: str, functions: Sequence[str], dialect: str, since: datetime
    ) -> Collector:
        key = (environment, tuple(functions), dialect, since)
        with self._lock:
            if key not in self._collectors:
                self._collectors[key] = Collector(
                    self._aws,
                    self._clock,
                    environment=environment,
                    functions=functions,
                    dialect=dialect,
                    since=since,
                )
            self._collectors.move_to_end(key)
            if len(self._collectors) > COLLECTORS:
                self._collectors.popitem(last=False)
            return self._collectors[key]

    def request(self, environment: str, function: str, request_id: str, since: datetime) -> list[Line]:
        """Every line of one invocation, oldest first. Unavailable where the log can not be read."""
        if not REQUEST_ID.fullmatch(request_id):
            raise Invalid(f"{request_id[:80]} is not a request id.")
        client, group = self._aws.client(environment, "logs"), group_of(function)
        named = filter_log_events(client, group=group, since=since, pattern=f'"{request_id}"').events
        if not named:
            return []
        streams = tuple(dict.fromkeys(event.stream for event in named))
        around = filter_log_events(
            client, group=group, streams=streams, since=_at(named[0]), until=_at(named[-1]), limit=PAGE
        ).events
        return _of_request(request_id, function, around or named)


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
    ) -> None:
        self._aws, self._clock, self._environment = aws, clock, environment
        self._since = since
        self._lock = threading.Lock()
        self._tally = Tally(DIALECTS.get(dialect, failure_lambda_0x))
        self._cursors = dict.fromkeys(functions, since)
        self._passes: dict[str, _Pass] = {}
        self._once = {function: Once() for function in functions}
        self._read_at: float | None = None
        self._wait_until = 0.0
        self._failures = 0
        self._latest = self._tally.proof(
            since, since, can_see=bool(functions), why="" if functions else NOBODY
        )

    def read(self, until: datetime | None = None) -> Proof:
        with self._lock:
            now = self._clock.monotonic()
            fresh = self._read_at is not None and now - self._read_at < FRESH_FOR
            if fresh or now < self._wait_until or not self._cursors:
                return self._latest
            self._read_at = now
            self._latest = self._read(until or self._clock.now())
            return self._latest

    def _read(self, until: datetime) -> Proof:
        try:
            missing = [group_of(name) for name in self._cursors if not self._read_function(name, until)]
        except GamedayError as error:
            return self._failed(error, until)
        self._failures = 0
        why = (
            f"There is no log group {' and '.join(missing)}: nothing was logged yet, or its name differs."
            if missing
            else ""
        )
        return self._tally.proof(self._since, until, can_see=len(missing) < len(self._cursors), why=why)

    def _failed(self, error: GamedayError, until: datetime) -> Proof:
        self._wait_until = self._clock.monotonic() + BACKOFF[min(self._failures, len(BACKOFF) - 1)]
        self._failures += 1
        # Throttled is not blind: what was read still stands, it only grows older.
        can_see = self._latest.can_see if isinstance(error, Throttled) else False
        return self._tally.proof(self._since, until, can_see=can_see, why=str(error))

    def _read_function(self, function: str, until: datetime) -> bool:
        """Whether its log group is there."""
        reading = self._passes.pop(function, None) or self._begin(function, until)
        events, exists = self._events(function, reading)
        if reading.token is not None:
            self._passes[function] = reading
        if events:
            self._cursors[function] = max(self._cursors[function], _at(events[-1]))
        for event in events:
            self._tally.add(function, event, known=self._once[function].known(event))
        return exists

    def _begin(self, function: str, until: datetime) -> _Pass:
        begin = max(self._since, self._cursors[function] - LATE)
        self._once[function].begin(milliseconds(begin))
        return _Pass(begin=begin, until=until)

    def _events(self, function: str, reading: _Pass) -> tuple[list[LogEvent], bool]:
        """As many pages as one reading may take; the token of the next one stays in `reading`."""
        client, group = self._aws.client(self._environment, "logs"), group_of(function)
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
                reading.begin = _at(page.events[-1])
                events = [event for event in events if event.timestamp < page.events[-1].timestamp]
        return events, True


@dataclass
class _Pass:
    """One walk through a log from `begin` to `until`, over several readings where it is long."""

    begin: datetime
    until: datetime
    token: str | None = None


NOBODY = "No function that reads the store is known, so no log can be read."


def group_of(function: str) -> str:
    return f"/aws/lambda/{function}"


def _of_request(request_id: str, function: str, events: Sequence[LogEvent]) -> list[Line]:
    running: dict[str, str | None] = {}
    lines = []
    for event in events:
        written = loglines.parse(event.message)
        if written.kind is Kind.START:
            running[event.stream] = written.request_id
        if (written.request_id or running.get(event.stream)) == request_id:
            fired = any(dialect.struck(written.text) for dialect in DIALECTS.values())
            where = {"function": function, "stream": event.stream}
            line = Line(at=_at(event), request_id=request_id, text=written.text, intercepted=fired, **where)
            lines.append(line)
    return lines


def _at(event: LogEvent) -> datetime:
    return datetime.fromtimestamp(event.timestamp / 1000, UTC)
