"""What to do with a store that a fault was written to: pure, since being wrong here leaves a fault armed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.aws import Parameter
from app.aws.parameters import SECURE
from app.dialects import DIALECTS, SWITCHED, any_armed, failure_lambda_1x, meaning, read_as, recognise, same
from app.dialects.documents import document, is_envelope
from app.faults.entry import Entry, FaultState

BACKOFF = (1, 2, 4, 8, 15, 30)  # seconds; the last one for ever
LOOKS = (3, 15, 60)  # seconds after a disarm: what was on its way to the store has landed by then
SHOWN = 300  # characters of a value in a sentence


@dataclass(frozen=True, kw_only=True)
class Write:
    value: bytes | None  # None: delete the parameter


@dataclass(frozen=True, kw_only=True)
class Settled:
    state: FaultState  # disarmed or drifted
    outcome: str  # a sentence
    theirs: bytes | None = None  # what somebody else wrote
    joined: str = ", because"  # the outcome and why it was looked at


def resting(entry: Entry) -> bytes | None:
    """What the store is to hold in the end. None: nothing.

    The previous value, unless it was itself armed; then the experiment's own rollback value; else off. Where a
    library fails without its configuration, or a store can not be emptied, off stands in for nothing.
    """
    if entry.previous is None:
        return off(entry).encode() if must_stay(entry) else None
    if entry.store.kind in SWITCHED or not any_armed(_text(entry.previous)):
        return entry.previous
    if entry.safe_value is not None and not any_armed(_text(entry.safe_value)):
        return entry.safe_value
    return off(entry).encode()


def must_stay(entry: Entry) -> bool:
    return entry.store.kind == "appconfig" or entry.dialect.startswith("chaos_lambda/")


def off(entry: Entry) -> str:
    """The previous value switched off, its other fields kept.

    A dialect that is gone from the code must not keep a fault armed: every one of them is off by this.
    """
    onto = _text(entry.previous) if entry.previous is not None else None
    if is_envelope(document(onto if onto is not None else _text(entry.value))):
        # A profile of feature flags takes nothing else, also where none was deployed before.
        return failure_lambda_1x.off(onto if onto is not None else _text(entry.value))
    spoken = recognise(onto) if onto else None
    return _off(spoken or entry.dialect, onto)


def safe(entry: Entry) -> bytes | None:
    """What the dead man's switch leaves behind; None: nothing.

    Of a SecureString its dialect's own off and nothing of what was there: a schedule shows what it writes.
    """
    if entry.previous_meta.get("type") == SECURE and resting(entry) is not None:
        return _off(entry.dialect, None).encode()
    return resting(entry)


def flush(entry: Entry) -> bytes | None:
    """What clears warm containers, in the form that the store takes; None where none is needed."""
    if entry.plan.flush is None:
        return None
    onto = _text(resting(entry) or b"")
    return (failure_lambda_1x.flush(onto) if is_envelope(document(onto)) else entry.plan.flush).encode()


def target(entry: Entry) -> bytes | None:
    """What is to be written next: the flush, where warm containers need one and have had none; else what rests."""
    if entry.gives_way:
        return entry.theirs
    return flush(entry) if needs_flush(entry) else resting(entry)


def needs_flush(entry: Entry) -> bool:
    """A value that was never seen in the store left nothing in a container."""
    return entry.plan.flush is not None and entry.flush_until is None and entry.armed_at is not None


def ours(entry: Entry) -> frozenset[bytes]:
    """Every value that the console or the run said it would write."""
    said = {entry.value, *(value.encode() for value in entry.announced)}
    more = (entry.safe_value, resting(entry), safe(entry), flush(entry))
    return frozenset(said | {value for value in more if value is not None})


def fires(entry: Entry, held: bytes | None) -> bool:
    """Whether a store holds a fault that the run announced, its last or one before."""
    if held is None or meaning(held) not in _meant(ours(entry)) - _left(entry):
        return False
    if entry.store.kind in SWITCHED:
        return read_as(entry.store.kind, _text(held)) is not None
    return any_armed(_text(held)) or same(held, entry.value)


def written_late(entry: Entry, held: Parameter | None) -> bool:
    """Whether an entry that is over was written once more. Beside somebody else's value only a fault is that."""
    if entry.state is FaultState.DRIFTED:
        return held is not None and fires(entry, held.value)
    return isinstance(decide(entry, held), Write)


def as_found(entry: Entry, held: Parameter | None, now: datetime) -> dict[str, Any]:
    """What a store that still fires says about its entry: containers may have seen it, and are to be cleared anew."""
    if held is None or not fires(entry, held.value):
        return {}
    return {"armed_at": entry.armed_at or now, "flush_until": None, "quiet_at": None, "clean_at": None}


def giving_way(entry: Entry, theirs: bytes | None, row: Parameter | None = None) -> dict[str, Any]:
    """Columns that make `theirs` stand again, as its `row` had it. Nothing where it is armed: that is not brought back."""
    if theirs is not None and entry.store.kind not in SWITCHED and any_armed(_text(theirs)):
        return {}
    names = ("type", "tier", "data_type", "key_id")
    kept = {name: entry.previous_meta[name] for name in names if name in entry.previous_meta}
    if row is not None:
        kept = {name: getattr(row, name) for name in (*names, "hosted")}
    return {"theirs": theirs, "previous_meta": {**entry.previous_meta, "theirs": kept}}


def decide(entry: Entry, current: Parameter | None) -> Write | Settled:
    """The next step towards disarmed, by what the store holds now."""
    wanted = target(entry)
    held = current.value if current else None
    if same(held, wanted) and _same_type(entry, current):
        if entry.gives_way:
            back, joined = _theirs_is_back(entry), ". It was put back because"
            return Settled(state=FaultState.DRIFTED, outcome=back, theirs=held, joined=joined)
        return Settled(state=FaultState.DISARMED, outcome=_already(entry), joined=" when")
    if held is not None and meaning(held) in _meant(ours(entry)):
        return Write(value=wanted)
    if held is None and wanted is not None and entry.store.kind in SWITCHED:
        return Write(
            value=wanted
        )  # a switch that is not set lets everything through: that, too, was announced
    if same(held, entry.previous):
        return Settled(
            state=FaultState.DISARMED,
            outcome=f"Nothing was written: {entry.store} still holds {_shown(entry, held)}, a fault that was there before.",
        )
    return Settled(state=FaultState.DRIFTED, outcome=drift(entry, held), theirs=held)


def drift(entry: Entry, theirs: bytes | None) -> str:
    did = "deleted it" if theirs is None else f"wrote {_shown(entry, theirs)}"
    return f"{entry.store} was changed by somebody else, who {did}. That is left as it is. {_ours_was(entry)}"


def _theirs_is_back(entry: Entry) -> str:
    did = "deleted it" if entry.theirs is None else f"wrote {_shown(entry, entry.theirs)}"
    return (
        f"{entry.store} was changed by somebody else, who {did}. The fault was written over that, and theirs stands again. "
        f"{_ours_was(entry)}"
    )


def _ours_was(entry: Entry) -> str:
    return f"The fault was {_shown(entry, entry.value)}; before it, the store held {_shown(entry, entry.previous)}."


def put_back(entry: Entry, held: bytes | None) -> str:
    """What was done, once the store is read back and holds `held`."""
    target = resting(entry)
    if entry.plan.flush and needs_flush(entry):
        return f"Nothing fires any more: {entry.store} holds a value that clears warm containers, read back."
    if target is None:
        return f"Disarmed: {entry.store} is removed again, there was none before. Read back."
    if target != entry.previous:
        return (
            f"Disarmed: {entry.store} holds {_shown(entry, target)}, read back. {_why_not_as_before(entry)}"
        )
    if held != target:
        return f"Disarmed: {entry.store} holds the flags that it held before, with new dates of AppConfig's, read back."
    return f"Disarmed: {entry.store} holds what it held before, byte for byte, read back."


def _why_not_as_before(entry: Entry) -> str:
    if entry.previous is None:
        return "There was none before; without one, functions would fail, or the store can not be emptied."
    return "What it held before was itself an armed fault, and was not put back."


def retry_at(attempts: int, now: datetime) -> datetime:
    """When to try again after `attempts` failures."""
    return now + timedelta(seconds=BACKOFF[min(max(attempts, 1), len(BACKOFF)) - 1])


def while_flushing(entry: Entry, now: datetime) -> datetime | None:
    """When to look at a store that flushes, or to end that; None where it has had its time."""
    until = entry.flush_until
    if until is None or until <= now:
        return None
    look = next_look(until - timedelta(seconds=entry.plan.flush_seconds), now)
    return min(look, until) if look else until


def next_look(disarmed_at: datetime, now: datetime) -> datetime | None:
    """When to look at a disarmed store again; None when that was often enough."""
    looks = (disarmed_at + timedelta(seconds=seconds) for seconds in LOOKS)
    return next((look for look in looks if look > now), None)


def foreign(entry: Entry, versions: list[Parameter]) -> Parameter | None:
    """The newest of these versions that neither the console nor the run wrote. None where it was put back since."""
    ended = _rests(entry)
    known = _meant(ours(entry)) | ended
    newest = next((row for row in reversed(versions) if meaning(row.value) not in known), None)
    since = [row for row in versions if newest is not None and row.version > newest.version]
    return None if any(meaning(row.value) in ended for row in since) else newest


def _shown(entry: Entry, value: bytes | None) -> str:
    return shown(value, secret=entry.secret)


def shown(value: bytes | None, *, secret: bool) -> str:
    """In a sentence, which may go to a log or to other people. `secret`: of a SecureString, whose values stay unsaid."""
    if value is None:
        return "no value"
    if secret:
        return "a value that is not shown"
    text = _text(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _already(entry: Entry) -> str:
    """Of a store that holds what it is to hold, before the console wrote anything."""
    rests = resting(entry)
    if entry.armed_at is None:
        held = "is not there, as before" if rests is None else f"holds {_as_what(entry)}"
        return f"{entry.store} {held}; read back."
    first = entry.run_id is not None and not entry.attempts  # else a write of the console's may have arrived
    if first and rests is not None and meaning(rests) in _announced(entry):
        return f"The experiment's own rollback had put {entry.store} back; read back."
    done = "was removed again" if rests is None else "had been put back"
    return f"{entry.store} {done} already; read back."


def _as_what(entry: Entry) -> str:
    return "what it held before" if resting(entry) == entry.previous else "a value that is off"


def _announced(entry: Entry) -> frozenset[bytes | None]:
    """What the run said that it would write besides the fault."""
    said = {value.encode() for value in entry.announced} | {entry.safe_value or b""}
    return _meant(frozenset(said - {entry.value, b""}))


def _same_type(entry: Entry, current: Parameter | None) -> bool:
    return current is None or current.type == entry.kept_as.get("type", current.type)


def _rests(entry: Entry) -> frozenset[bytes | None]:
    """What ends whatever stood before it."""
    return _left(entry) | {meaning(entry.previous)}


def _left(entry: Entry) -> frozenset[bytes | None]:
    """What the console leaves in a store."""
    return frozenset({meaning(resting(entry)), meaning(flush(entry))})


def _meant(values: frozenset[bytes]) -> frozenset[bytes | None]:
    return frozenset(meaning(value) for value in values)


def _off(dialect: str, onto: str | None) -> str:
    spoken = DIALECTS.get(dialect)
    return spoken.off(onto) if spoken else '{"isEnabled": false}'


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
