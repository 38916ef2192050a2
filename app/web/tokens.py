"""Who may come in: links, sessions and tokens, for admins. And who the caller is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from app.access import Access, Kind, Need, Role
from app.access import Credential as Held
from app.access.access import LONGEST, LONGEST_NAME
from app.console import Console
from app.errors import NotFound
from app.web.answers import answered
from app.web.asked import Rooms, RowId, Who
from app.web.guards import credential_of, needs
from app.web.paging import PAGED, Cursor, Limit, page_of
from app.web.shapes import Shape

api = APIRouter(prefix="/api/tokens", tags=["access"], dependencies=[needs(Need.ADMIT)])
me = APIRouter(prefix="/api/me", tags=["access"], dependencies=[needs(Need.SEE)])
SHOWN = ("id", "kind", "name", "role", "prefix", "created_by", "created_at", "expires_at")


class Credential(Shape):
    """What lets somebody in; of its secret only the first characters are known."""

    id: int
    kind: Kind
    name: str
    role: Role
    prefix: str
    created_by: str
    created_at: datetime
    expires_at: datetime


class NewCredential(Credential):
    """`secret` is shown this once."""

    secret: str


class Me(Shape):
    """Who the console takes the caller for. Without a login everybody on its machine is an admin."""

    name: str
    role: Role
    login: bool


class Wanted(BaseModel):
    """A token for a program, or a link that signs one browser in, once."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[
        str,
        Field(
            min_length=1, max_length=LONGEST_NAME, description="What is done with it is recorded under it."
        ),
    ]
    role: Annotated[Role, Field(strict=False)] = Role.VIEWER
    days: Annotated[float, Field(gt=0, le=LONGEST.days)] = 90
    kind: Literal["token", "link"] = "token"


@api.get("", response_model=list[Credential], responses=PAGED)
def listed(request: Request, console: Rooms, after: Cursor, limit: Limit = 50) -> JSONResponse:
    """Everything that lets somebody in now, the oldest first. No secret can be read again. `Link` has the next page."""
    found = access(console).some(after=after or 0, limit=limit + 1)
    return page_of(request, found, limit, lambda one: one.id, _json)


@api.post("", status_code=201, response_model=NewCredential)
def create(console: Rooms, wanted: Wanted, who: Who) -> JSONResponse:
    """A new token or link. Its secret is in this answer and nowhere else."""
    made = access(console).issue(
        Kind(wanted.kind), name=wanted.name, role=wanted.role, lifetime=timedelta(days=wanted.days), by=who
    )
    return answered({**_json(made.credential), "secret": made.secret}, status=201)


@api.delete("/{token_id:int}", status_code=204, response_class=Response)
def revoke(token_id: RowId, console: Rooms) -> Response:
    """Shut it out at once, with every session that came of it."""
    access(console).revoke(token_id)
    return Response(status_code=204)


@me.get("", response_model=Me)
def myself(request: Request, who: Who) -> JSONResponse:
    """Who the console takes the caller for, and what that role is."""
    credential = credential_of(request)
    role = credential.role if credential else Role.ADMIN
    return answered({"name": who, "role": role, "login": request.app.state.access is not None})


def access(console: Console) -> Access:
    if console.access is None:
        raise NotFound("This console keeps no tokens.")
    return console.access


def _json(one: Held) -> dict[str, Any]:
    return {name: getattr(one, name) for name in SHOWN}
