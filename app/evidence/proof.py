"""What the logs say about a fault, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a function's log. `text` is without the runtime's own prefix."""

    at: datetime
    request_id: str | None
    text: str
    intercepted: bool
    function: str = ""
    stream: str = ""


@dataclass(frozen=True, kw_only=True)
class Invocation:
    request_id: str
    ms: float | None  # as its REPORT line says; None: not reported yet
    intercepted: int  # interceptions that its lines carry
    stream: str
    function: str = ""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Interceptions as counted by the request ids that log lines carry, since the fault was armed."""

    since: datetime
    until: datetime  # what was read reaches so far: of what came later nothing is known
    invocations: int = 0
    hit: int = 0  # invocations with at least one interception
    interceptions: int = 0
    last_seen: datetime | None = None  # the newest interception
    lines: tuple[Line, ...] = ()  # newest first, a screenful
    expensive: tuple[Invocation, ...] = ()  # slowest first
    can_see: bool = True  # False: the logs could not be read, so nothing is proven either way
    why: str = ""  # a sentence where `can_see` is False, or where the numbers need one
    streams: int = 0  # containers seen, where the log has one stream for each
    streams_hit: int = 0
    share_where_hit: float | None = None  # of the invocations in containers that were hit at all
    modes: Mapping[str, int] = field(default_factory=dict)  # invocations hit, by the fault's mode
    counted: int | None = None  # AWS/Lambda Invocations in the same time; None: CloudWatch has no number yet

    @property
    def fired(self) -> bool:
        return self.interceptions > 0

    @property
    def share(self) -> float | None:
        """Invocations hit, 0 to 1; None without invocations."""
        return min(1.0, self.hit / self.of) if self.of else None

    @property
    def of(self) -> int:
        """Invocations: as CloudWatch counts them, and never fewer than the log shows.

        Its newest minutes are not counted yet, and a log in JSON may leave the lines out that invocations begin with.
        """
        return max(self.invocations, self.counted or 0)

    @property
    def answer(self) -> str:
        """`fired 214 of 431`, `not fired`, or `cannot see`."""
        if self.fired:
            return f"fired {self.hit} of {self.of}"
        return "not fired" if self.can_see else "cannot see"
