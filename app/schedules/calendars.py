"""Freeze calendars from files and addresses: fetched, kept on disk, read again; and what to do when one can not be."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from app import regular
from app.clock import Clock
from app.schedules.fetching import LARGEST, PATIENCE, fetched, is_address, shown
from app.schedules.ical import Freeze, freezes
from app.schedules.unreadable import UnreadableError
from app.settings import Environment

WAITS = PATIENCE + 2  # seconds for somebody else who reads the same calendar
FRESH = timedelta(hours=1)  # after which a calendar is read again
USABLE = timedelta(days=1)  # how old a copy may be while its address does not answer
AGAIN = timedelta(minutes=1)  # after a failure
INSTANT = timedelta(microseconds=1)
NO_STAMP = (0, 0)
NOT_YET = "it was not read yet"
LOGGER = logging.getLogger(__name__)

Fetch = Callable[[str], bytes]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A calendar as it was last read. `trouble`: why it could not be read again; empty where it could."""

    freezes: tuple[Freeze, ...] = ()
    read_at: datetime | None = None
    tried_at: datetime
    trouble: str = ""
    stamp: tuple[int, int] = NO_STAMP  # of a file: when it was changed, and its size


class Calendars:
    """Threads share it. Only what arms, and `refresh`, asks an address; a page uses what was read, and says how old it is."""

    def __init__(
        self,
        environments: Mapping[str, Environment],
        *,
        folder: Path,
        cache: Path,
        clock: Clock,
        fetch: Fetch | None = None,
    ) -> None:
        self._environments = environments
        self._folder = folder
        self._cache = cache
        self._clock = clock
        self._fetch = fetch or fetched
        self._kept: dict[tuple[str, str], Kept] = {}
        self._behind: threading.Thread | None = None
        self._reading: dict[str, threading.Lock] = {}  # one at a time reads a calendar

    def blackout(self, environment: Environment, at: datetime) -> str:
        """What forbids arming there and then, as a sentence; empty where nothing does.

        A calendar that can not be read, and of which there is no copy of the last day, forbids it, too.
        """
        if window := environment.blackout_at(at):
            return window
        now = self._clock.now()
        for name in environment.freeze_calendars:
            kept = self._of(environment, name, now)
            if sentence := _unusable(name, kept, now) or _frozen(environment, kept.freezes, at):
                return sentence
        return ""

    def freezes(self, environment: Environment, begin: datetime, end: datetime) -> list[Freeze]:
        """Blackouts and freezes that touch the time from `begin` to `end`."""
        known = [Freeze(begin=a, end=b, summary="blackout") for a, b in environment.blackouts]
        for name in environment.freeze_calendars:
            known += self._seen(environment, name, self._clock.now()).freezes
        return sorted(
            (one for one in known if one.begin < end and begin < one.end), key=lambda one: one.begin
        )

    def planned(self, environment: Environment, at: datetime) -> str:
        """What will forbid arming then, as far as is known now; empty where nothing does."""
        window = next((one for one in self.freezes(environment, at, at + INSTANT)), None)
        return f"in a {window.summary or 'change freeze'}" if window else ""

    def troubles(self, environment: Environment) -> list[str]:
        """A sentence for each calendar that can not be read as it stands now, or was not lately."""
        now = self._clock.now()
        told = (_told(name, self._seen(environment, name, now), now) for name in environment.freeze_calendars)
        return [sentence for sentence in told if sentence]

    def refresh_behind(self) -> None:
        """`refresh` in a thread that nobody waits for, not even a console that ends; one at a time."""
        if self._behind is None or not self._behind.is_alive():
            self._behind = threading.Thread(target=self.refresh, name="calendars", daemon=True)
            self._behind.start()

    def refresh(self) -> None:
        """Read what is no longer fresh. Slow where an address is: call it from a thread of its own."""
        now = self._clock.now()
        for environment in self._environments.values():
            for name in environment.freeze_calendars:
                kept = self._of(environment, name, now)
                if now - kept.tried_at >= (AGAIN if kept.trouble else FRESH):
                    self._read(environment, name, now, kept)

    def _seen(self, environment: Environment, name: str, now: datetime) -> Kept:
        """For a page: what is known of an address without asking it."""
        if not is_address(name):
            return self._of(environment, name, now)
        return self._known(environment, name, now) or Kept(tried_at=now, trouble=NOT_YET)

    def _known(self, environment: Environment, name: str, now: datetime) -> Kept | None:
        kept = self._kept.get((environment.name, name))
        if kept is None and (kept := self._from_disk(environment, name, now)) is not None:
            kept = self._kept.setdefault((environment.name, name), kept)
        return kept

    def _of(self, environment: Environment, name: str, now: datetime) -> Kept:
        kept = self._known(environment, name, now)
        if kept is None:
            return self._read(environment, name, now, kept)
        if is_address(name):
            wanted = bool(_unusable(name, kept, now)) and now - kept.tried_at >= AGAIN
        else:
            wanted = kept.stamp != self._stamp(name) or now - kept.tried_at >= FRESH
        return self._read(environment, name, now, kept) if wanted else kept

    def _read(self, environment: Environment, name: str, now: datetime, before: Kept | None) -> Kept:
        """`before`: what its caller saw. Where somebody else read it meanwhile, that is good for both."""
        lock = self._reading.setdefault(name, threading.Lock())
        if not lock.acquire(timeout=WAITS):
            return replace(before or Kept(tried_at=now), trouble="it is being read, and that takes long")
        try:
            kept = self._kept.get((environment.name, name))
            if kept is not None and kept is not before and kept.stamp == self._stamp(name):
                return kept
            read = self._again(environment, name, now, kept)
            self._kept[(environment.name, name)] = read
            return read
        finally:
            lock.release()

    def _stamp(self, name: str) -> tuple[int, int]:
        """Of a file, so that a change is seen at once."""
        if is_address(name):
            return NO_STAMP
        try:
            status = (self._folder / name).stat()
        except OSError:
            return NO_STAMP
        return status.st_mtime_ns, status.st_size

    def _again(self, environment: Environment, name: str, now: datetime, before: Kept | None) -> Kept:
        stamp = self._stamp(name)
        try:
            text = self._fetch(name) if is_address(name) else _file(self._folder / name)
            found = freezes(text, now, ZoneInfo(environment.time_zone))
        except (UnreadableError, OSError) as error:
            LOGGER.warning(
                "The freeze calendar %s of %s can not be read: %s", shown(name), environment.name, _why(error)
            )
            # An older copy of a file that somebody has just edited says nothing of what they meant.
            last = before if before is not None and is_address(name) else Kept(tried_at=now)
            return Kept(
                freezes=last.freezes, read_at=last.read_at, tried_at=now, trouble=_why(error), stamp=stamp
            )
        if is_address(name):
            self._keep(name, text)
        return Kept(freezes=found, read_at=now, tried_at=now, stamp=stamp)

    def _from_disk(self, environment: Environment, name: str, now: datetime) -> Kept | None:
        """The copy that an earlier console kept."""
        path = self._copy(name)
        if not is_address(name):
            return None
        with contextlib.suppress(OSError, UnreadableError):
            read_at = datetime.fromtimestamp(path.stat().st_mtime, tz=now.tzinfo)
            found = freezes(regular.read(path, most=LARGEST), now, ZoneInfo(environment.time_zone))
            return Kept(freezes=found, read_at=read_at, tried_at=read_at)
        return None

    def _keep(self, name: str, text: bytes) -> None:
        path = self._copy(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            half = path.with_suffix(f".{os.getpid()}")
            half.write_bytes(text)
            half.replace(path)
            at = self._clock.now().timestamp()
            os.utime(path, (at, at))
        except OSError as error:  # what was read is good all the same
            LOGGER.warning("The freeze calendar %s can not be kept: %s", shown(name), error)

    def _copy(self, name: str) -> Path:
        return self._cache / f"{hashlib.sha256(name.encode()).hexdigest()[:20]}.ics"


def _file(path: Path) -> bytes:
    try:
        return regular.read(path.resolve(), most=LARGEST)
    except regular.TooLargeError as error:
        raise UnreadableError(f"it is larger than {LARGEST // 1024} KiB") from error


def _frozen(environment: Environment, known: tuple[Freeze, ...], now: datetime) -> str:
    freeze = next((one for one in known if one.begin <= now < one.end), None)
    if freeze is None:
        return ""
    why = f" ({freeze.summary})" if freeze.summary else ""
    return f"{environment.name} is in a change freeze{why} until {freeze.end:%Y-%m-%d %H:%M} UTC."


def _unusable(name: str, kept: Kept, now: datetime) -> str:
    if kept.trouble and (kept.read_at is None or now - kept.read_at > USABLE):
        since = f" since {kept.read_at:%Y-%m-%d %H:%M} UTC" if kept.read_at else ""
        return (
            f"The freeze calendar {shown(name)} can not be read{since}: {kept.trouble}. Whether this is a change freeze is "
            "not known, so nothing starts until it can be read, or is taken out of gameday.toml."
        )
    return ""


def _told(name: str, kept: Kept, now: datetime) -> str:
    if kept.trouble == NOT_YET:
        return f"The freeze calendar {shown(name)} was not read yet: its freezes are not shown. Nothing starts before it is read."
    if kept.trouble:
        return _unusable(name, kept, now) or _stale(name, kept)
    if kept.read_at is not None and now - kept.read_at > FRESH + AGAIN + AGAIN:
        return (
            f"The freeze calendar {shown(name)} is shown as it was read on {kept.read_at:%Y-%m-%d %H:%M} UTC."
        )
    return ""


def _stale(name: str, kept: Kept) -> str:
    return (
        f"The freeze calendar {shown(name)} can not be read now: {kept.trouble}. "
        f"Its copy of {kept.read_at:%Y-%m-%d %H:%M} UTC holds for a day."
    )


def _why(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    return str(error) if isinstance(error, UnreadableError) else type(error).__name__
