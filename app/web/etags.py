"""Edits that lose nobody's work: what was read has an ETag, and a change names the one that it was made from.

A change without `If-Match` is refused with 428, one of something that has changed since with 412 (RFC 9110, RFC 6585).
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any

from fastapi import Header, Request
from fastapi.encoders import jsonable_encoder

from app.errors import Changed, Unconditional

SHOWN = 32  # characters of the digest
HEADER = "If-Match"
CHANGED = "It has changed since it was read. Read it again, and look at the difference."
# For a route's signature, so that the header is described.
IfMatch = Annotated[
    str | None, Header(alias=HEADER, description="The ETag of what was read.", max_length=1000)
]


def etag_of(value: Any) -> str:
    """A strong ETag, quotes included, of anything that JSON can say. Equal values have equal ones."""
    plain = json.dumps(jsonable_encoder(value), sort_keys=True, separators=(",", ":"))
    return f'"{hashlib.sha256(plain.encode()).hexdigest()[:SHOWN]}"'


def unchanged(request: Request, etag: str) -> bool:
    """Whether whoever asks has it as it is, by `If-None-Match`: the answer is 304 then."""
    asked = request.headers.getlist("If-None-Match")
    named = {one.strip().removeprefix("W/") for line in asked for one in line.split(",")}
    return etag in named or "*" in named


def require_match(request: Request, etag: str, *, needed: bool = True) -> None:
    """Changed (412) where `If-Match` names neither `etag` nor `*`; Unconditional (428) without the header.

    `needed` False: without the header the change is let through, for clients that know of no ETags.
    """
    asked = request.headers.getlist(HEADER)
    if not asked:
        if needed:
            raise Unconditional(
                f"Read it first, and send its ETag along as {HEADER}, so that nobody's change is lost."
            )
        return
    named = {one.strip() for line in asked for one in line.split(",")}
    if etag not in named and "*" not in named:
        raise Changed(CHANGED)


def require_same(seen: str | None, now: str) -> None:
    """The same for a page's form: Changed where what it carries in `seen` is not as it is `now`. None: it carries nothing."""
    if seen is not None and seen != now:
        raise Changed(CHANGED)
