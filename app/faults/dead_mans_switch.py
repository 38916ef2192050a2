"""What puts a store back when this machine is gone for good: schedules in AWS, made before a fault is armed.

They write what the guardian would have written, a while after it should have; into a SecureString the dialect's
own off instead, since a schedule shows what it writes to whoever may read it. Containers that only replacing clears
are beyond them: that remains to be done by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.aws import Aws
from app.aws.scheduler import PREFIX
from app.faults import plan
from app.faults.entry import Entry, Store
from app.settings import Environment

AFTER = timedelta(minutes=2)  # past the deadline: the guardian comes first


@dataclass(frozen=True, kw_only=True)
class Step:
    """One schedule. `value` None: the parameter is deleted."""

    name: str
    at: datetime
    value: bytes | None


def applies(environment: Environment, entry: Entry) -> bool:
    """Parameters only: Scheduler has one call for those, and several steps for AppConfig."""
    return environment.dead_mans_switch_role is not None and entry.store.kind == "ssm"


def leaves(environment: Environment, store: Store, *, recycle: bool, secure: bool = False) -> str:
    """What it can not do once this machine is gone, as a sentence; empty where there is none, or where it does it all."""
    if environment.dead_mans_switch_role is None:
        return ""
    if store.kind != "ssm":
        return f"The dead man's switch writes parameters only: if this machine dies for good, {store} stays as it is then."
    told = []
    if secure:
        told.append(
            f"The dead man's switch switches {store} off and does not bring back what it held, since a schedule would show "
            "it to whoever may read schedules: a console that finds the store like that restores it."
        )
    if recycle:
        told.append(
            "The dead man's switch can not replace containers: those that were hit keep the fault until somebody does."
        )
    return " ".join(told)


def steps(entry: Entry) -> Iterator[Step]:
    """The fault's whole plan, as far as writes go."""
    at = entry.disarm_by + AFTER
    if entry.plan.flush:
        yield Step(name=f"{name_of(entry)}-flush", at=at, value=entry.plan.flush.encode())
        at += timedelta(seconds=entry.plan.flush_seconds)
    yield Step(name=name_of(entry), at=at, value=plan.safe(entry))


def runs_at(entry: Entry) -> datetime:
    """When the last of its schedules is due."""
    return max(step.at for step in steps(entry))


def set_for(aws: Aws, environment: Environment, entry: Entry) -> None:
    """Make the schedules, or move them to the entry's deadline. Unavailable or Denied where AWS does not do it."""
    if not applies(environment, entry):
        return
    schedules, kind = aws.schedules(environment.name), str(entry.previous_meta.get("type", "String"))
    for step in steps(entry):
        schedules.write_at(
            step.name, step.at, parameter=entry.store.name, kind=kind, role=environment.dead_mans_switch_role or "",
            value=None if step.value is None else step.value.decode(), key_id=entry.previous_meta.get("key_id"),
        )  # fmt: skip


def remove_for(aws: Aws, environment: Environment, entry: Entry) -> None:
    """After a disarm: nothing is left to be written. One that ran, or was never made, is no trouble."""
    if applies(environment, entry):
        for step in steps(entry):
            aws.schedules(environment.name).remove(step.name)


def name_of(entry: Entry) -> str:
    return f"{PREFIX}{entry.holder}"
