"""What is armed, where, by whom and until when: a row of the ledger as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from app.dialects import Fault, sentence
from app.errors import Invalid


@dataclass(frozen=True, kw_only=True)
class Store:
    """A place that a fault library reads its configuration from. `str()` gives `ssm:failureLambdaConfig`."""

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
        if kind != "ssm" or not name:
            raise Invalid(f"{text} is not a store that faults can be armed in. Write ssm:<parameter name>.")
        return cls(environment=environment, name=name, kind=kind)


class FaultState(StrEnum):
    INTENDED = "intended"  # written down; its store may or may not have been written
    ARMED = "armed"  # read back from the store
    DISARMING = "disarming"  # on its way back; `attempts` above 0 means that it is stuck
    DISARMED = "disarmed"  # the store was read back and holds what it held before
    DRIFTED = "drifted"  # somebody else wrote the store: theirs stands


ACTIVE = frozenset({FaultState.INTENDED, FaultState.ARMED, FaultState.DISARMING})


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

    @property
    def environment(self) -> str:
        return self.store.environment

    @property
    def holder(self) -> str:
        """What the lock beside the store is known by: no two ledgers give the same."""
        return str(self.previous_meta.get("holder", ""))

    @property
    def active(self) -> bool:
        """Its store may hold the fault."""
        return self.state in ACTIVE

    @property
    def stuck(self) -> bool:
        """It should be off, and could not be put back so far: an alarm."""
        return self.active and self.attempts > 0

    @property
    def sentence(self) -> str:
        """What the fault does, in words."""
        return sentence(self.fault, self.functions)


@dataclass(frozen=True, kw_only=True)
class Understanding:
    """What a value that is about to be written would do to the functions that read the store."""

    fault: Fault | None  # None: the value switches faults off, or is not understood
    dialect: str | None  # that the value is written in
    function_dialect: str | None  # that the functions obey; None: not known, or not spoken
    functions: tuple[str, ...]
    version: str | None  # of the fault library in the functions
    known_by: str  # how the functions' dialect is known, as words
    value: str  # to be written: translated where the dialects differ
    refusal: str | None = None  # why arming would be worthless, as a sentence

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
