"""Speaking to a console: one request, its answer or an error as a sentence."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import fields
from http import HTTPStatus
from typing import Any

import httpx

from app.cli.rooms import let_in, signed
from app.errors import Changed, Conflict, GamedayError, Invalid, NotFound, Problem, Unavailable, Unconditional

PATIENCE = 60.0  # seconds for one answer
BUSY = (429, 503)
PAGE = 500  # of a list at a time: what the API allows
ASIDE = (502, 503, 504)  # of a proxy, whose console does not answer
TOLD = ("findings", "accept", "run", "fault")
LONGEST_WAIT = 60.0  # seconds that a console may ask for before the next try
ERRORS: Mapping[int, type[GamedayError]] = {
    400: Invalid,
    403: Invalid,
    404: NotFound,
    409: Conflict,
    412: Changed,
    413: Invalid,
    415: Invalid,
    421: Invalid,
    422: Invalid,
    428: Unconditional,
    429: Unavailable,
}


class Unclear(Unavailable):
    """What was asked may or may not have been done."""


class Away(Unclear):
    """Nobody answers at that address. `details["said"]`: only that."""


class Api:
    """A console at an address. Threads share it."""

    def __init__(self, server: str) -> None:
        self.server = server.rstrip("/")
        self.client = httpx.Client(base_url=self.server, headers=signed(), timeout=PATIENCE)

    def json(self, method: str, path: str, **given: Any) -> Any:
        """Away where nobody answers; else the error that the console gives."""
        return self.bytes(method, path, **given).json()

    def bytes(self, method: str, path: str, **given: Any) -> httpx.Response:
        try:
            answer = self.client.request(method, path, **given)
        except httpx.TransportError as error:
            said = f"{self.server} does not answer ({error})."
            raise Away(f"{said} Start one: gameday serve", said=said) from error
        except httpx.InvalidURL as error:
            raise Invalid(f"--server {self.server}: that is no address ({error}).") from error
        if answer.is_success:
            return answer
        raise self._refused(answer)

    def _refused(self, answer: httpx.Response) -> GamedayError:
        """With what it says besides: `findings`, `accept`, and by which `run` or `fault` it is busy."""
        status = answer.status_code
        if status == HTTPStatus.UNAUTHORIZED:
            return Invalid(let_in(self.server))
        told = _json(answer)
        why = str(told.get("detail") or told.get("title") or f"{self.server} answered {status}.")
        if after := _after(answer):
            return Unavailable(why, after=after)
        if status in ASIDE:
            return Away(why)
        kind = ERRORS.get(status, Unclear)
        return kind(why, problems=_problems(told), **{key: told[key] for key in TOLD if key in told})

    def all(self, path: str, *, params: Mapping[str, Any], most: int | None = None) -> list[dict[str, Any]]:
        """A list's members page after page, by the links that the console gives; the first `most`, where that is said."""
        page = self.bytes("GET", path, params={**params, "limit": min(most or PAGE, PAGE)})
        found: list[dict[str, Any]] = page.json()
        while "next" in page.links and (most is None or len(found) < most):
            page = self.bytes("GET", page.links["next"]["url"])
            found += page.json()
        return found[:most]

    def patiently(self, method: str, path: str, *, seconds: float, **given: Any) -> Any:
        """The same call again while nobody answers, or the console is busy. Only for what may be asked twice."""
        ends = time.monotonic() + seconds
        while True:
            try:
                return self.json(method, path, **given)
            except (Away, Unavailable) as error:
                wait = min(float(str(error.details.get("after") or 1)), LONGEST_WAIT)
                if (
                    not (isinstance(error, Away) or "after" in error.details)
                    or time.monotonic() + wait > ends
                ):
                    raise
            time.sleep(wait)


def _after(answer: httpx.Response) -> float:
    """Seconds that a busy console asks to wait; 0 where it asks for nothing."""
    after = answer.headers.get("retry-after", "")
    return float(after) if answer.status_code in BUSY and after.isdigit() else 0.0


def _json(answer: httpx.Response) -> Mapping[str, Any]:
    """Problem details; nothing where it is no console that answers, such as a proxy."""
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _problems(told: Mapping[str, Any]) -> tuple[Problem, ...]:
    names = [field.name for field in fields(Problem)]
    given = [one for one in told.get("problems") or () if isinstance(one, dict) and "message" in one]
    return tuple(Problem(**{name: one[name] for name in names if name in one}) for one in given)
