"""Samples of a signal, for charts and for whoever reads along."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.access import Need
from app.errors import NotFound
from app.web.answers import sample_json
from app.web.asked import Place, Rooms
from app.web.guards import needs
from app.web.measured import signals_of

api = APIRouter(prefix="/api/signals", tags=["signals"], dependencies=[needs(Need.SEE)])
MOST = 2000


@api.get("")
def listed(console: Rooms, place: Place, experiment: str | None = None) -> list[dict[str, Any]]:
    """What the hypotheses of all valid experiments, or of one, measure in an environment; each signal once."""
    return _signals(console, place, experiment)


@api.get("/{query_id}")
def one(query_id: str, console: Rooms, place: Place) -> dict[str, Any]:
    """404 where no experiment measures it in that environment."""
    found = next((row for row in _signals(console, place, None) if row["id"] == query_id), None)
    if found is None:
        raise NotFound(f"No experiment measures a signal {query_id} in {place.name}.")
    return found


def _signals(console: Rooms, place: Place, experiment: str | None) -> list[dict[str, Any]]:
    known = [console.catalog.load(experiment)] if experiment else console.catalog.all()
    return signals_of(
        known, place, latest=lambda query: console.metrics.latest(place.name, query), now=console.clock.now()
    )


@api.get("/{query_id}/samples")
def samples(
    query_id: str,
    console: Rooms,
    place: Place,
    since: datetime | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = MOST,
) -> list[dict[str, Any]]:
    """The oldest first, from `since` (an hour ago); `at` in seconds since 1970, `value` null where there was no data."""
    begin = since or console.clock.now() - timedelta(hours=1)
    return [sample_json(one) for one in console.metrics.samples(place.name, query_id, begin, limit)]
