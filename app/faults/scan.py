"""Faults that nobody's ledger holds: armed by hand, by another tool, or by a console whose database is gone."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from app.aws import Aws
from app.dialects import Fault, any_armed, read_as, recognise, sentence, switched_off
from app.errors import GamedayError, Unavailable
from app.faults.entry import Store
from app.faults.ledger import Ledger
from app.faults.plan import shown
from app.faults.understanding import readers_of
from app.settings import Environment

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Stray:
    """An armed value that no ledger entry explains."""

    store: Store
    value: bytes
    dialect: str | None
    fault: Fault | None  # None: armed in a shape whose effect is not known
    functions: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        return sentence(self.fault, self.functions) if self.fault else f"it holds {shown(self.value)}"


def strays(aws: Aws, environment: Environment, ledger: Ledger) -> tuple[Stray, ...]:
    """What is armed in the environment's known stores and not in the ledger. A store that can not be read is left out."""
    mine = {str(entry.store) for entry in ledger.active(environment.name)}
    mine |= {str(entry.store) for entry in ledger.undecided(environment.name)}  # told of as drift already
    try:
        looked_into = known(aws, environment)
    except GamedayError as error:
        log.warning("The functions of %s could not be listed: %s", environment.name, error)
        looked_into = named(environment)
    stores = {str(store): store for store in (*looked_into, *ledger.stores(environment.name))}
    return tuple(stray for name, store in stores.items() if name not in mine and (stray := armed(aws, store)))


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
    text = held.value.decode("utf-8", "replace") if held else ""
    if held is None or not any_armed(text):
        return None
    dialect = recognise(text)
    fault = read_as(dialect, text) if dialect else None
    return Stray(store=store, value=held.value, dialect=dialect, fault=fault, functions=_readers(aws, store))


def switch_off(aws: Aws, store: Store) -> str | None:
    """Write the store's own value with every fault in it off, whoever armed it. What was done; None: nothing to do.

    Unavailable where AWS does not do it, or where the store still holds a fault afterwards.
    """
    held = aws.stores(store.environment, store.kind)
    before = held.describe(store.name)
    text = before.value.decode("utf-8", "replace") if before else ""
    if before is None or not any_armed(text):
        return None
    held.put(
        store.name,
        switched_off(text).encode(),
        kind=before.type,
        tier=before.tier,
        data_type=before.data_type,
        key_id=before.key_id,
    )
    after = held.get(store.name)
    if after is not None and any_armed(after.value.decode("utf-8", "replace")):
        raise Unavailable(f"{store} still holds {shown(after.value)}.")
    return f"{store} was armed with {shown(before.value)}, and is off, read back."


def _readers(aws: Aws, store: Store) -> tuple[str, ...]:
    try:
        return tuple(function.name for function in readers_of(aws, store))
    except GamedayError:
        return ()
