"""What "off" takes: the writes, the containers to be replaced, and how long it is until it is true everywhere.

From each version's source, and from running it in a warm process: a deny list outlives its switch in 0.2.0 to
0.4.1 for as long as the container does, and in 1.0.0 from npm until a flag that is on has made the library clear
it. Parameter Store is read at every invocation before 1.0, and cached for 60 s from then on; AppConfig's
extension polls every 45 s.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.dialects import failure_lambda_02, failure_lambda_1x
from app.dialects.fault import Fault, FaultMode
from app.dialects.switches import SWITCHED

CACHED = 60.0  # seconds: FAILURE_CACHE_TTL where it is not set
POLLED = 45.0  # seconds: AWS_APPCONFIG_EXTENSION_POLL_INTERVAL_SECONDS where it is not set
# A container clears at its next invocation, which has to come before the flush goes.
SHORTEST_FLUSH = 10.0  # seconds
LAST_THAT_NEVER_CLEARS = (0, 4, 1)
NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True, kw_only=True)
class DisarmPlan:
    """How a fault is ended. `propagation`: seconds after the last write until every container has seen it."""

    propagation: float = 0.0
    flush: str | None = (
        None  # written first, and left for `flush_seconds`: nothing fires, warm containers clear
    )
    flush_seconds: float = 0.0
    recycle: bool = False  # only new containers are clear
    left: str = ""  # what stays behind in warm containers whatever is written, as a sentence
    by_hand: str = ""  # what else was changed that nobody here can undo: such a fault is never called clean

    def over(self, earlier: DisarmPlan) -> DisarmPlan:
        """What it takes to end this fault and the one that was armed in its place before."""
        return DisarmPlan(
            propagation=max(self.propagation, earlier.propagation),
            flush=self.flush or earlier.flush,
            flush_seconds=max(self.flush_seconds, earlier.flush_seconds),
            recycle=self.recycle or earlier.recycle,
            left=self.left or earlier.left,
            by_hand=self.by_hand or earlier.by_hand,
        )

    @property
    def sentence(self) -> str:
        """How the fault ends, in words."""
        if self.recycle:
            return "Switching this fault off does not clear warm containers: they have to be replaced."
        if self.flush:
            return (
                f"It ends in two steps: {self.flush_seconds:g} s of a flag that clears warm containers, then the value "
                f"that was there; up to {self.propagation:g} s more until every container has seen it."
            )
        within = f"within {self.propagation:g} s" if self.propagation else "at the next invocation"
        return f"It ends with one write, seen by every container {within}."


def disarm_plan(
    fault: Fault,
    dialect: str,
    *,
    version: str | None = None,
    kind: str = "ssm",
    cache_ttl: float | None = None,
    poll: float | None = None,
    wrapper: bool = False,
) -> DisarmPlan:
    """The plan for one armed fault.

    `version` of the library, None: not known, then the newest of its dialect; `kind` of store; `cache_ttl` in
    seconds as the function has it set, and `poll` likewise; `wrapper`: the 1.x Layer, which clears at every invocation.
    """
    if dialect in SWITCHED:
        return DisarmPlan()
    modes = {one.mode for one in fault.every}
    seen = 0.0 if kind != "appconfig" else POLLED if poll is None else poll
    if dialect == failure_lambda_1x.NAME:
        cached = uncached(kind) if cache_ttl is None else cache_ttl
        return _flags(modes, propagation=seen + cached, wrapper=wrapper)
    network = FaultMode.DENYLIST in modes
    recycle = network and (dialect == failure_lambda_02.NAME or _never_clears(version))
    return DisarmPlan(propagation=seen, recycle=recycle, left=_left(modes))


def uncached(kind: str) -> float:
    """Seconds for which 1.x keeps what it has read, where FAILURE_CACHE_TTL is not set."""
    return 0.0 if kind == "appconfig" else CACHED


def _flags(modes: set[FaultMode], *, propagation: float, wrapper: bool) -> DisarmPlan:
    flush = bool(modes & {FaultMode.DENYLIST, FaultMode.DISKSPACE}) and not wrapper
    return DisarmPlan(
        propagation=propagation,
        flush=failure_lambda_1x.FLUSH if flush else None,
        flush_seconds=max(propagation, SHORTEST_FLUSH) if flush else 0.0,
    )


def _never_clears(version: str | None) -> bool:
    """0.3.0 to 0.4.1; not known counts as the newest, which the library's range `^0.4` installs."""
    numbers = tuple(int(number) for number in NUMBERS.findall(version or ""))[:3]
    return bool(numbers) and (0, 3, 0) <= numbers <= LAST_THAT_NEVER_CLEARS


def _left(modes: set[FaultMode]) -> str:
    if FaultMode.DISKSPACE in modes:
        return "What filled /tmp stays there until the container ends."
    return ""
