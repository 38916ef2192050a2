"""What asking CloudWatch costs: an environment's month, day by day, and a run's own share."""

from __future__ import annotations

from calendar import month_name
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse

from app.access import Need
from app.console import Console
from app.usage import AS_OF, Amounts, month_of, total
from app.web.asked import Place, Rooms, Shown
from app.web.costs import Used, cost_of
from app.web.guards import needs
from app.web.panels import Page

pages = APIRouter(include_in_schema=False, dependencies=[needs(Need.SEE)])
api = APIRouter(prefix="/api/usage", tags=["usage"], dependencies=[needs(Need.SEE)])
Month = Annotated[
    str | None, Query(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="`2026-11`; the current one where left out")
]  # fmt: skip


class UsedOnDay(Used):
    day: date


class UsedIn(Used):
    environment: str
    emulated: bool = Field(description="an emulator bills nothing")
    cap: float | None = Field(description="monthly_cap of the environment, in US dollars")
    days: list[UsedOnDay]


class UsageOfMonth(BaseModel):
    month: str
    prices_as_of: str
    environments: list[UsedIn]


@api.get("")
def of_month(console: Rooms, month: Month = None) -> UsageOfMonth:
    """What every environment asked of CloudWatch in a month, by day in UTC: an estimate, at list prices."""
    return used(console, month or month_of(console.clock.now()))


@pages.get("/usage")
def page(request: Request, place: Place, show: Shown, console: Rooms, month: Month = None) -> HTMLResponse:
    now = month_of(console.clock.now())
    told = used(console, month or now)
    spending = {name: console.usage.spending(name) for name in console.settings.environments}
    return show.page(
        request, "usage/index.html", Page(name="usage", environment=place.name), told=told, spending=spending,
        before=next_to(told.month, -1), after=next_to(told.month, 1) if told.month < now else None, current=now, named=named,
    )  # fmt: skip


def used(console: Console, month: str) -> UsageOfMonth:
    """Environments of the settings, and those that were in them that month."""
    found = console.usage.of_month(month)
    names = dict.fromkeys([*console.settings.environments, *found])
    environments = [_used_in(console, name, found.get(name, {})) for name in names]
    return UsageOfMonth(month=month, prices_as_of=AS_OF, environments=environments)


def named(month: str) -> str:
    """November 2026, of 2026-11."""
    return f"{month_name[int(month[-2:])]} {month[:-3]}"


def next_to(month: str, step: int) -> str:
    years, months = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 + step, 12)
    return f"{years:04}-{months + 1:02}"


def _used_in(console: Console, name: str, days: Mapping[str, Amounts]) -> UsedIn:
    known = console.settings.environments.get(name)
    rows: list[Any] = [
        {"day": day, **cost_of(console, name, amounts)} for day, amounts in sorted(days.items())
    ]
    return UsedIn.model_validate(
        {
            "environment": name, "emulated": known is not None and known.is_emulated,
            "cap": known.monthly_cap if known and not known.is_emulated else None,
            "days": rows, **cost_of(console, name, total(days)),
        }
    )  # fmt: skip
