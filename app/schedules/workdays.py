"""Which days are business days: Monday to Friday, without the public holidays of a place."""

from __future__ import annotations

from functools import cache
from typing import Any

from app.schedules.rule import Workday

SATURDAY = 5


@cache
def workdays(place: str) -> Workday:
    """`place`: a country or a part of one, `DE-BE`; empty: no public holidays."""
    holidays: Any = _holidays(place)
    return lambda day: day.weekday() < SATURDAY and day not in holidays


def _holidays(place: str) -> Any:
    if not place:
        return ()
    from holidays import country_holidays  # noqa: PLC0415  slow to load, and most environments name no place

    country, _, part = place.partition("-")
    return country_holidays(country, subdiv=part or None)
