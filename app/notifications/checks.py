"""What can be known to be wrong with channels before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from app.errors import Problem
from app.notifications.post import instantiate
from app.notifications.templates import Texts
from app.settings import FILE, Channel, Settings
from app.settings.lines import mistake

NOT_TAKEN = "apprise takes no such address: {}. Its page on the service says how one is written."


def channel_problems(settings: Settings) -> tuple[Problem, ...]:
    """With lines of gameday.toml. A secret that is missing now may come: the page shows that, and it is tried again."""
    text = ""
    with suppress(OSError):
        text = (settings.folder / FILE).read_text(encoding="utf-8")
    texts = Texts(settings.folder)
    return tuple(
        mistake(text, key, f"channels.{channel.name}.{key}", message, after=f"[channels.{channel.name}]")
        for channel in settings.channels.values()
        for key, message in _of(channel, texts)
    )


def _of(channel: Channel, texts: Texts) -> Iterator[tuple[str, str]]:
    if channel.url and instantiate(channel.url) is None:
        yield "url", NOT_TAKEN.format(channel.shown)
    if wrong := texts.wrong(channel):
        yield "template", wrong
