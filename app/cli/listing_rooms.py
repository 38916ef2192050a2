"""Where listings come from: the working folder, whether a console runs there or not, or a console's API.

Both give rows of the same shape, the API's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from app.cli.listing import Row
from app.cli.run.asking import Api
from app.errors import NotFound

LISTED_ONLY = ("environments", "signals")  # the API has a list of these, and no address for each
OF_SIGNALS = ("name", "query", "unit", "value", "at")
Rows = list[dict[str, Any]]
Filters = Mapping[str, Any]  # environment, experiment, tag, text, limit; those that were given


class Source(Protocol):
    def listed(self, noun: str, filters: Filters) -> Rows: ...

    def one(self, noun: str, key: str, filters: Filters) -> dict[str, Any]:
        """NotFound where there is none."""
        ...


class Console:
    """A running console, by its API."""

    def __init__(self, server: str) -> None:
        self._api = Api(server)

    def listed(self, noun: str, filters: Filters) -> Rows:
        if noun == "signals":
            return grouped(self._probes(filters))
        if noun in LISTED_ONLY:
            whole: Rows = self._api.json("GET", f"/api/{noun}", params=dict(filters))
            return whole
        wanted = dict(filters)
        return self._api.all(f"/api/{noun}", params=wanted, most=wanted.pop("limit", None))

    def one(self, noun: str, key: str, filters: Filters) -> dict[str, Any]:
        if noun in LISTED_ONLY:
            return found(noun, key, self.listed(noun, filters))
        row: dict[str, Any] = self._api.json("GET", f"/api/{noun}/{quote(key)}", params=dict(filters))
        return row

    def _probes(self, filters: Filters) -> Iterator[tuple[str, Row]]:
        """Experiment and probe; what can not be read is told where the experiments are listed."""
        wanted = filters.get("experiment")
        known = [one["id"] for one in self.listed("experiments", {}) if one["valid"] and not wanted]
        for experiment in [wanted] if wanted else known:
            asked = {**filters, "experiment": experiment}
            for row in self._api.json("GET", "/api/signals", params=asked):
                yield experiment, row


def grouped(probes: Iterable[tuple[str, Row]]) -> Rows:
    """Each signal once, with every experiment that measures it. Its id is its query's, else its name."""
    rows: dict[str, dict[str, Any]] = {}
    for experiment, probe in probes:
        key = str(probe["query"] or probe["name"])
        row = rows.setdefault(
            key, {"id": key, **{name: probe[name] for name in OF_SIGNALS}, "experiments": []}
        )
        judged = {"tolerance": probe["tolerance"], "judgement": probe["judgement"]}
        row["experiments"].append({"id": experiment, **judged})
    return list(rows.values())


def found(noun: str, key: str, rows: Rows) -> dict[str, Any]:
    """The one of that id or name; NotFound, with those there are, where there is none."""
    by_key = {str(row.get("id") or row["name"]): row for row in rows}
    if key not in by_key:
        known = ", ".join(by_key) or "none"
        raise NotFound(f"There is no {noun.removesuffix('s')} “{key}”. There are: {known}.")
    return by_key[key]


@contextmanager
def source(folder: Path, server: str | None) -> Iterator[Source]:
    """A console's API where a server is given, else the folder."""
    if server:
        yield Console(server)
        return
    from app.cli.listing_folder import looked_at

    with looked_at(folder) as rooms:
        yield rooms
