"""What routes take from a request: the rooms, the person, the environment, the fields of a form."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Depends, Path, Request

from app.errors import Invalid, NotFound
from app.settings import Environment
from app.web.console import Console
from app.web.guards import who
from app.web.render import Show
from app.web.streams import Streams

LARGEST_FORM = 64 * 1024
COOKIE = "environment"
LARGEST_ID = 2**63 - 1


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
    if name not in settings.environments:
        known = ", ".join(settings.environments)
        raise NotFound(f"There is no environment “{name}”. There are: {known}.")
    return settings.environments[name]


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


RowId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Rooms = Annotated[Console, Depends(_console)]
Shown = Annotated[Show, Depends(_show)]
Streamed = Annotated[Streams, Depends(_streams)]
Place = Annotated[Environment, Depends(place_of)]
Form = Annotated[dict[str, str], Depends(form)]
Who = Annotated[str, Depends(who)]
