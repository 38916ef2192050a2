"""A start that is asked for twice is one start: Idempotency-Key, as the IETF's draft has it.

A key belongs to whoever sent it, and to the request that it came with first. It is kept with the run or the fault
that it began, in the same transaction, for as long as that is kept: there is no moment in which a key is known and
what it began is not, so nobody is ever told that a first call is still in progress. What never began, since the
console went down in that moment, leaves its key to the next try.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Header, Request
from fastapi.encoders import jsonable_encoder
from starlette.responses import Response

REPLAYED = "Idempotency-Replayed"
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="A name for this start, such as a UUID: the same request with it again is told the first one's.",
    ),
]


def begun(status: int, what: str) -> dict[int | str, dict[str, Any]]:
    """What the API's description says of an answer that tells what was begun, now or by an earlier call."""
    headers = {
        "Location": {"description": f"The {what}.", "schema": {"type": "string"}},
        REPLAYED: {"description": "`true`: begun by an earlier call.", "schema": {"type": "string"}},
    }
    return {status: {"headers": headers}}


@dataclass(frozen=True, kw_only=True)
class Key:
    key: str | None
    fingerprint: str | None


def key_of(request: Request, given: str | None, *, by: str, asked: Any) -> Key:
    """`asked`: all that makes one request differ from another, besides its address."""
    if given is None:
        return Key(key=None, fingerprint=None)
    plain = json.dumps(jsonable_encoder([request.method, request.url.path, asked]), sort_keys=True)
    return Key(key=f"api:{_digest(json.dumps([by, given.strip(chr(34))]))}", fingerprint=_digest(plain))


def replayed(answer: Response, *, again: bool) -> Response:
    if again:
        answer.headers[REPLAYED] = "true"
    return answer


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
