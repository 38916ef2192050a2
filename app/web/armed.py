"""What is armed, as every page shows it: what, where, how hard, until when, by whom, and how to stop it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from app.console import Console
from app.evidence import Explanation, Proof, explained
from app.faults import Entry, FaultState, Stray
from app.faults.plan import needs_flush, safe
from app.faults.recycling import by_hand as by_hand_recycling
from app.settings import Environment
from app.web.words import by_hand

JUST_NOW = timedelta(minutes=2)  # how long the bar still tells what became of a fault
LOOKS_BACK = 20  # entries of the ledger


@dataclass(frozen=True, kw_only=True)
class Armed:
    """One fault that may be in its store."""

    entry: Entry
    sentence: str  # what was measured, before what was asked for
    why: str  # what an unexpected share is consistent with, or empty
    seen: str  # why nothing was measured, or empty
    proof: Proof | None
    stop: str  # where the button posts to
    command: str  # what to do by hand where it cannot be put back

    @property
    def disarming(self) -> bool:
        return self.entry.state is FaultState.DISARMING

    @property
    def held(self) -> bool:
        return self.entry.run_id is not None


@dataclass(frozen=True, kw_only=True)
class ArmedBar:
    """What the bar shows, alarms first."""

    environment: str
    place: str  # account and region
    faults: tuple[Armed, ...]
    over: Entry | None  # disarmed a moment ago
    phase: str = ""  # how far that has come
    firing: tuple[Firing, ...] = ()
    undecided: tuple[Entry, ...] = ()  # somebody else wrote the store
    strays: tuple[Stray, ...] = ()  # armed, and not in the ledger
    unproven: tuple[str, ...] = ()  # what running experiments change that nobody can undo

    @property
    def alarm(self) -> bool:
        return self.fires or any(fault.entry.stuck for fault in self.faults)

    @property
    def fires(self) -> bool:
        """Something injects that this console does not hold: “nothing is armed” would not be true."""
        return bool(self.firing or self.strays) or any(entry.theirs_armed for entry in self.undecided)


@dataclass(frozen=True, kw_only=True)
class Firing:
    """Disarmed, and the logs show injections all the same."""

    entry: Entry
    command: str  # that replaces the containers


def armed_bar(console: Console, environment: str, *, told: bool = True) -> ArmedBar:
    """Faults of every environment: something armed elsewhere must not go unseen.

    `told`: also what became of the last one, where nothing is armed.
    """
    active = console.faults.active()
    over = None if active or not told else _just_over(console)
    firing = console.faults.firing()
    return ArmedBar(
        environment=environment,
        place=place(console, environment),
        faults=tuple(_armed(console, entry) for entry in active),
        over=over,
        phase=str(over.phase(console.clock.now())) if over else "",
        firing=tuple(
            Firing(entry=entry, command=by_hand_recycling(entry.functions, _environment(console, entry)))
            for entry in firing
        ),
        undecided=tuple(console.faults.undecided()),
        strays=console.faults.strays(),
        unproven=_unproven(console),
    )


def _unproven(console: Console) -> tuple[str, ...]:
    """What activities of runs that are under way do besides faults that the console can undo."""
    told = [
        f"run {run.id}: “{one['activity']}” {one['what']}"
        for run in console.runs.active()
        if not run.waiting
        for one in run.facts.get("unproven", ())
    ]
    return tuple(told)


def place(console: Console, environment: str) -> str:
    """`name 123456789012 · us-east-2`, as far as AWS has told."""
    found = console.aws.identity(environment)
    return " · ".join(filter(None, (" ".join(filter(None, (found.alias, found.account))), found.region)))


def _armed(console: Console, entry: Entry) -> Armed:
    proof = proof_of(console, entry)
    told = explained(proof, entry.fault, entry.functions, entry.dialect) if proof else Explanation("", "")
    fired = proof is not None and proof.fired
    return Armed(
        entry=entry,
        sentence=told.facts if fired else f"{entry.sentence}.",
        why=told.why if fired else "",
        seen="" if fired else told.facts,
        proof=proof,
        stop=f"/runs/{entry.run_id}/rollback" if entry.run_id else f"/faults/{entry.id}/disarm",
        command=_by_hand(console, entry),
    )


def proof_of(console: Console, entry: Entry) -> Proof | None:
    if entry.armed_at is None or not entry.functions:
        return None
    return console.evidence.of(entry)


def _by_hand(console: Console, entry: Entry) -> str:
    """The whole plan: what clears warm containers comes before, or after, what the store is to hold.

    Of a SecureString its dialect's own off: a command is copied to where everybody reads it.
    """
    environment = _environment(console, entry)
    write = partial(
        by_hand, entry.store.kind, entry.store.name, type_=str(entry.previous_meta.get("type", "String")),
        region=environment.region if environment else None, endpoint=environment.endpoint_url if environment else None,
    )  # fmt: skip
    steps = [write(safe(entry))]
    if entry.plan.flush and needs_flush(entry) and entry.store.kind == "ssm":
        steps = [write(entry.plan.flush.encode()), f"sleep {entry.plan.flush_seconds:g}", *steps]
    if entry.plan.recycle:
        steps.append(by_hand_recycling(entry.functions, environment))
    return " && ".join(steps)


def _environment(console: Console, entry: Entry) -> Environment | None:
    return console.settings.environments.get(entry.environment)


def _just_over(console: Console) -> Entry | None:
    """Disarmed a moment ago, or a while ago and not known to be clean yet."""
    since = console.clock.now() - JUST_NOW
    settling = {entry.id for entry in console.faults.settling()}
    over = [
        entry
        for entry in console.faults.history(LOOKS_BACK)
        if entry.disarmed_at and (entry.disarmed_at >= since or entry.id in settling)
    ]
    return max(over, key=lambda entry: entry.disarmed_at or since, default=None)
