"""What the console is told before it starts: folders, addresses, environments."""

from __future__ import annotations

import getpass
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from app.errors import NotFound
from app.settings.channel import Channel


@dataclass(frozen=True, kw_only=True)
class Environment:
    """A named place to run experiments in: AWS access, variables and policy."""

    name: str
    region: str | None = None
    profile: str | None = None
    role_arn: str | None = None  # assumed before every use
    endpoint_url: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)  # given to runs, S3_BUCKET_NAME for example
    longest_lease: timedelta = timedelta(hours=1)
    dialects: Mapping[str, str] = field(default_factory=dict)  # store or function name → dialect, if declared
    stores: tuple[str, ...] = ()  # besides those that functions name, to be looked into for stray faults
    recycle: bool = False  # whether containers may be replaced, where a fault outlives its switch in them
    dead_mans_switch_role: str | None = None  # that EventBridge Scheduler assumes to write the safe value
    probe_by_writing: bool = False  # whether preflight may write a value over itself to see that it may
    metric_filters: bool = False  # whether proof counts by metric filters, for functions that log much
    speed: int = 1  # the sandbox's compression of time; 1 elsewhere
    poll_seconds: float = 60.0  # between two samples: AWS's own metrics have one a minute, and bill each
    blackouts: tuple[tuple[datetime, datetime], ...] = ()  # in which nothing is armed
    tell: tuple[str, ...] | None = None  # channels that hear of it; None: all of them
    monthly_cap: float | None = None  # US dollars that asking CloudWatch may cost in a month; None: no cap
    prices: Mapping[str, float] = field(
        default_factory=dict
    )  # of CloudWatch, where they differ from the list
    freeze_calendars: tuple[str, ...] = ()  # iCalendar files and URLs; in their events nothing is armed
    holidays: str = ""  # whose public holidays are no business days: a country, or one and its part, `DE-BE`
    time_zone: str = "UTC"  # of days without one, and of a new schedule

    @property
    def is_emulated(self) -> bool:
        """Whether its endpoint is an emulator on this machine."""
        return self.endpoint_url is not None and urlsplit(self.endpoint_url).hostname in LOOPBACK

    def blackout_at(self, now: datetime) -> str:
        """What forbids arming at that time, as a sentence; empty where nothing does."""
        window = next(((begin, end) for begin, end in self.blackouts if begin <= now < end), None)
        if window is None:
            return ""
        return f"{self.name} is in a blackout window until {window[1].astimezone(UTC):%Y-%m-%d %H:%M} UTC."


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a console that listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


SET_PUBLIC_URL = (
    'Set where people reach the console, at the top of gameday.toml: public_url = "https://gameday.example"'
)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, kw_only=True)
class Settings:
    folder: Path  # the working folder: gameday.toml, experiments/, .gameday/
    environments: Mapping[str, Environment]  # never empty
    default_environment: str
    host: str = "127.0.0.1"
    port: int = 8000
    database_url: str = ""  # empty: SQLite in the data folder
    allowed_hosts: tuple[str, ...] = ()  # besides loopback
    data_folder: Path | None = None  # the sandbox keeps its own, apart from what is known of real AWS
    channels: Mapping[str, Channel] = field(default_factory=dict)
    public_url: str = ""  # where people reach the console, for links; empty: where it listens

    @property
    def login(self) -> bool:
        """Whether whoever calls has to say who they are: wherever others than this machine's user can reach it."""
        return not is_loopback(self.host)

    @property
    def listens_everywhere(self) -> bool:
        return self.host in ("0.0.0.0", "::")  # noqa: S104  it is asked for, not done

    @property
    def address(self) -> str:
        """The console's own address, for links in what leaves it."""
        if self.public_url:
            return self.public_url
        host = self.host
        if self.listens_everywhere:
            host = next(iter(self.allowed_hosts), "127.0.0.1")
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def links_lead_nowhere(self) -> bool:
        """Whether others can reach the console, and the links in its messages lead each to their own machine."""
        return self.login and is_loopback(urlsplit(self.address).hostname or "")

    @property
    def links(self) -> str:
        """Where the links in messages lead, as a sentence."""
        if self.links_lead_nowhere:
            return f"Links in messages will lead nowhere: they begin with {self.address}, which is each reader's own machine."
        only = "" if self.public_url or self.login else ", where only this machine finds the console"
        return f"Links in messages begin with {self.address}{only}."

    @property
    def names(self) -> tuple[str, ...]:
        """Those that it answers to, besides loopback."""
        public = urlsplit(self.public_url).hostname
        return (*self.allowed_hosts, *([public] if public else []))

    @property
    def data(self) -> Path:
        """Database, snapshots and journals."""
        return self.data_folder or self.folder / ".gameday"

    @property
    def experiments(self) -> Path:
        return self.folder / "experiments"

    def environment(self, name: str | None) -> Environment:
        """The environment of that name, or the default one. NotFound where there is none."""
        return named(self.environments, self.default_environment if name is None else name)


def named(environments: Mapping[str, Environment], name: str) -> Environment:
    """NotFound, with the names that there are, where it is none of them."""
    if name not in environments:
        raise NotFound(f"There is no environment “{name}”. There are: {', '.join(environments)}.")
    return environments[name]


def person() -> str:
    """Who runs this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "somebody on this machine"
