"""Who is told what, what became of it, and a test of each channel."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from app.access import Need
from app.notifications import ChannelState, Delivery, DeliveryState, Kind
from app.settings import SET_PUBLIC_URL
from app.web.answers import SEE_OTHER, answered
from app.web.asked import Place, Rooms, Shown, Who
from app.web.errors import is_fragment
from app.web.guards import needs
from app.web.paging import PAGED, Cursor, Limit, page_of
from app.web.panels import Page
from app.web.shapes import Shape

pages = APIRouter(include_in_schema=False, dependencies=[needs(Need.SEE)])
api = APIRouter(prefix="/api/notifications", tags=["notifications"])
trying = APIRouter(include_in_schema=False, dependencies=[needs(Need.RUN)])


class ToldChannel(Shape):
    """A channel of gameday.toml, without its secret. `trouble`: why nothing can be sent by it.

    `failing`: how many of the pending were tried in vain, and will be tried again.
    """

    name: str
    target: str
    kinds: list[str]
    environments: list[str]
    trouble: str | None
    pending: int
    failing: int
    sent: int
    given_up: int


class ToldDelivery(Shape):
    """A notice on its way to one channel. `key` is the same at every attempt; `attempts` counts those that were begun."""

    id: int
    key: str
    channel: str
    notice: int
    kind: Kind
    environment: str | None
    subject: str
    at: datetime
    state: DeliveryState
    attempts: int
    next_attempt_at: datetime | None
    last_error: str | None
    created_at: datetime
    sent_at: datetime | None


class Tested(Shape):
    """`deliveries`: where to see what became of it."""

    notice: int
    deliveries: str


@pages.get("/notifications")
def index(request: Request, place: Place, show: Shown) -> HTMLResponse:
    page = Page(name="notifications", environment=place.name)
    return show.page(request, "notifications/index.html", page, set_public_url=SET_PUBLIC_URL)


@api.get("/channels", dependencies=[needs(Need.SEE)], response_model=list[ToldChannel])
def channels(console: Rooms) -> JSONResponse:
    """The channels of gameday.toml, without their secrets, and what became of what they were sent."""
    return answered([channel_json(channel) for channel in console.notifications.channels()])


@api.get("/deliveries", dependencies=[needs(Need.SEE)], response_model=list[ToldDelivery], responses=PAGED)
def deliveries(  # noqa: PLR0917  FastAPI passes them by name
    request: Request,
    console: Rooms,
    before: Cursor,
    limit: Limit = 50,
    channel: str | None = None,
    state: DeliveryState | None = None,
    kind: Kind | None = None,
) -> JSONResponse:
    """Notices on their way to channels, the newest first. `Link: …; rel="next"` where there are more."""
    found = console.notifications.deliveries(
        limit + 1, channel=channel, state=state, kind=kind, before=before
    )
    return page_of(request, found, limit, lambda one: one.id, delivery_json)


@api.post("/channels/{name}/test", status_code=202, dependencies=[needs(Need.RUN)], response_model=Tested)
def test(name: str, console: Rooms, who: Who) -> JSONResponse:
    """Send a real message to one channel, on the way of every other. What became of it is among the deliveries."""
    notice = console.notifications.test(name, by=who)
    where = f"/api/notifications/deliveries?channel={name}"
    return answered({"notice": notice, "deliveries": where}, status=202, location=where)


@trying.post("/notifications/{name}/test")
def test_by_form(request: Request, name: str, console: Rooms, show: Shown, who: Who) -> Response:
    console.notifications.test(name, by=who)
    if is_fragment(request):
        told = f"A test is on its way to {name}. What becomes of it shows below."
        return show.fragment("components/_said.html", status=202, sentence=told, seconds=None, safe=True)
    return RedirectResponse("/notifications", status_code=SEE_OTHER)


def channel_json(channel: ChannelState) -> dict[str, Any]:
    return {
        "name": channel.name, "target": channel.shown, "kinds": list(channel.kinds),
        "environments": list(channel.environments), "trouble": channel.trouble or None, "pending": channel.pending,
        "failing": channel.failing, "sent": channel.sent, "given_up": channel.given_up,
    }  # fmt: skip


def delivery_json(delivery: Delivery) -> dict[str, Any]:
    notice = delivery.notice
    return {
        "id": delivery.id, "key": delivery.key, "channel": delivery.channel, "notice": delivery.notice_id,
        "kind": str(notice.kind), "environment": notice.environment or None, "subject": notice.subject, "at": notice.at,
        "state": str(delivery.state), "attempts": delivery.attempts, "next_attempt_at": delivery.next_attempt_at,
        "last_error": delivery.last_error, "created_at": delivery.created_at, "sent_at": delivery.sent_at,
    }  # fmt: skip
