"""Stop links: one press ends one run or one fault, for whoever holds the link, signed in or not.

To look changes nothing: mail programs and chats open links by themselves. Strangers see what the link is about,
and nothing else of the console.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.access import Need
from app.console import Console
from app.errors import GamedayError
from app.faults import Entry
from app.notifications import StopLink
from app.runs import Run
from app.web.answers import answered
from app.web.armed import place
from app.web.asked import Form, Rooms, Shown
from app.web.errors import wants_page
from app.web.guards import needs
from app.web.render import Show

# Whoever is told that something is armed must be able to end it at once, from a phone that is not signed in.
routes = APIRouter(include_in_schema=False, dependencies=[needs(Need.NOTHING)])


@dataclass(frozen=True, kw_only=True)
class Stoppable:
    """What a link is about, as it stands."""

    link: StopLink
    environment: str
    place: str
    run: Run | None
    entries: tuple[Entry, ...]

    @property
    def over(self) -> bool:
        return (self.run is None or self.run.ended) and not any(entry.active for entry in self.entries)

    @property
    def left(self) -> str:
        """What no press can end, and a person has to look at; empty where there is nothing."""
        if any(entry.still_fires for entry in self.entries):
            return "The store is clean, and containers keep the fault: the console has the command that replaces them."
        if any(entry.undecided for entry in self.entries):
            return "Somebody else wrote the store, so it was left as it is: choose between the two values in the console."
        return ""


@routes.get("/stop")
def page(request: Request, show: Shown, console: Rooms, token: str = "") -> Response:
    """What would be ended, and a button. A preview of the link presses none."""
    try:
        found = _found(console, console.notifications.stopping(token))
    except GamedayError as error:
        return _refused(request, show, error)
    return show.bare(request, "stopping/show.html", found=found, token=token, said="", safe=True)


@routes.post("/stop")
def stop(request: Request, show: Shown, console: Rooms, fields: Form) -> Response:
    """The token stands in the form, as the page has it. Any number of times; says what happened."""
    token = fields.get("token", "")
    try:
        found = _found(console, console.notifications.stopping(token))
        said, safe = ("It is over already.", True) if found.over else _end(console, found.link)
        found = _found(console, found.link)
    except GamedayError as error:
        return _refused(request, show, error)
    if not wants_page(request):
        return answered({"sentence": said, "disarmed": safe})
    return show.bare(request, "stopping/show.html", found=found, token=token, said=said, safe=safe)


def _end(console: Console, link: StopLink) -> tuple[str, bool]:
    if link.noun == "run":
        done = console.runs.rollback(link.id, by=link.by)
        return done.sentence, done.disarmed
    entry = console.faults.disarm(link.id, by=link.by, why=f"{link.by} was used")
    return entry.outcome or f"{entry.store} is {entry.state}.", not entry.may_fire


def _found(console: Console, link: StopLink) -> Stoppable:
    """NotFound where it is gone."""
    run = console.runs.get(link.id) if link.noun == "run" else None
    entries = console.faults.for_run(str(link.id)) if run else [console.faults.entry(link.id)]
    environment = run.environment if run else entries[0].environment
    known = environment in console.settings.environments
    return Stoppable(
        link=link, environment=environment, place=place(console, environment) if known else "", run=run,
        entries=tuple(entries),
    )  # fmt: skip


def _refused(request: Request, show: Show, error: GamedayError) -> Response:
    if not wants_page(request):
        raise error
    answer = show.bare(request, "stopping/refused.html", error=error)
    answer.status_code = error.status
    return answer
