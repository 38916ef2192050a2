"""An outbox on real SQLite, with receivers that are real servers and time that stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.clock import FrozenClock
from app.notifications import Delivery, Kind, Notice, Notifications, Sender, enqueue
from app.notifications.post import send
from app.settings import Channel, Environment, Settings
from app.storage import Storage
from app.storage.engine import sqlite_url
from tests.receivers import MailReceiver, WebReceiver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
IDENTITY = SimpleNamespace(account="123456789012", alias="payments", region="eu-central-1")


@dataclass
class Office:
    """Notifications and who carries them; `post` stands in for the network where a case says so."""

    folder: Path
    storage: Storage
    clock: FrozenClock
    channels: dict[str, Channel] = field(default_factory=dict)
    environments: dict[str, Environment] = field(default_factory=lambda: {"prod": Environment(name="prod")})
    environ: dict[str, str] = field(default_factory=lambda: {"HOOK_SECRET": SECRET})
    post: Callable[..., None] = send

    def channel(self, name: str, **words: Any) -> None:
        self.channels[name] = Channel(name=name, **words)

    def hook(self, name: str, receiver: WebReceiver, **words: Any) -> None:
        self.channel(name, webhook=receiver.url, secret_env="HOOK_SECRET", **words)

    @property
    def room(self) -> Notifications:
        settings = Settings(
            folder=self.folder, environments=self.environments, default_environment="prod", channels=self.channels,
            public_url="https://gameday.example",
        )  # fmt: skip
        return Notifications(
            storage=self.storage, settings=settings, clock=self.clock, place=lambda _: IDENTITY, post=self.post,
            environ=self.environ,
        )  # fmt: skip

    @property
    def sender(self) -> Sender:
        return Sender(self.room, dice=lambda: 1.0)

    def tell(self, kind: Kind = Kind.ARMED, subject: str = "fault:3", **words: Any) -> int:
        given = {"environment": "prod", "at": self.clock.now(), **words}
        with self.storage.writing() as session:
            return enqueue(session, Notice(kind=kind, subject=subject, **given))

    def carry(self) -> None:
        """Everything that is due now, once."""
        sender = self.sender
        sender.route()
        for channel in sender.due():
            while sender.step(channel):
                pass

    @property
    def deliveries(self) -> list[Delivery]:
        return list(reversed(self.room.deliveries(500)))


@pytest.fixture
def office(tmp_path: Path, clock: FrozenClock) -> Iterator[Office]:
    storage = Storage(sqlite_url(tmp_path / "outbox.sqlite"))
    storage.migrate()
    yield Office(folder=tmp_path, storage=storage, clock=clock)
    storage.close()


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    receiver = WebReceiver().start()
    yield receiver
    receiver.hold.set()
    receiver.kill()


@pytest.fixture
def mail() -> Iterator[MailReceiver]:
    receiver = MailReceiver().start()
    yield receiver
    receiver.kill()
