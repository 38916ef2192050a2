"""Long lists a page at a time, and a link to those that come next (RFC 8288)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query, Request
from starlette.responses import JSONResponse

from app.errors import Invalid, NotFound, Problem
from app.web.answers import answered
from app.web.asked import row_id

MOST = 500
LONGEST = 8000  # characters of a cursor of names
WRONG = "That is no cursor of this list. Take it from the Link header of the page before."
T = TypeVar("T")
Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most.")]


def _place(
    cursor: Annotated[
        str | None, Query(description="Of the `Link` header of the page before, as it is.", max_length=100)
    ] = None,
) -> int | None:
    if cursor is None:
        return None
    try:
        return row_id(_read(cursor))
    except NotFound:
        raise wrong() from None


def _named(
    cursor: Annotated[
        str | None,
        Query(description="Of the `Link` header of the page before, as it is.", max_length=LONGEST),
    ] = None,
) -> str | None:
    return None if cursor is None else _read(cursor)


def _read(cursor: str) -> str:
    try:
        return base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise wrong() from None


def wrong() -> Invalid:
    return Invalid(WRONG, problems=(Problem(message=WRONG, path="cursor"),))


# The last one of the page before; a list says which way it goes.
Cursor = Annotated[int | None, Depends(_place)]
# The same, of a list whose members have names and no numbers.
NameCursor = Annotated[str | None, Depends(_named)]
PAGED: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"Link": {"description": "The next page, rel=next.", "schema": {"type": "string"}}}}
}


def page_of(
    request: Request,
    found: Sequence[T],
    limit: int,
    place: Callable[[T], int | str],
    told: Callable[[T], Any],
) -> JSONResponse:
    """An array of at most `limit`; `found` holds one more where there is a next page. `place`: what a cursor names of one."""
    shown = found[:limit]
    answer = answered([told(one) for one in shown])
    if len(found) > limit:
        after = request.url.include_query_params(limit=limit, cursor=_cursor(place(shown[-1])))
        answer.headers["Link"] = f'<{after.path}?{after.query}>; rel="next"'
    return answer


def _cursor(place: int | str) -> str:
    return base64.urlsafe_b64encode(str(place).encode()).decode()
