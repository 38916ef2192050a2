"""Faults that nobody's ledger holds: armed by hand, by another tool, or by a console whose database is gone."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from app.aws import Aws, Parameter, Parameters
from app.dialects import Fault, any_armed, read_as, recognise, same, sentence, switched_off
from app.dialects.failure_lambda_1x import cleared
from app.errors import GamedayError, Unavailable
from app.faults import putback
from app.faults.entry import HIDDEN, Entry, Store, Understanding
from app.faults.ledger import Ledger
from app.faults.plan import shown
from app.faults.recycling import recycled
from app.faults.understanding import readers_of, understand
from app.settings import Environment

CLEARING = "It holds a flag that never fires, at which containers that were hit clear: leave it there for some minutes."
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Stray:
    """An armed value that no ledger entry explains."""

    store: Store
    value: bytes
    dialect: str | None
    fault: Fault | None  # None: armed in a shape whose effect is not known
    functions: tuple[str, ...] = ()
    secret: bool = False  # its store is a SecureString

    @property
    def sentence(self) -> str:
        return (
            sentence(self.fault, self.functions)
            if self.fault
            else f"it holds {shown(self.value, secret=self.secret)}"
        )

    @property
    def shown(self) -> str:
        """Its value as people see it."""
        return HIDDEN if self.secret else self.value.decode("utf-8", "replace")


def strays(aws: Aws, environment: Environment, ledger: Ledger) -> tuple[Stray, ...]:
    """What is armed in the environment's known stores and not in the ledger. A store that can not be read is left out."""
    mine = {str(entry.store) for entry in ledger.active(environment.name)}
    drifted = ledger.undecided(environment.name)
    try:
        looked_into = known(aws, environment)
    except GamedayError as error:
        log.warning("The functions of %s could not be listed: %s", environment.name, error)
        looked_into = named(environment)
    stores = {str(store): store for store in (*looked_into, *ledger.stores(environment.name))}
    found = (armed(aws, store) for name, store in stores.items() if name not in mine)
    return tuple(stray for stray in found if stray and not _told_as_drift(stray, drifted))


def _told_as_drift(stray: Stray, drifted: Sequence[Entry]) -> bool:
    """A person is asked about that very value already; of another one, nobody knows."""
    return any(entry.store == stray.store and same(entry.theirs, stray.value) for entry in drifted)


def known(aws: Aws, environment: Environment) -> list[Store]:
    """The stores that the settings name, and those that functions read, as their variables name them.

    Unavailable where the functions can not be listed: nobody knows then what they read.
    """
    functions = aws.functions(environment.name).all()
    read = [f"ssm:{f.parameter}" for f in functions if f.parameter]
    read += [f"appconfig:{f.appconfig}" for f in functions if f.appconfig]
    found = [*named(environment), *(Store.parse(text, environment.name) for text in read)]
    return list({str(store): store for store in found}.values())


def named(environment: Environment) -> list[Store]:
    return [Store.parse(text, environment.name) for text in environment.stores]


def armed(aws: Aws, store: Store) -> Stray | None:
    try:
        held = aws.stores(store.environment, store.kind).get(store.name)
    except GamedayError as error:
        log.warning("%s could not be looked at: %s", store, error)
        return None
    if held is None or not fires(held):
        return None
    text = held.value.decode("utf-8", "replace")
    dialect = recognise(text)
    fault = read_as(dialect, text) if dialect else None
    readers = _readers(aws, store)
    return Stray(
        store=store, value=held.value, dialect=dialect, fault=fault, functions=readers, secret=held.secret
    )


def switch_off(aws: Aws, store: Store, environment: Environment) -> str | None:
    """Write the store's own value with every fault in it off, whoever armed it. What was done; None: nothing to do.

    Where warm containers have to be cleared it keeps a flag that never fires and does that; where they have to be
    replaced, they are, or the command is told.

    What somebody else writes at the same moment stands, unless it is a fault, too. Unavailable where AWS does not do
    it, or where the store still holds a fault afterwards.
    """
    held = aws.stores(store.environment, store.kind)
    before = held.describe(store.name)
    if before is None or not fires(before):
        return None
    understood = understand(aws, environment, store, before.value.decode("utf-8", "replace"))
    theirs = _write_off(held, before, clears=understood.plan.flush is not None)
    after = held.get(store.name)
    if after is not None and fires(after):
        raise Unavailable(f"{store} still holds {shown(after.value, secret=after.secret)}.")
    done = f"{store} was armed with {shown(before.value, secret=before.secret)}, and is off, read back."
    done += _of_containers(aws, environment, understood)
    stands = after.value if after else None
    return (
        f"{done} What somebody else wrote meanwhile stands: {shown(stands, secret=before.secret)}."
        if theirs
        else done
    )


def _of_containers(aws: Aws, environment: Environment, understood: Understanding) -> str:
    if understood.plan.recycle:
        return f" {recycled(aws, environment, understood.functions)}"
    return f" {CLEARING}" if understood.plan.flush else ""


def _write_off(held: Parameters, standing: Parameter, *, clears: bool) -> bool:
    """Whether somebody else wrote meanwhile."""
    written_off = cleared if clears else switched_off
    seen, theirs = standing.version, False
    for _ in range(putback.ROUNDS):
        is_armed = fires(standing)
        off = written_off(standing.value.decode("utf-8", "replace")).encode() if is_armed else standing.value
        written = held.put(
            standing.name, off, kind=standing.type, tier=standing.tier, data_type=standing.data_type,
            key_id=standing.key_id, hosted=None if is_armed else standing.hosted,
        )  # fmt: skip
        if putback.was_deleted(seen, written):
            held.delete(standing.name)
            return True
        between = putback.between(held, standing.name, seen, written)
        if not between:
            return theirs
        seen, standing, theirs = written, between[-1], True
    raise Unavailable(f"{standing.name} is written again as soon as it is switched off.")


def fires(held: Parameter) -> bool:
    """Whether it holds a fault of any dialect."""
    return any_armed(held.value.decode("utf-8", "replace"))


def _readers(aws: Aws, store: Store) -> tuple[str, ...]:
    try:
        return tuple(function.name for function in readers_of(aws, store))
    except GamedayError:
        return ()
