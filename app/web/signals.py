"""Signals as they stand, and their samples, for charts and for whoever reads along."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse

from app.access import Need
from app.errors import Invalid
from app.queries import Judgement
from app.web.answers import answered, sample_json, signal_json
from app.web.armed import armed_bar
from app.web.asked import Place, Rooms, Time
from app.web.cards import signal_cards
from app.web.focus import reading_of
from app.web.guards import needs
from app.web.paging import PAGED, Cursor, page_of, wrong
from app.web.panels import moment
from app.web.shapes import Shape

api = APIRouter(prefix="/api/signals", tags=["signals"], dependencies=[needs(Need.SEE)])
MOST = 2000
EPOCH = datetime.fromtimestamp(0, UTC)


class Sample(Shape):
    """`at` in seconds since 1970; a null `value` is no data, which is not zero."""

    query: str
    at: float
    value: float | None
    parts: dict[str, Any]


class Signal(Shape):
    """A probe of the hypothesis as it stands. `query`: what its samples are asked for by."""

    key: str
    name: str
    query: str | None
    unit: str
    tolerance: str
    judgement: Judgement | None
    value: float | None
    at: datetime | None
    parts: dict[str, float | None]
    reads: str
    error: str


@api.get("", response_model=list[Signal])
def listed(experiment: str, console: Rooms, place: Place) -> JSONResponse:
    """The signals of an experiment's hypothesis, each with its newest value and whether that is within its tolerance."""
    found = console.catalog.load(experiment)
    reading, trouble = reading_of(console, found, place)
    if reading is None:
        raise Invalid(trouble)
    when = moment(console, place, armed_bar(console, place.name))
    return answered([signal_json(card) for card in signal_cards(console, reading.signals, when)])


@api.get("/{query_id}/samples", response_model=list[Sample], responses=PAGED)
def samples(  # noqa: PLR0917  FastAPI passes them by name
    request: Request,
    query_id: str,
    console: Rooms,
    place: Place,
    after: Cursor,
    since: Annotated[Time | None, Query(description="An hour before `until` where it is left out.")] = None,
    until: Annotated[Time | None, Query(description="This moment where it is left out.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST, description="How many at most.")] = MOST,
) -> JSONResponse:
    """The oldest first; `at` in seconds since 1970, `value` null where there was no data. `Link` has those that are newer."""
    begin = since or (until or console.clock.now()) - timedelta(hours=1)
    if after is not None:
        begin = max(begin, _moment(after + 1))
    found = console.metrics.samples_from(place.name, query_id, begin, limit + 1, until)
    return page_of(request, found, limit, lambda one: _microseconds(one.at), sample_json)


def _microseconds(at: datetime) -> int:
    """Since 1970."""
    return (at - EPOCH) // timedelta(microseconds=1)


def _moment(microseconds: int) -> datetime:
    try:
        return EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        raise wrong() from None
