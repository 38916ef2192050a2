"""`gameday guardian`: the guardian by itself. `gameday disarm`: every fault off, with or without a database."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from app.aws import Aws
from app.cli.beside import tell
from app.cli.notifying import carried
from app.cli.rooms import faults_of
from app.clock import SystemClock
from app.errors import GamedayError, Invalid
from app.faults import Entry, Faults, Guardian, Store
from app.faults.guardian import TICK
from app.faults.scan import armed, known, named, switch_off
from app.settings import Environment, Settings, load, person

LOGGER = logging.getLogger(__name__)
STILL_ARMED = 1  # exit code
NOT_KNOWN = "NOT KNOWN TO BE OFF"
WHAT_FUNCTIONS_READ = "what functions of {} read"


def guard(folder: Path, *, once: bool) -> int:
    """Disarm what is due, for ever; Ctrl-C ends it. It touches nothing that is alive and within its deadline."""
    with faults_of(folder) as (settings, faults), carried(settings, faults.ledger.storage):
        guardian = Guardian(faults=faults, clock=SystemClock())
        told = "looks once into {}." if once else "watches {}. Ctrl-C ends it."
        click.echo(f"The guardian {told.format(settings.data)}")
        _tell_strays(settings, faults)
        stopping = threading.Event()
        while True:
            _step(guardian, faults)
            if once:
                return _after_one_look(settings, faults)
            if stopping.wait(TICK):
                return _armed(faults.active())


def _after_one_look(settings: Settings, faults: Faults) -> int:
    """Whoever looks once and is told 0 relies on it: not to know is not "nothing is armed"."""
    aws = Aws(settings.environments)
    unknown = [name for name, place in settings.environments.items() if not _can_be_listed(aws, place)]
    for name in unknown:
        LOGGER.error("%s: %s.", NOT_KNOWN, WHAT_FUNCTIONS_READ.format(name))
    return STILL_ARMED if unknown else _armed(faults.active())


def _can_be_listed(aws: Aws, environment: Environment) -> bool:
    """The scan has said why not."""
    try:
        known(aws, environment)
    except GamedayError:
        return False
    return True


def _tell_strays(settings: Settings, faults: Faults) -> None:
    """Armed values that the ledger does not hold: nobody's to disarm unasked."""
    for name in settings.environments:
        for stray in faults.scan(name):
            LOGGER.warning(
                "ARMED, and not in the ledger: %s in %s: %s. gameday disarm %s switches it off.",
                stray.store, name, stray.sentence, stray.store,
            )  # fmt: skip


def _step(guardian: Guardian, faults: Faults) -> None:
    due = [entry.id for entry in faults.ledger.due(SystemClock().now()) if entry.active]
    try:
        guardian.step()
    except Exception:  # the one loop that must never end: the next step tries again
        LOGGER.exception("The guardian's step failed, and it goes on")
        return
    for entry_id in due:
        entry = faults.entry(entry_id)
        click.echo(f"{entry.store} in {entry.environment}: {entry.state}. {entry.outcome or ''}".rstrip())


def disarm(folder: Path, *, stores: Sequence[str], everything: bool, environment: str | None) -> int:
    """The ledger's faults first, then whatever else the environments' stores hold. Without a database, that alone."""
    if not stores and not everything:
        raise Invalid("Name the stores to be disarmed, or say --all.")
    tell(folder, "its faults are disarmed by gameday stop-all --server {}")
    settings = load(folder)
    places = [settings.environment(environment).name] if environment else list(settings.environments)
    left = [] if stores else _of_ledger(folder, places)
    on, unknown = _of_stores(settings, places, stores)
    return _told([*left, *on], unknown)


def _of_ledger(folder: Path, places: Sequence[str]) -> list[str]:
    """What could not be disarmed. A database that can not be opened is said, and keeps nothing armed."""
    try:
        with faults_of(folder) as (_, faults):
            entries = [entry for name in places for entry in faults.active(name)]
            over = faults.disarm_each(entries, by=person(), why="gameday disarm was called")
    except (SQLAlchemyError, OSError) as error:
        reason = str(error).splitlines()[0]
        click.echo(
            f"The database can not be used ({reason}). The stores themselves are looked into. Settings of AWS that runs "
            "have changed are not known without it: the locks under /gameday/ in Parameter Store name them.",
            err=True,
        )
        return []
    for entry in over:
        click.echo(f"{entry.store} in {entry.environment}: {entry.outcome}")
    return [str(entry.store) for entry in over if entry.may_fire]


def _of_stores(
    settings: Settings, places: Sequence[str], stores: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Those that hold a fault and could not be switched off, and those of which nobody knows."""
    aws = Aws(settings.environments)
    on: list[str] = []
    nobody_knows: list[str] = []
    for name in places:
        wanted = [Store.parse(text, name) for text in stores]
        if not wanted:
            wanted, unknown = _known(aws, settings.environments[name])
            nobody_knows += unknown
        for store in wanted:
            try:
                done = switch_off(aws, store, settings.environments[name])
            except GamedayError as error:
                click.echo(f"{store} in {name} could not be switched off: {error}", err=True)
                (on if armed(aws, store) else nobody_knows).append(f"{store} in {name}")
                continue
            click.echo(done or f"{store} in {name} is off.")
    return on, nobody_knows


def _known(aws: Aws, environment: Environment) -> tuple[list[Store], list[str]]:
    """The environment's stores, and what stands for those that nobody can name now: they may be armed."""
    try:
        return known(aws, environment), []
    except GamedayError as error:
        click.echo(f"The functions of {environment.name} could not be listed: {error}", err=True)
        return named(environment), [WHAT_FUNCTIONS_READ.format(environment.name)]


def _told(left: Sequence[str], unknown: Sequence[str]) -> int:
    if left:
        click.echo(f"STILL ARMED: {', '.join(left)}.", err=True)
    if unknown:
        click.echo(f"{NOT_KNOWN}: {'; '.join(unknown)}.", err=True)
    if left or unknown:
        return STILL_ARMED
    click.echo("Nothing is armed.")
    return 0


def _armed(entries: Sequence[Entry]) -> int:
    return STILL_ARMED if any(entry.may_fire for entry in entries) else 0
