"""Two consoles exclude each other by a parameter beside the store: creating one is SSM's only atomic step."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from app.aws import Parameters
from app.aws.policies import lock_of
from app.errors import Conflict
from app.faults.entry import Entry

GRACE = timedelta(minutes=15)  # a console that is alive has disarmed long before


def name_of(entry: Entry) -> str:
    return lock_of(entry.store.kind, entry.store.name)


def body(entry: Entry) -> bytes:
    return json.dumps(
        {
            "by": entry.by,
            "run": entry.run_id,
            "ledger": entry.id,
            "holder": entry.holder,
            "since": entry.created_at.isoformat(),
            "until": entry.disarm_by.isoformat(),
        }
    ).encode()


def take(parameters: Parameters, entry: Entry, *, now: datetime, abandoned: frozenset[str]) -> None:
    """Hold the store against other consoles. Conflict while one of them holds it.

    `abandoned`: holders of this ledger's own entries that are over; a lock of theirs was left by a crash.
    """
    name = name_of(entry)
    if parameters.create(name, body(entry)):
        return
    held = parameters.get(name)
    if held is None:
        if parameters.create(name, body(entry)):
            return
        raise Conflict(f"{entry.store} is being armed by another console right now. Try again in a moment.")
    said = _read(held.value)
    if _is_of(said, entry):
        return  # created by a call whose answer was lost, and that was sent again
    if not _stale(said, now, abandoned):
        raise Conflict(_held(entry, said), held_by=said.get("by"), until=said.get("until"))
    if (version := parameters.put(name, body(entry))) != held.version + 1:
        _give_back(parameters, name, held.version, version)
        raise Conflict(f"{entry.store} was taken by another console a moment ago. Try again later.")


def release(parameters: Parameters, entry: Entry) -> None:
    """Let go, if the lock is this entry's."""
    name = name_of(entry)
    held = parameters.get(name)
    if held is not None and _is_of(_read(held.value), entry):
        parameters.delete(name)


def held_by_another(parameters: Parameters, entry: Entry) -> bool:
    held = parameters.get(name_of(entry))
    return held is not None and not _is_of(_read(held.value), entry)


def _is_of(said: dict[str, Any], entry: Entry) -> bool:
    return said.get("holder") == entry.holder


def _stale(said: dict[str, Any], now: datetime, abandoned: frozenset[str]) -> bool:
    if said.get("holder") in abandoned:
        return True
    try:
        return datetime.fromisoformat(said["until"]) + GRACE < now
    except (KeyError, TypeError, ValueError):
        return False  # not ours to judge: somebody made it by hand


def _held(entry: Entry, said: dict[str, Any]) -> str:
    return (
        f"{entry.store} is held by another console ({said.get('by', 'unknown')}, until {said.get('until', 'unknown')}). "
        f"If that console is gone for good, delete the parameter {name_of(entry)}."
    )


def _give_back(parameters: Parameters, name: str, seen: int, written: int) -> None:
    """Two consoles took over the same stale lock: the first of them keeps it."""
    rows = [row for row in parameters.history(name) if seen < row.version < written]
    if rows:
        parameters.put(name, rows[0].value)


def _read(value: bytes) -> dict[str, Any]:
    try:
        said = json.loads(value)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
