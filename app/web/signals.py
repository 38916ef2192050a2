"""Samples of a signal, for charts and for whoever reads along."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.access import Need
from app.web.answers import sample_json
from app.web.asked import Place, Rooms
from app.web.guards import needs

api = APIRouter(prefix="/api/signals", tags=["signals"], dependencies=[needs(Need.SEE)])
MOST = 2000


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
