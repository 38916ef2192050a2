"""The texts of messages: the console's own, one file a kind, or a channel's file in the working folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.notifications.message import split
from app.notifications.notice import Kind
from app.settings import Channel
from app.shipped import shipped

OWN = "messages"  # below templates/notifications


class Texts:
    """Threads share it. Plain text: nothing is escaped here, since each receiver escapes for itself."""

    def __init__(self, folder: Path) -> None:
        places = [shipped("templates") / "notifications", folder]
        self._jinja = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(places), autoescape=False, undefined=StrictUndefined,
            trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip

    def text(self, kind: Kind, channel: Channel, words: Mapping[str, Any]) -> tuple[str, str, str]:
        """Title, body, and what is wrong with the channel's own template: then the console's own stands in."""
        own = f"{OWN}/{str(kind).replace(' ', '_')}.txt"
        if channel.template:
            try:
                return (*split(self._jinja.get_template(channel.template).render(words)), "")
            except (TemplateError, OSError, UnicodeDecodeError, TypeError, ValueError) as error:
                wrong = f"The console's own text was sent. {self._wrong(channel, error)}"
                return (*split(self._jinja.get_template(own).render(words)), wrong)
        return (*split(self._jinja.get_template(own).render(words)), "")

    def wrong(self, channel: Channel) -> str:
        """What is wrong with a channel's template, as far as it can be seen without a notice; empty: nothing."""
        if not channel.template:
            return ""
        try:
            self._jinja.get_template(channel.template)
        except (TemplateError, OSError, UnicodeDecodeError) as error:
            return self._wrong(channel, error)
        return ""

    def _wrong(self, channel: Channel, error: Exception) -> str:
        at = getattr(error, "lineno", None)
        line = f", line {at}" if at else ""
        reason = (
            "is not there"
            if type(error).__name__ == "TemplateNotFound"
            else f"{type(error).__name__}: {error}"
        )
        return f"The template {channel.template}{line} can not be used: {reason}."
