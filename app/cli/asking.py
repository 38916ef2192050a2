"""How commands ask a running console: signed in, with a limit to their patience, and with errors as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from app.cli.rooms import signed
from app.errors import Conflict, GamedayError, Invalid, NotFound, Unavailable

PATIENCE = 60.0  # seconds
ERRORS: Mapping[int, type[GamedayError]] = {404: NotFound, 409: Conflict, 503: Unavailable}


def asked(method: str, server: str, path: str, **given: Any) -> Any:
    """The JSON of the answer. NotFound, Conflict, Invalid as the console says; Unavailable where it does not."""
    address = f"{server.rstrip('/')}{path}"
    try:
        answer = httpx.request(method, address, timeout=PATIENCE, headers=signed(), **given)
        told = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable(f"{server} does not answer ({error}). Start one: gameday serve") from error
    except ValueError as error:
        raise Unavailable(
            f"{server} is no Game day: it answered {answer.status_code}, not in JSON."
        ) from error
    if answer.is_success:
        return told
    raise ERRORS.get(answer.status_code, Invalid)(str(told.get("detail") or told.get("title")))
