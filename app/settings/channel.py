"""Where people are told things, as gameday.toml names it. Its secrets stay out of every text that is made of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

KINDS = (
    "arming", "armed", "extended", "disarmed", "clean", "stuck", "verdict", "lever", "schedule refused",
)  # fmt: skip
NO_CHANNELS = "There are no channels yet: add one, [channels.ops]"


def unknown(names: Iterable[str], known: Collection[str]) -> str:
    """What is wrong with the first name that is no channel's, and what there is; empty where nothing is."""
    there = (
        f"There are: {', '.join(known)}"
        if known
        else f"{NO_CHANNELS} in gameday.toml, which gameday serve reads"
    )
    return next((f"There is no channel “{name}”. {there}." for name in names if name not in known), "")


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One of `url`, `url_env`, `url_file` for apprise; or `webhook` with the secret that signs it."""

    name: str
    url: str = field(default="", repr=False)  # apprise's: it holds secrets
    url_env: str = ""  # the variable that holds it
    url_file: str = ""  # the file that holds it, relative to the working folder
    webhook: str = field(default="", repr=False)  # our own, signed
    secret_env: str = ""
    secret_file: str = ""
    kinds: tuple[str, ...] = KINDS
    template: str = ""  # a file that stands for the console's own, relative to the working folder

    @property
    def shown(self) -> str:
        """Where it goes, without a secret: `slack://…`."""
        if self.url_env or self.url_file:
            return f"apprise, from {self.url_env or self.url_file}"
        scheme = (self.webhook or self.url).partition("://")[0]
        host = urlsplit(self.webhook).hostname
        return f"{scheme}://{f'{host}/' if host else ''}…"
