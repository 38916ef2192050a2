"""Notifications as other rooms see them: who is told what, what became of it, and links that end something."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.clock import Clock
from app.errors import NotFound
from app.notifications import store
from app.notifications.delivery import Delivery, DeliveryState
from app.notifications.message import Message, Place, payload, stop_link, words
from app.notifications.notice import Kind, Notice
from app.notifications.post import send
from app.notifications.stop_links import StopLink, StopLinks, key_of
from app.notifications.target import NotSent, target_of
from app.notifications.templates import Texts
from app.settings import KINDS, Channel, Settings
from app.settings.channel import unknown
from app.storage import Storage

LATER_TEST = "A later test took its place."


@dataclass(frozen=True, kw_only=True)
class ChannelState:
    """A channel as it may be shown: without a secret."""

    name: str
    shown: str  # `slack://…`
    kinds: tuple[str, ...]
    environments: tuple[str, ...]  # that tell it
    trouble: str  # why nothing can be sent, a sentence; empty: it can
    pending: int
    failing: int  # of those: tried in vain, and to be tried again
    sent: int
    given_up: int

    @property
    def all_kinds(self) -> bool:
        return self.kinds == KINDS


class Notifications:
    """Threads share it. `place` asks AWS where an environment is, and may take its time."""

    def __init__(
        self,
        *,
        storage: Storage,
        settings: Settings,
        clock: Clock,
        place: Callable[[str], Any],
        post: Callable[..., None] = send,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.storage = storage
        self.clock = clock
        self._settings = settings
        self._place = place
        self._post = post
        self._environ = environ
        self._texts = Texts(settings.folder)
        self._links: StopLinks | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._settings.channels)

    def channels(self) -> list[ChannelState]:
        with self.storage.reading() as session:
            counted, failing = store.counted(session), store.failing(session)
        return [
            self._state(channel, counted, failing.get(channel.name, 0))
            for channel in self._settings.channels.values()
        ]

    def deliveries(
        self,
        limit: int = 50,
        *,
        channel: str | None = None,
        state: DeliveryState | None = None,
        kind: Kind | None = None,
        before: int | None = None,
    ) -> list[Delivery]:
        """The newest first, those with a smaller id than `before`."""
        with self.storage.reading() as session:
            return store.latest(session, limit=limit, channel=channel, state=state, kind=kind, before=before)

    def test(self, channel: str, *, by: str) -> int:
        """Send a real notice to one channel, by the outbox like any other; earlier tests of it are tried no more.

        Its id; NotFound where there is no such channel.
        """
        self._channel(channel)
        notice = Notice(
            kind=Kind.TEST, environment=self._settings.default_environment, subject="test", at=self.clock.now(),
            data={"by": by}, channels=(channel,),
        )  # fmt: skip
        with self.storage.writing() as session:
            store.give_up_tests(session, channel, LATER_TEST)
            return store.enqueue(session, notice)

    def stopping(self, token: str) -> StopLink:
        """What a link may end. NotFound for what this console did not sign, Expired for what is too old."""
        return self._stop_links.read(token, self.clock.now())

    def receivers(self, notice: Notice) -> Sequence[str]:
        """Names of the channels that are to hear of it."""
        channels, besides = self._settings.channels, notice.channels or ()
        if notice.kind is Kind.TEST:
            return [name for name in channels if name in besides]
        environment = self._settings.environments.get(notice.environment)
        own = environment.tell if environment else None
        return [
            channel.name
            for channel in channels.values()
            if (own is None or channel.name in (*own, *besides)) and notice.kind in channel.kinds
        ]

    def send(self, delivery: Delivery) -> str:
        """Deliver it now; what is wrong with the channel's template, or nothing. NotSent, without a secret, where it did not arrive."""
        channel = self._channel(delivery.channel)
        target = target_of(channel, self._settings.folder, self._environ)
        message, wrong, token = self._message(delivery, channel)
        try:
            self._post(target, message, now=self.clock.now())
        except Exception as error:  # noqa: BLE001  whatever a receiver's library raises, its text may hold secrets
            told = str(error) if isinstance(error, NotSent) else f"{type(error).__name__}: {error}"
            raise NotSent(target.redacted(told, token)) from None
        return target.redacted(wrong, token)

    def _message(self, delivery: Delivery, channel: Channel) -> tuple[Message, str, str]:
        """With what is wrong with the channel's template, and the secret in its stop link."""
        notice, number, address = delivery.notice, delivery.notice_id, self._settings.address
        link = stop_link(notice, channel.name)
        token = self._stop_links.token(link) if link else ""
        facts: dict[str, Any] = {
            "number": number, "places": self._places(notice.environment), "address": address,
            "stop": f"{address}/stop?token={token}" if token else "", "until": link.until if link else None,
        }  # fmt: skip
        title, body, wrong = self._texts.text(notice.kind, channel, words(notice, **facts))
        told = payload(notice, title=title, **facts)
        return Message(key=delivery.key, title=title, body=body, payload=told, at=notice.at), wrong, token

    def _places(self, environment: str) -> dict[str, Place]:
        """Of one environment, or of all where none is named."""
        known = self._settings.environments
        return {name: self._where(name) for name in known if environment in ("", name)}

    def _where(self, environment: str) -> Place:
        found = self._place(environment)
        return Place(account=found.account, alias=found.alias, region=found.region)

    def _channel(self, name: str) -> Channel:
        if wrong := unknown([name], self._settings.channels):
            raise NotFound(wrong)
        return self._settings.channels[name]

    def _state(self, channel: Channel, counted: Mapping[tuple[str, str], int], failing: int) -> ChannelState:
        shown, trouble = usable(channel, self._settings.folder, self._environ, self._texts)
        count = {state: counted.get((channel.name, state.value), 0) for state in DeliveryState}
        return ChannelState(
            name=channel.name, shown=shown, kinds=channel.kinds, trouble=trouble,
            environments=tuple(e.name for e in self._settings.environments.values() if e.tell is None or channel.name in e.tell),
            pending=count[DeliveryState.PENDING] + count[DeliveryState.SENDING], sent=count[DeliveryState.SENT],
            failing=failing, given_up=count[DeliveryState.GIVEN_UP],
        )  # fmt: skip

    @property
    def _stop_links(self) -> StopLinks:
        if self._links is None:
            self._links = StopLinks(key_of(self._settings.data))
        return self._links


def usable(channel: Channel, folder: Path, environ: Mapping[str, str], texts: Texts) -> tuple[str, str]:
    """A channel without its secret, and why nothing can be sent to it, a sentence; empty where it can."""
    try:
        target = target_of(channel, folder, environ)
    except NotSent as error:
        return channel.shown, str(error)
    return target.shown, texts.wrong(channel)
