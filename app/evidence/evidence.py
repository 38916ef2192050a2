"""Reading the functions' logs, each line once, however many people look."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from app.aws import Aws, LogEvent
from app.aws.logs import filter_log_events
from app.clock import Clock
from app.dialects import DIALECTS
from app.errors import GamedayError, Invalid
from app.evidence import loglines
from app.evidence.collector import PAGE, Collector
from app.evidence.loglines import Kind
from app.evidence.proof import Line, Proof
from app.evidence.sources import at_of, hidden, invocations, source
from app.settings import Environment

COLLECTORS = 32
REQUEST_ID = re.compile(r"[0-9a-fA-F-]{8,64}")


class InjectedFault(Protocol):
    """As the ledger has it."""

    @property
    def environment(self) -> str: ...
    @property
    def functions(self) -> tuple[str, ...]: ...
    @property
    def dialect(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def armed_at(self) -> datetime | None: ...
    @property
    def disarmed_at(self) -> datetime | None: ...


class Evidence:
    """Threads share it. `environments`: of those that are not in it, nothing but the log is asked."""

    def __init__(self, aws: Aws, clock: Clock, environments: Mapping[str, Environment] | None = None) -> None:
        self._aws = aws
        self._clock = clock
        self._environments = environments or {}
        self._lock = threading.Lock()
        self._collectors: OrderedDict[tuple[object, ...], Collector] = OrderedDict()

    def of(self, fault: InjectedFault, *, until: datetime | None = None) -> Proof:
        """What the logs show of a fault while it was armed, or from then until `until`. Never raises for AWS.

        Whoever asks reads the same window, so a verdict counts what pages show, and lines are fetched once for all.
        """
        since, end = fault.armed_at or fault.created_at, until or fault.disarmed_at
        return self.proof(fault.environment, fault.functions, fault.dialect, since, end)

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
                    settings=self._environments.get(environment),
                )
            self._collectors.move_to_end(key)
            if len(self._collectors) > COLLECTORS:
                self._collectors.popitem(last=False)
            return self._collectors[key]

    def troubles(self, environment: str, functions: Sequence[str]) -> tuple[str, ...]:
        """Why lines of these functions can not be seen, a sentence each. Never raises for AWS."""
        client = self._aws.client(environment, "logs")
        found = []
        for name in functions:
            where = source(self._aws, environment, name)
            found.append(where.why or hidden(client, where.group))
        return tuple(filter(None, found))

    def invocations_a_second(
        self, environment: str, functions: Sequence[str], back: timedelta
    ) -> float | None:
        """As CloudWatch has counted them of late; None where that is not known. Never raises for AWS."""
        now = self._clock.now()
        if not functions:
            return None
        try:
            client = self._aws.client(environment, "cloudwatch")
            counted = invocations(client, functions, now - back, now)
        except GamedayError:
            return None
        return (counted or 0) / back.total_seconds()

    def request(self, environment: str, function: str, request_id: str, since: datetime) -> list[Line]:
        """Every line of one invocation, oldest first. Unavailable where the log can not be read."""
        if not REQUEST_ID.fullmatch(request_id):
            raise Invalid(f"{request_id[:80]} is not a request id.")
        client = self._aws.client(environment, "logs")
        group = source(self._aws, environment, function).group
        named = filter_log_events(client, group=group, since=since, pattern=f'"{request_id}"').events
        if not named:
            return []
        streams = tuple(dict.fromkeys(event.stream for event in named))
        around = filter_log_events(
            client, group=group, streams=streams, since=at_of(named[0]), until=at_of(named[-1]), limit=PAGE
        ).events
        return _of_request(request_id, function, around or named)


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
            line = Line(at=at_of(event), request_id=request_id, text=written.text, intercepted=fired, **where)
            lines.append(line)
    return lines
