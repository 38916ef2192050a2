"""The ledger, and faults by hand."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from app.access import Need
from app.dialects import Fault, FaultMode, ineffective, sentence
from app.errors import GamedayError, Invalid, Problem
from app.faults import Entry, FaultState, Store
from app.settings import Environment
from app.web import shapes
from app.web.answers import SEE_OTHER, answered, fault_json
from app.web.asked import LARGEST_ID, Form, Place, Rooms, RowId, Shown, Who, place_of
from app.web.errors import is_fragment, wants_page
from app.web.etags import etag_of
from app.web.guards import needs
from app.web.keys import IdempotencyKey, Key, begun, key_of, replayed
from app.web.paging import PAGED, Cursor, Limit, page_of
from app.web.panels import Page
from app.web.words import plural

pages = APIRouter(include_in_schema=False, dependencies=[needs(Need.SEE)])
api = APIRouter(prefix="/api/faults", tags=["faults"])
by_hand = APIRouter(include_in_schema=False)
ALL = 100  # percent
Name = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class Wanted(BaseModel):
    """A fault to be armed by hand: a share of invocations is refused connections to some hosts."""

    model_config = ConfigDict(extra="forbid", strict=True)

    store: Name
    rate: Annotated[float, Field(gt=0, le=1, description="The share of invocations.")]
    deny_list: Annotated[list[Name], Field(min_length=1, description="Regular expressions of host names.")]
    minutes: Annotated[float, Field(gt=0, le=24 * 60)]
    environment: str | None = None

    @property
    def fault(self) -> Fault:
        return Fault(mode=FaultMode.DENYLIST, rate=self.rate, deny_list=tuple(self.deny_list))


@pages.get("/faults")
def index(request: Request, place: Place, show: Shown) -> HTMLResponse:
    return show.page(request, "faults/index.html", Page(name="faults", environment=place.name))


@pages.get("/faults/sentence")
def said(  # noqa: PLR0917  FastAPI passes them by name
    place: Place,
    show: Shown,
    console: Rooms,
    rate: str = "",
    target: str = "",
    minutes: str = "",
    store: str = "",
) -> HTMLResponse:
    """What the arming form would do, in words."""
    fields = {"rate": rate, "target": target, "minutes": minutes, "store": store}
    try:
        wanted = _from_form(fields, place)
        told, trouble = _sentence(wanted, place), ineffective(wanted.fault) or ""
    except GamedayError as error:
        told, trouble = "", str(error)
    readers = () if trouble else _readers(console, store.strip(), place)
    return show.fragment(
        "faults/_sentence.html", told=told, trouble=trouble, readers=readers, where=place.name
    )


@api.get("", dependencies=[needs(Need.SEE)], response_model=list[shapes.Fault], responses=PAGED)
def listed(  # noqa: PLR0917  FastAPI passes them by name
    request: Request,
    console: Rooms,
    before: Cursor,
    limit: Limit = 50,
    environment: str | None = None,
    state: FaultState | None = None,
    run: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
) -> JSONResponse:
    """What is armed and what was, the newest first. `Link: …; rel="next"` where there are more."""
    wanted = {"state": state, "run_id": None if run is None else str(run), "before": before}
    found = console.faults.history(limit + 1, environment, **wanted)
    now = console.clock.now()
    return page_of(request, found, limit, lambda entry: entry.id, lambda entry: fault_json(entry, now))


@api.get("/sentence", dependencies=[needs(Need.SEE)], response_model=shapes.Words)
def in_words(  # noqa: PLR0917  FastAPI passes them by name
    request: Request,
    store: Name,
    rate: Annotated[float, Query(gt=0, le=1)],
    deny_list: Annotated[list[Name], Query(min_length=1)],
    minutes: Annotated[float, Query(gt=0, le=24 * 60)],
    environment: str | None = None,
) -> JSONResponse:
    """What arming that by hand would do, in words. Nothing is done. 422 for longer than the environment permits."""
    wanted = Wanted(store=store, rate=rate, deny_list=deny_list, minutes=minutes)
    told = _sentence(wanted, place_of(request, environment))
    return answered({"sentence": told, "trouble": ineffective(wanted.fault) or ""})


@api.put(
    "",
    status_code=201,
    dependencies=[needs(Need.ARM)],
    response_model=shapes.Fault,
    responses=begun(201, "fault"),
)
def arm(request: Request, wanted: Wanted, console: Rooms, who: Who, given: IdempotencyKey = None) -> Response:
    """Arm by hand, with a deadline. 422 for longer than the environment permits, 409 where the store is busy (`run` or `fault`: by which)."""
    place = place_of(request, wanted.environment)
    key = key_of(request, given, by=who, asked=wanted.model_dump())
    entry = _arm(console, wanted, place, who, key)
    answer = answered(fault_json(entry, console.clock.now()), status=201, location=f"/api/faults/{entry.id}")
    return replayed(answer, again=entry.replayed)


@api.get("/{entry_id:int}", dependencies=[needs(Need.SEE)], response_model=shapes.Fault)
def one(entry_id: RowId, console: Rooms) -> JSONResponse:
    """An entry of the ledger. Its ETag is of what people decide about it, not of what is seen of it."""
    entry = console.faults.entry(entry_id)
    answer = answered(fault_json(entry, console.clock.now()))
    answer.headers["ETag"] = fault_etag(entry)
    return answer


@api.delete("/{entry_id:int}", dependencies=[needs(Need.DISARM)], response_model=shapes.Fault)
def disarm(entry_id: RowId, console: Rooms, who: Who) -> JSONResponse:
    """Put the store back. Any number of times; says what happened."""
    entry = console.faults.disarm(entry_id, by=who, why=f"{who} asked for it")
    return answered(fault_json(entry, console.clock.now()))


@by_hand.post("/faults", dependencies=[needs(Need.ARM)])
def arm_by_form(  # noqa: PLR0917  FastAPI passes them by name
    request: Request, fields: Form, console: Rooms, show: Shown, who: Who, given: IdempotencyKey = None
) -> Response:
    place = place_of(request, fields.get("environment") or None)
    wanted = _from_form(fields, place)
    entry = _arm(console, wanted, place, who, key_of(request, given, by=who, asked=fields))
    if is_fragment(request):
        unread = "" if entry.functions else f" No function is known to read {entry.store}."
        told = f"Armed: {_sentence(wanted, place)}{unread}"
        if entry.taken_away:  # the same request came before
            told = f"Armed before, and not any more. {entry.outcome or ''}".strip()
        return show.fragment(
            "components/_said.html", status=201, sentence=told, seconds=None, safe=entry.active
        )
    return RedirectResponse("/faults", status_code=SEE_OTHER)


@by_hand.post("/faults/{entry_id:int}/disarm", dependencies=[needs(Need.DISARM)])
def disarm_by_form(request: Request, entry_id: RowId, console: Rooms, show: Shown, who: Who) -> Response:
    began = time.monotonic()
    entry = console.faults.disarm(entry_id, by=who, why=f"{who} asked for it")
    if is_fragment(request):
        return _over(show, entry, time.monotonic() - began)
    return (
        RedirectResponse("/faults", status_code=SEE_OTHER)
        if wants_page(request)
        else answered(fault_json(entry, console.clock.now()))
    )


def _over(show: Shown, entry: Entry, seconds: float) -> HTMLResponse:
    told = entry.outcome or f"{entry.store} is {entry.state}."
    return show.fragment("components/_said.html", sentence=told, seconds=seconds, safe=not entry.active)


def fault_etag(entry: Entry) -> str:
    return etag_of([entry.id, entry.mark])


def _arm(console: Rooms, wanted: Wanted, place: Environment, who: str, key: Key) -> Entry:
    store = Store.parse(wanted.store, place.name)
    _refuse_too_long(wanted, place)
    return console.faults.arm(
        store=store, fault=wanted.fault, by=who, lifetime=timedelta(minutes=wanted.minutes), key=key.key,
        fingerprint=key.fingerprint,
    )  # fmt: skip


def _from_form(fields: dict[str, str], place: Environment) -> Wanted:
    """Percent, and one pattern a line or between commas. Invalid in words."""
    rate, minutes = _read(fields.get("rate"), "Rate"), _read(fields.get("minutes"), "How long")
    if not 0 < rate <= ALL:
        raise Invalid("The rate is a percentage above 0 and up to 100.")
    if not 0 < minutes <= 24 * 60:
        raise Invalid("A fault is armed for a time: above 0 minutes, and up to a day.")
    patterns = [p.strip() for p in fields.get("target", "").replace("\n", ",").split(",") if p.strip()]
    if not patterns:
        raise Invalid("The target is empty. Name a host, for example: dynamodb.*.amazonaws.com")
    if not fields.get("store", "").strip():
        raise Invalid("Name the store that the function reads, for example: failureLambdaConfig")
    return Wanted(
        store=fields["store"].strip(),
        rate=rate / 100,
        deny_list=patterns,
        minutes=minutes,
        environment=place.name,
    )


def _readers(console: Rooms, store: str, place: Environment) -> tuple[str, ...]:
    """Names of the functions that a fault there would reach, as far as is known."""
    try:
        return console.faults.understand(place.name, Store.parse(store, place.name), "{}").functions
    except GamedayError:
        return ()


def _read(text: str | None, what: str) -> float:
    try:
        return float((text or "").replace(",", "."))
    except ValueError:
        raise Invalid(f"{what} is a number.") from None


def _refuse_too_long(wanted: Wanted, place: Environment) -> None:
    longest = place.longest_lease.total_seconds() / 60
    if wanted.minutes > longest:
        words = f"A fault is armed for {longest:g} minutes at most in {place.name}: its longest_lease in gameday.toml."
        raise Invalid(words, problems=(Problem(message=words, path="minutes"),))


def _sentence(wanted: Wanted, place: Environment) -> str:
    _refuse_too_long(wanted, place)
    whole = int(wanted.minutes)
    how_long = plural(whole, "minute") if whole == wanted.minutes else f"{wanted.minutes:g} minutes"
    return f"{sentence(wanted.fault)}, for {how_long}, by way of {wanted.store}."
