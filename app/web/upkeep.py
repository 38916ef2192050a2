"""What a person decides about faults besides arming and disarming: deadlines, drift, and strays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, RedirectResponse, Response

from app.access import Need
from app.console import Console
from app.errors import Invalid
from app.faults import Entry, Store, Stray
from app.faults.disarming import KEEP
from app.web import shapes
from app.web.answers import SEE_OTHER, answered, fault_json
from app.web.asked import Form, Place, Rooms, RowId, Shown, Who
from app.web.errors import is_fragment
from app.web.etags import IfMatch, require_match, require_same
from app.web.faults import fault_etag
from app.web.guards import needs
from app.web.paging import PAGED, Limit, NameCursor, page_of

api = APIRouter(prefix="/api/faults", tags=["faults"])
by_hand = APIRouter(include_in_schema=False)


class Deadline(BaseModel):
    """How long a fault may stand from now on."""

    model_config = ConfigDict(extra="forbid", strict=True)

    minutes: Annotated[float, Field(gt=0, le=24 * 60)]


class Choice(BaseModel):
    """Whose value stands where somebody else wrote the store."""

    model_config = ConfigDict(extra="forbid", strict=True)

    keep: Literal["theirs", "ours"]


class Where(BaseModel):
    """A store that holds a stray fault."""

    model_config = ConfigDict(extra="forbid", strict=True)

    store: str
    environment: str | None = None


@api.get("/strays", dependencies=[needs(Need.SEE)], response_model=list[shapes.Stray], responses=PAGED)
def strays(
    request: Request,
    console: Rooms,
    place: Place,
    after: NameCursor,
    limit: Limit = 50,
    *,
    look: bool = False,
) -> JSONResponse:
    """Armed values that the ledger does not hold, as the last look found them, by their places; `look=true` looks again.

    `Link: …; rel="next"` where there are more.
    """
    if look and after is None:  # once for all pages
        console.faults.scan(place.name)
    found = sorted((stray for stray in console.faults.strays() if _place(stray) > (after or "")), key=_place)
    return page_of(request, found, limit, _place, stray_json)


def _place(stray: Stray) -> str:
    return f"{stray.store.environment}/{stray.store}"


@api.post("/strays/disarm", dependencies=[needs(Need.DISARM)], response_model=shapes.SwitchedOff)
def switch_off(console: Rooms, place: Place, where: Where, who: Who) -> JSONResponse:
    """Switch a stray fault off; its other fields stay. 409 where the ledger holds the store: disarm that entry."""
    name = where.environment or place.name
    done = console.faults.switch_off(Store.parse(where.store, name), by=who)
    return answered({"store": where.store, "environment": name, "done": done})


@api.patch("/{entry_id:int}", dependencies=[needs(Need.ARM)], response_model=shapes.Fault)
def extend(  # noqa: PLR0917  FastAPI passes them by name
    request: Request, entry_id: RowId, deadline: Deadline, console: Rooms, who: Who, if_match: IfMatch = None
) -> JSONResponse:
    """Give an armed fault that long from now. 422 beyond the environment's longest lease, 412 where it has changed."""
    del if_match  # described by it; read by `require_match`
    entry = console.faults.extend(entry_id, minutes=deadline.minutes, by=who, check=_matching(request))
    return _told(console, entry)


@api.post("/{entry_id:int}/choose", dependencies=[needs(Need.DISARM)], response_model=shapes.Fault)
def choose(  # noqa: PLR0917  FastAPI passes them by name
    request: Request, entry_id: RowId, choice: Choice, console: Rooms, who: Who, if_match: IfMatch = None
) -> JSONResponse:
    """`theirs` lets stand what somebody else wrote, `ours` puts back what was there before. 409 where it changed again.

    With `If-Match`, only between the values that were read: else 412.
    """
    del if_match  # described by it; read by `require_match`
    return _told(console, console.faults.choose(entry_id, keep=choice.keep, by=who, check=_matching(request)))


def _matching(request: Request) -> Callable[[Entry], None]:
    """Changed where `If-Match` names another state of it."""
    return lambda entry: require_match(request, fault_etag(entry), needed=False)


def _told(console: Console, entry: Entry) -> JSONResponse:
    answer = answered(fault_json(entry, console.clock.now()))
    answer.headers["ETag"] = fault_etag(entry)
    return answer


@by_hand.post("/faults/{entry_id:int}/deadline", dependencies=[needs(Need.ARM)])
def extend_by_form(  # noqa: PLR0917  FastAPI passes them by name
    request: Request, entry_id: RowId, fields: Form, console: Rooms, show: Shown, who: Who
) -> Response:
    entry = console.faults.extend(entry_id, minutes=_minutes(fields), by=who, check=_seen(fields))
    return _said(request, show, entry.outcome or "", safe=True)


@by_hand.post("/faults/{entry_id:int}/choose", dependencies=[needs(Need.DISARM)])
def choose_by_form(  # noqa: PLR0917
    request: Request, entry_id: RowId, fields: Form, console: Rooms, show: Shown, who: Who
) -> Response:
    keep = fields.get("keep", "")
    if keep not in KEEP:
        raise Invalid(f"Whose value is to stand? {' or '.join(KEEP)}.")
    entry = console.faults.choose(entry_id, keep=keep, by=who, check=_seen(fields))
    return _said(request, show, entry.outcome or "", safe=True)


@by_hand.post("/faults/strays", dependencies=[needs(Need.DISARM)])
def switch_off_by_form(request: Request, fields: Form, console: Rooms, show: Shown, who: Who) -> Response:
    store = Store.parse(fields.get("store", ""), fields.get("environment", ""))
    return _said(request, show, console.faults.switch_off(store, by=who), safe=True)


def stray_json(stray: Stray) -> dict[str, Any]:
    return {
        "store": str(stray.store),
        "environment": stray.store.environment,
        "sentence": stray.sentence,
        "dialect": stray.dialect,
        "functions": list(stray.functions),
        "value": stray.shown,
    }


def _seen(fields: Mapping[str, str]) -> Callable[[Entry], None]:
    """Changed where the form was made from another state of it."""
    return lambda entry: require_same(fields.get("seen"), entry.mark)


def _minutes(fields: Mapping[str, str]) -> float:
    try:
        return float(fields.get("minutes", "").replace(",", "."))
    except ValueError:
        raise Invalid("How long from now? Minutes are a number.") from None


def _said(request: Request, show: Shown, sentence: str, *, safe: bool) -> Response:
    if is_fragment(request):
        return show.fragment("components/_said.html", sentence=sentence, seconds=None, safe=safe)
    return RedirectResponse("/faults", status_code=SEE_OTHER)
