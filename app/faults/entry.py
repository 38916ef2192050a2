"""What is armed, where, by whom and until when: a row of the ledger as a value."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from app.aws.parameters import SECURE
from app.dialects import SWITCHED, DisarmPlan, Fault, any_armed, disarm_plan, sentence
from app.errors import Invalid

HIDDEN = "(not shown: a SecureString’s value is for those who may decrypt it)"
KINDS = ("ssm", "appconfig", *SWITCHED)


@dataclass(frozen=True, kw_only=True)
class Store:
    """A place that a fault is written to: what a fault library reads, or a setting of AWS.

    `str()` gives `ssm:failureLambdaConfig`, `appconfig:application/environment/profile`,
    `lambda-concurrency:function`, `event-source-mapping:uuid`, `events-rule:bus/rule`.
    """

    environment: str
    name: str
    kind: str = "ssm"

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    @classmethod
    def parse(cls, text: str, environment: str) -> Self:
        """`ssm:name`, or a plain parameter name. Invalid for a kind that is not spoken."""
        kind, colon, name = text.partition(":")
        if not colon:
            return cls(environment=environment, name=text)
        if kind not in KINDS or not name:
            raise Invalid(
                f"{text} is not a store that faults can be armed in. Write ssm:<parameter name>; "
                f"there are {', '.join(KINDS)}."
            )
        return cls(environment=environment, name=name, kind=kind)


class FaultState(StrEnum):
    INTENDED = "intended"  # written down; its store may or may not have been written
    ARMED = "armed"  # read back from the store
    DISARMING = "disarming"  # on its way back; `attempts` above 0 means that it is stuck
    FLUSHING = "flushing"  # nothing fires; the store holds a harmless value until warm containers are clear
    DISARMED = "disarmed"  # the store was read back and holds what it held before
    DRIFTED = "drifted"  # somebody else wrote the store: theirs stands


ACTIVE = frozenset({FaultState.INTENDED, FaultState.ARMED, FaultState.DISARMING, FaultState.FLUSHING})
MAY_FIRE = ACTIVE - {FaultState.FLUSHING}
STANDING = frozenset({FaultState.INTENDED, FaultState.ARMED})  # nobody has begun to disarm it


class Phase(StrEnum):
    """How far a disarm has come, as everybody sees it."""

    ARMED = "armed"
    REQUESTED = "requested"  # its store is being written
    PROPAGATING = "propagating"  # written; containers may not have seen it yet
    SETTLING = "settling"  # every container has; whether it is quiet is not known yet
    QUIET = "quiet"  # no injection seen for one cache period
    CLEAN = "clean"  # and the hypothesis is within its tolerances again
    STUCK = "stuck"  # can not be put back, or still fires although it was: an alarm
    DRIFTED = "drifted"  # somebody else's value stands


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A fault armed through the console. Times are aware, in UTC; values are the store's bytes."""

    id: int
    store: Store
    run_id: str | None  # None: armed by hand
    by: str
    state: FaultState
    dialect: str
    fault: Fault
    functions: tuple[str, ...]  # those that read the store
    translated_from: str | None = None
    previous: bytes | None  # None: there was no parameter
    previous_meta: Mapping[str, Any] = field(default_factory=dict)  # type, tier, data_type, version, holder
    value: bytes
    announced: tuple[str, ...] = ()
    safe_value: bytes | None = None
    version: int | None = None
    created_at: datetime
    armed_at: datetime | None = None
    disarm_by: datetime
    lease_until: datetime | None = None
    disarmed_at: datetime | None = None
    disarmed_by: str | None = None
    outcome: str | None = None  # a sentence
    attempts: int = 0  # disarms that failed
    next_attempt_at: datetime | None = None
    plan: DisarmPlan = field(default_factory=DisarmPlan)
    requested_at: datetime | None = None
    flush_until: datetime | None = None
    settles_at: datetime | None = None
    last_hit_at: datetime | None = None
    quiet_at: datetime | None = None
    clean_at: datetime | None = None
    theirs: bytes | None = None
    resolved_by: str | None = None
    key: str | None = None  # of the request that armed it by hand
    fingerprint: str | None = None  # of that request
    replayed: bool = False  # told again: another arming with the same key was the first

    @property
    def environment(self) -> str:
        return self.store.environment

    @property
    def holder(self) -> str:
        """What the lock beside the store is known by: no two ledgers give the same."""
        return str(self.previous_meta.get("holder", ""))

    @property
    def gives_way(self) -> bool:
        """The fault was written over somebody else's value: `theirs` is to stand, not what was there before."""
        return "theirs" in self.previous_meta

    @property
    def kept_as(self) -> Mapping[str, Any]:
        """Type, tier and the like of the value that is to stand."""
        kept: Mapping[str, Any] = self.previous_meta.get("theirs", self.previous_meta)
        return kept

    @property
    def active(self) -> bool:
        """Its store may hold the fault."""
        return self.state in ACTIVE

    @property
    def may_fire(self) -> bool:
        """Its store may hold a value that injects."""
        return self.state in MAY_FIRE

    @property
    def taken_away(self) -> bool:
        """Its disarm has begun, or is over."""
        return self.state not in STANDING

    @property
    def stuck(self) -> bool:
        """It should be off, and could not be put back so far, or still fires: an alarm."""
        return (self.active and self.attempts > 0) or self.still_fires

    @property
    def still_fires(self) -> bool:
        """The store is clean and the logs show injections all the same: containers keep the fault."""
        if self.state is not FaultState.DISARMED or self.settles_at is None or self.quiet_at is not None:
            return False
        return self.last_hit_at is not None and self.last_hit_at > self.settles_at + GRACE

    @property
    def mark(self) -> str:
        """Another one after whatever people decide about it, and after whatever somebody else wrote instead."""
        decided = (self.state, self.disarm_by, self.requested_at, self.resolved_by, self.theirs)
        return hashlib.sha256("|".join(map(str, decided)).encode()).hexdigest()[:32]

    @property
    def undecided(self) -> bool:
        """Somebody else wrote the store, and nobody has said yet whose value is to stand."""
        return self.state is FaultState.DRIFTED and self.resolved_by is None

    @property
    def theirs_armed(self) -> bool:
        """What somebody else wrote, and nobody has judged yet, is a fault itself."""
        return (
            self.undecided and self.theirs is not None and any_armed(self.theirs.decode("utf-8", "replace"))
        )

    def phase(self, now: datetime) -> Phase:
        """Where a disarm stands at `now`."""
        if self.stuck or self.state is FaultState.DRIFTED:
            return Phase.STUCK if self.stuck else Phase.DRIFTED
        if self.state is FaultState.FLUSHING:
            return Phase.PROPAGATING
        if self.active:
            return Phase.REQUESTED if self.state is FaultState.DISARMING else Phase.ARMED
        if self.clean_at or self.quiet_at:
            return Phase.CLEAN if self.clean_at else Phase.QUIET
        return Phase.SETTLING if self.settles_at is None or self.settles_at <= now else Phase.PROPAGATING

    @property
    def seconds_to_quiet(self) -> float | None:
        """From the first request to disarm."""
        return _between(self.requested_at, self.quiet_at)

    @property
    def seconds_to_clean(self) -> float | None:
        return _between(self.requested_at, self.clean_at)

    @property
    def secret(self) -> bool:
        """Its store is a SecureString, so that what it holds is not for everybody who may see the fault."""
        return self.previous_meta.get("type") == SECURE

    def shown(self, value: bytes | None) -> str | None:
        """A value of its store as people see it; None where there is none."""
        if value is None or not self.secret:
            return None if value is None else value.decode("utf-8", "replace")
        return HIDDEN

    @property
    def sentence(self) -> str:
        """What the fault does, in words."""
        return sentence(self.fault, self.functions)


# An idle container sees the write at its next invocation only, and what an invocation left behind may try again.
GRACE = timedelta(seconds=30)


def _between(begin: datetime | None, end: datetime | None) -> float | None:
    return None if begin is None or end is None else max(0.0, (end - begin).total_seconds())


class KnownBy(StrEnum):
    """How it is known which dialect functions obey."""

    SETTING = "setting"  # of AWS itself: there is nothing to obey
    DECLARED = "declared"  # for the environment
    PACKAGE = "package"  # read from what is deployed
    LAYER = "layer"  # by its name
    SHAPE = "shape"  # of the value: a guess


@dataclass(frozen=True, kw_only=True)
class Understanding:
    """What a value that is about to be written would do to the functions that read the store."""

    fault: Fault | None  # None: the value switches faults off, or is not understood
    dialect: str | None  # that the value is written in
    function_dialect: str | None  # that the functions obey; None: not known, or not spoken
    functions: tuple[str, ...]
    version: str | None  # of the fault library in the functions
    known_by: str  # how the functions' dialect is known, as words
    known: KnownBy = KnownBy.SHAPE
    value: str  # to be written: translated where the dialects differ
    refusal: str | None = None  # why arming would be worthless, as a sentence
    store_kind: str = "ssm"
    reading: Mapping[str, Any] = field(default_factory=dict)  # of the functions: cache_ttl, wrapper
    present: str | None = None  # the value that was looked at

    @property
    def sure(self) -> str:
        """How sure it is that the functions obey that dialect."""
        return {KnownBy.SHAPE: "a guess", KnownBy.LAYER: "likely"}.get(self.known, "certain")

    @property
    def plan(self) -> DisarmPlan:
        """What ending the fault will take."""
        return self.plan_for(self.fault) if self.fault else DisarmPlan()

    @property
    def reads_secure(self) -> bool:
        """Whether the library decrypts: failure-lambda from npm asks for plain Strings only."""
        return bool(self.reading.get("wrapper")) or (self.function_dialect or "").startswith("chaos_lambda/")

    def plan_for(self, fault: Fault) -> DisarmPlan:
        """The same, of another fault in the same store."""
        dialect = self.function_dialect or self.dialect or ""
        return disarm_plan(fault, dialect, version=self.version, kind=self.store_kind, **self.reading)

    @property
    def translated(self) -> bool:
        return self.translated_from is not None

    @property
    def translated_from(self) -> str | None:
        differs = self.fault is not None and self.function_dialect and self.dialect != self.function_dialect
        return self.dialect if differs else None

    @property
    def sentence(self) -> str:
        return sentence(self.fault, self.functions) if self.fault else "Nothing is injected."
