"""What routes take from a request: the rooms, the person, the environment, the fields of a form."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import Depends, Path, Request
from pydantic import AfterValidator, BeforeValidator

from app.console import Console
from app.errors import Invalid, NotFound
from app.settings import Environment
from app.web.guards import who
from app.web.render import Show
from app.web.streams import Streams

LARGEST_FORM = 64 * 1024
COOKIE = "environment"
LARGEST_ID = 2**63 - 1
FULL_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}")


def _console(request: Request) -> Console:
    console: Console = request.app.state.console
    return console


def _show(request: Request) -> Show:
    show: Show = request.app.state.show
    return show


def _streams(request: Request) -> Streams:
    streams: Streams = request.app.state.streams
    return streams


def place_of(request: Request, environment: str | None = None) -> Environment:
    """The environment that was asked for, else the one looked at last, else the default one."""
    settings = _console(request).settings
    name = environment or request.cookies.get(COOKIE) or settings.default_environment
    if environment is None and name not in settings.environments:  # a cookie of another console
        name = settings.default_environment
    return settings.environment(name)


def row_id(text: str) -> int:
    """A number that a database can hold; NotFound for anything else."""
    if not (text.isascii() and text.isdecimal()) or int(text) > LARGEST_ID:
        raise NotFound(f"There is nothing numbered {text[:40]}.")
    return int(text)


async def form(request: Request) -> dict[str, str]:
    """The fields of a form as browsers send it without files; the last of each name."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise Invalid("The form is too large.")
    fields = parse_qs(body.decode(errors="replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}


def _told_in_full(value: Any) -> Any:
    """A number is no time, though it can be read as one."""
    if isinstance(value, str) and not FULL_TIME.match(value):
        raise ValueError("A time is told as 2026-11-24T12:00:00Z")
    return value


def _in_utc(at: datetime) -> datetime:
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError:
        raise ValueError("That is no time that can be told in UTC") from None


# Aware, in UTC; a time without a zone is meant in UTC.
Time = Annotated[datetime, BeforeValidator(_told_in_full), AfterValidator(_in_utc)]
RowId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Rooms = Annotated[Console, Depends(_console)]
Shown = Annotated[Show, Depends(_show)]
Streamed = Annotated[Streams, Depends(_streams)]
Place = Annotated[Environment, Depends(place_of)]
Form = Annotated[dict[str, str], Depends(form)]
Who = Annotated[str, Depends(who)]
