"""What commands build when they work on a folder without a console."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.aws import Aws
from app.clock import SystemClock
from app.faults import Faults
from app.live import Live
from app.settings import Settings, load
from app.storage.engine import opened


@contextmanager
def faults_of(folder: Path) -> Iterator[tuple[Settings, Faults]]:
    """The folder's settings and its faults, on its own ledger, whether a console runs there or not."""
    settings = load(folder)
    storage = opened(settings)
    faults = Faults(
        storage=storage, aws=Aws(settings.environments), clock=SystemClock(), live=Live(),
        environments=settings.environments,
    )  # fmt: skip
    try:
        yield settings, faults
    finally:
        faults.close()
        storage.close()
