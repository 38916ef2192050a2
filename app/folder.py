"""A working folder has one console, or one run without a console, at a time."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from app.errors import SettingsError
from app.settings import Settings


class FolderInUse(SettingsError):  # noqa: N818  it reads as a sentence
    """`holder`: what it said of itself, the address of a console; empty where it is not known."""

    def __init__(self, folder: Path, holder: str) -> None:
        known = f": {holder}" if holder else ""
        super().__init__(
            f"Another console is running in {folder}{known}. End it first, or start this one in another folder."
        )
        self.holder = holder

    @property
    def address(self) -> str:
        """Where it can be spoken to; empty where it is no console."""
        return self.holder if self.holder.startswith("http") else ""


@contextlib.contextmanager
def only_console(settings: Settings, *, told: str = "") -> Iterator[TextIO]:
    """Hold the folder's lock: start-up repairs would end the runs of another console in the same folder.

    `told` is what others read there of who holds it.
    """
    with (settings.data / "console.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            raise FolderInUse(settings.folder, lock.read().strip()) from error
        lock.truncate(0)
        lock.write(told)
        lock.flush()
        yield lock
