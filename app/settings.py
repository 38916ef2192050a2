"""What the console is told before it starts: folders, addresses, environments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path


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
    speed: int = 1  # the sandbox's compression of time; 1 elsewhere

    @property
    def poll_seconds(self) -> float:
        """One sample a minute, the resolution of AWS's own metrics; faster where time is compressed."""
        return 60.0 if self.endpoint_url is None else max(1.0, 60 / (10 * self.speed))


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

    @property
    def data(self) -> Path:
        """Database, snapshots and journals."""
        return self.data_folder or self.folder / ".gameday"

    @property
    def experiments(self) -> Path:
        return self.folder / "experiments"

    def environment(self, name: str | None) -> Environment:
        """The environment of that name, or the default one. KeyError where there is none."""
        return self.environments[name or self.default_environment]
