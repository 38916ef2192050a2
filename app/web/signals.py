"""Signals as they stand, and their samples, for charts and for whoever reads along."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse

from app.access import Need
from app.errors import Invalid
from app.web import shapes
from app.web.answers import answered, sample_json, signal_json
from app.web.armed import armed_bar
from app.web.asked import Place, Rooms, Time
from app.web.cards import signal_cards
from app.web.focus import reading_of
from app.web.guards import needs
from app.web.panels import moment

api = APIRouter(prefix="/api/signals", tags=["signals"], dependencies=[needs(Need.SEE)])
MOST = 2000


@api.get("", response_model=list[shapes.Signal])
def listed(experiment: str, console: Rooms, place: Place) -> JSONResponse:
    """The signals of an experiment's hypothesis, each with its newest value and whether that is within its tolerance."""
    found = console.catalog.load(experiment)
    reading, trouble = reading_of(console, found, place)
    if reading is None:
        raise Invalid(trouble)
    when = moment(console, place, armed_bar(console, place.name))
    return answered([signal_json(card) for card in signal_cards(console, reading.signals, when)])


@api.get("/{query_id}/samples", response_model=list[shapes.Sample])
def samples(
    *,
    query_id: str,
    console: Rooms,
    place: Place,
    since: Annotated[Time | None, Query(description="An hour before `until` where it is left out.")] = None,
    until: Annotated[Time | None, Query(description="This moment where it is left out.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST, description="The newest of them.")] = MOST,
) -> JSONResponse:
    """The oldest first; `at` in seconds since 1970, `value` null where there was no data."""
    begin = since or (until or console.clock.now()) - timedelta(hours=1)
    found = console.metrics.samples(place.name, query_id, begin, limit, until)
    return answered([sample_json(one) for one in found])
