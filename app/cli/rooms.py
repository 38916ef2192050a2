"""What commands build when they work on a folder without a console, and how they sign in to one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.access import Access
    from app.faults import Faults
    from app.settings import Settings

TOKEN = "GAMEDAY_TOKEN"  # noqa: S105  the name of a variable


def signed() -> Mapping[str, str]:
    """Headers that present the token of the environment; none where there is none, as on loopback."""
    token = os.environ.get(TOKEN, "")
    return {"Authorization": f"Bearer {token}"} if token else {}


def let_in(server: str) -> str:
    """What to do where a console asks who this is: there is no token, or it is not good (any more)."""
    if not os.environ.get(TOKEN):
        return f"{server} asks for a token. Set {TOKEN} (gameday token create NAME --role runner)."
    return (
        f"{server} does not know the token in {TOKEN}: it is mistyped, expired, revoked, or another console's. Make a new "
        "one: gameday token create NAME --role runner"
    )


@contextmanager
def faults_of(folder: Path) -> Iterator[tuple[Settings, Faults]]:
    """The folder's settings and its faults, on its own ledger, whether a console runs there or not."""
    from app.aws import Aws
    from app.clock import SystemClock
    from app.faults import Faults
    from app.live import Live
    from app.settings import load
    from app.storage.engine import opened

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


@contextmanager
def access_of(folder: Path) -> Iterator[Access]:
    """Who may come in to the console of that folder, whether it runs or not."""
    from app.access import Access
    from app.clock import SystemClock
    from app.settings import load
    from app.storage.engine import opened

    storage = opened(load(folder))
    try:
        yield Access(storage, SystemClock())
    finally:
        storage.close()
