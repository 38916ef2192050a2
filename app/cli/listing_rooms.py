"""Where listings come from: the working folder, whether a console runs there or not, or a console's API.

Both give rows of the same shape, the API's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from app.cli.asking import asked

Rows = list[dict[str, Any]]
Filters = Mapping[str, Any]  # environment, experiment, limit; those that were given


class Source(Protocol):
    def listed(self, noun: str, filters: Filters) -> Rows: ...

    def one(self, noun: str, key: str, filters: Filters) -> dict[str, Any]:
        """NotFound where there is none."""
        ...


class Console:
    """A running console, by its API."""

    def __init__(self, server: str) -> None:
        self._server = server

    def listed(self, noun: str, filters: Filters) -> Rows:
        rows: Rows = self._asked(f"/api/{noun}", filters)
        return rows

    def one(self, noun: str, key: str, filters: Filters) -> dict[str, Any]:
        found: dict[str, Any] = self._asked(f"/api/{noun}/{quote(key)}", filters)
        return found

    def _asked(self, path: str, filters: Filters) -> Any:
        return asked("GET", self._server, path, params=dict(filters))


@contextmanager
def source(folder: Path, server: str | None) -> Iterator[Source]:
    """A console's API where a server is given, else the folder."""
    if server:
        yield Console(server)
        return
    from app.cli.listing_folder import looked_at

    with looked_at(folder) as rooms:
        yield rooms
