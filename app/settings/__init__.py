"""What the console is told before it starts: folders, addresses, environments."""

from app.settings.channel import KINDS, Channel
from app.settings.gameday_toml import load
from app.settings.lines import FILE
from app.settings.settings import (
    LOOPBACK,
    SET_PUBLIC_URL,
    Environment,
    Settings,
    is_loopback,
    named,
    person,
)

__all__ = [
    "FILE",
    "KINDS",
    "LOOPBACK",
    "SET_PUBLIC_URL",
    "Channel",
    "Environment",
    "Settings",
    "is_loopback",
    "load",
    "named",
    "person",
]
