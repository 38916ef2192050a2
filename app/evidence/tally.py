"""Counting what log lines say: each line once, each invocation once. Pure but for its own memory."""

from __future__ import annotations

import heapq
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.aws import LogEvent
from app.dialects import Dialect, FaultMode
from app.evidence import loglines
from app.evidence.loglines import Kind, Written
from app.evidence.proof import Invocation, Line, Proof

REMEMBERED = 20_000  # invocations; older ones stay counted
SHOWN_LINES = 20  # with the fault in them, and as many without: chatter must not hide what struck
SHOWN_INVOCATIONS = 10


@dataclass
class _Seen:
    function: str
    stream: str
    ms: float | None = None
    hits: int = 0
    modes: set[FaultMode] = field(default_factory=set)


class Tally:
    """What the lines so far prove. One for each armed fault."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._running: dict[tuple[str, str], str] = {}  # function and stream → the invocation that it is in
        self._seen: OrderedDict[str, _Seen] = OrderedDict()
        self._read = 0  # lines
        self._lines: deque[tuple[int, Line]] = deque(maxlen=SHOWN_LINES)
        self._struck: deque[tuple[int, Line]] = deque(maxlen=SHOWN_LINES)
        self._announced = getattr(dialect, "announced", None)  # chaos_lambda writes before its dice
        self._streams: Counter[tuple[str, str]] = Counter()  # invocations in each
        self._streams_hit: Counter[tuple[str, str]] = Counter()
        self._modes: Counter[str] = Counter()
        self.announced = 0  # lines that a fault may strike, where the dialect says so before it is known
        self.invocations = self.hit = self.interceptions = 0
        self.last_seen: datetime | None = None

    def add(self, function: str, event: LogEvent, *, known: bool) -> None:
        """`known`: read before; it only tells which invocation its stream is in."""
        written = loglines.parse(event.message)
        place = (function, event.stream)
        if written.kind is Kind.START and written.request_id:
            self._running[place] = written.request_id
        if known:
            return
        self._streams[place] += 0
        # The line's own id decides: what an invocation leaves behind may speak during the next one.
        request_id = written.request_id or self._running.get(place)
        seen = self._invocation(request_id, place) if request_id else None
        if seen is not None and written.ms is not None:
            seen.ms = written.ms
        if written.kind is Kind.TEXT:
            self._text(place, event, written, request_id, seen)

    def proof(self, since: datetime, until: datetime, *, can_see: bool, why: str) -> Proof:
        per_container = len(self._streams) < self.invocations  # an emulator has a stream for each invocation
        return Proof(
            since=since,
            until=until,
            invocations=self.invocations,
            hit=self.hit,
            interceptions=self.interceptions,
            last_seen=self.last_seen,
            lines=self._newest(),
            expensive=self._expensive(),
            can_see=can_see,
            why=why,
            streams=len(self._streams) if per_container else 0,
            streams_hit=len(self._streams_hit) if per_container else 0,
            share_where_hit=self._share_where_hit() if per_container else None,
            modes=dict(self._modes),
        )

    def _share_where_hit(self) -> float | None:
        within = sum(self._streams[place] for place in self._streams_hit)
        return min(1.0, sum(self._streams_hit.values()) / within) if within else None

    def _text(
        self,
        place: tuple[str, str],
        event: LogEvent,
        written: Written,
        request_id: str | None,
        seen: _Seen | None,
    ) -> None:
        at = datetime.fromtimestamp(event.timestamp / 1000, UTC)
        mode = self._dialect.struck(written.text)
        fired = mode is not None
        if self._announced is not None and self._announced(written.text):
            self.announced += 1
        if mode is not None:
            self.interceptions += 1
            self.last_seen = max(at, self.last_seen or at)
            self._streams_hit[place] += 0
            if seen is not None:
                self._struck_by(mode, seen, place)
        function, stream = place
        self._read += 1
        line = Line(
            at=at,
            request_id=request_id,
            text=written.text,
            intercepted=fired,
            function=function,
            stream=stream,
        )
        if not written.noise:
            (self._struck if fired else self._lines).append((self._read, line))

    def _struck_by(self, mode: FaultMode, seen: _Seen, place: tuple[str, str]) -> None:
        if not seen.hits:
            self.hit += 1
            self._streams_hit[place] += 1
        if mode not in seen.modes:
            self._modes[mode.value] += 1
            seen.modes.add(mode)
        seen.hits += 1

    def _newest(self) -> tuple[Line, ...]:
        return tuple(
            line for _, line in sorted([*self._lines, *self._struck], key=lambda row: row[0], reverse=True)
        )

    def _invocation(self, request_id: str, place: tuple[str, str]) -> _Seen:
        if request_id not in self._seen:
            self.invocations += 1
            self._streams[place] += 1
            self._seen[request_id] = _Seen(*place)
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return self._seen[request_id]

    def _expensive(self) -> tuple[Invocation, ...]:
        timed = ((request_id, seen) for request_id, seen in self._seen.items() if seen.ms is not None)
        slowest = heapq.nlargest(SHOWN_INVOCATIONS, timed, key=lambda pair: pair[1].ms or 0)
        return tuple(
            Invocation(
                request_id=request_id,
                ms=seen.ms,
                intercepted=seen.hits,
                stream=seen.stream,
                function=seen.function,
            )
            for request_id, seen in slowest
        )


class Once:
    """Which events were read before, where windows overlap and some logs give their events no id.

    The same text can stand several times in one millisecond of one stream, so occurrences are counted: a pass
    begins at a millisecond, and reads everything of it.
    """

    def __init__(self) -> None:
        self._before: set[tuple[str, int, str, int]] = set()
        self._occurrences: Counter[tuple[str, int, str]] = Counter()

    def begin(self, at: int) -> None:
        """A pass starts over at this millisecond: what is older does not come again."""
        self._before = {key for key in self._before if key[1] >= at}
        self._occurrences.clear()

    def known(self, event: LogEvent) -> bool:
        same = (event.stream, event.timestamp, event.id or event.message)
        key = (*same, self._occurrences[same])
        self._occurrences[same] += 1
        seen = key in self._before
        self._before.add(key)
        return seen
