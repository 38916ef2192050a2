"""`gameday notify`, and the sender of commands that do without a console."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from app.aws import Aws
from app.clock import SystemClock
from app.errors import Invalid
from app.notifications import Delivery, DeliveryState, Notifications, Sender
from app.settings import Settings, load, person
from app.storage import Storage
from app.storage.engine import opened

NOT_TAKEN = 1  # exit code


def notifications(settings: Settings, storage: Storage) -> Notifications:
    place = Aws(settings.environments).identity
    return Notifications(storage=storage, settings=settings, clock=SystemClock(), place=place)


@contextmanager
def carried(settings: Settings, storage: Storage) -> Iterator[None]:
    """Notices are sent meanwhile. A console in the same folder may do so, too: each is taken by one of them."""
    sender = Sender(notifications(settings, storage))
    sender.start(recover=False)  # what a console has in hand is not lost
    try:
        yield
    finally:
        sender.stop()


def test(folder: Path, channel: str | None) -> int:
    settings = load(folder)
    if not settings.channels:
        raise Invalid("gameday.toml names no channel. Add one: [channels.ops] with url_env.")
    storage = opened(settings)
    try:
        room = notifications(settings, storage)
        sender = Sender(room)
        asked = {name: room.test(name, by=person()) for name in ([channel] if channel else room.names)}
        sender.route()
        return max(_told(_sent(room, sender, name, notice)) for name, notice in asked.items())
    finally:
        storage.close()


def _sent(room: Notifications, sender: Sender, channel: str, notice: int) -> Delivery | None:
    """What became of it, once it was tried: what waited longer goes first. None: a console has it in hand."""
    while True:
        found = next(one for one in room.deliveries(500, channel=channel) if one.notice_id == notice)
        if found.attempts and found.state is not DeliveryState.SENDING:
            return found
        if not sender.step(channel):
            return None


def _told(delivery: Delivery | None) -> int:
    if delivery is None:
        click.echo("A running console is sending it: see its page /notifications.")
        return 0
    if delivery.state is DeliveryState.SENT:
        click.echo(f"{delivery.channel}: sent. {delivery.last_error or ''}".rstrip())
        return 0
    click.echo(
        f"{delivery.channel}: not sent, and tried again by the console. {delivery.last_error}", err=True
    )
    return NOT_TAKEN
