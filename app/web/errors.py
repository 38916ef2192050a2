"""One door for everything that goes wrong: the same exception is a page, a fragment, or problem details (RFC 9457)."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from app.errors import (
    Changed,
    Conflict,
    GamedayError,
    Invalid,
    KeyReused,
    NotFound,
    Problem,
    Unavailable,
    Unconditional,
    together,
)
from app.logs import about
from app.web import mistakes
from app.web.total import Json

LOGGER = logging.getLogger("gameday")
MEDIA_TYPE = "application/problem+json"
AGAIN_AFTER = 5  # seconds, where something that is not reachable may be again


class Misdirected(GamedayError):  # noqa: N818  it reads as a sentence
    status = 421
    title = "Not the address of this console"


class Unauthenticated(GamedayError):  # noqa: N818
    status = 401
    title = "Not signed in"


class Forbidden(GamedayError):  # noqa: N818
    status = 403
    title = "Not allowed"


class Foreign(GamedayError):  # noqa: N818
    status = 403
    title = "Not from here"


class TooLarge(GamedayError):  # noqa: N818
    status = 413
    title = "Too large"


class Unspoken(GamedayError):  # noqa: N818
    """What the API speaks, in the request or in the answer, is not what was sent or asked for."""

    title = "Not spoken here"
    status = 415

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status  # type: ignore[misc]  # the class's default, made this answer's own


class TooMany(GamedayError):  # noqa: N818
    status = 429
    title = "Too many at once"
    retryable = True

    def __init__(self, message: str, *, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


class Unexpected(GamedayError):  # noqa: N818
    title = "The console made a mistake"


class Refused(GamedayError):  # noqa: N818
    """An answer of the framework's own, such as 405."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status  # type: ignore[misc]  # the class's default, made this answer's own
        self.title = HTTPStatus(status).phrase  # type: ignore[misc]  # the same
        self.headers = headers or {}


# Each kind of problem with what a client does about it; the API's page has them as anchors.
KINDS: Mapping[type[GamedayError], str] = {
    Invalid: "Something in the request makes no sense; `problems` says what and where. Mend it: the same request will be refused again.",
    KeyReused: "An Idempotency-Key belongs to the request that it came with first. Make a new one for a new request.",
    NotFound: "There is nothing of that name or number, or not any more.",
    Conflict: "Something else stands in the way; `run` or `fault` says which. Wait for its end, end it, or queue behind it with ?queue=true.",
    Unavailable: "AWS or the database does not answer. The same request may work later: see Retry-After.",
    Unauthenticated: "Send a token as `Authorization: Bearer`, or sign in at /login.",
    Forbidden: "The credential's role is too low; an admin can make another one.",
    Foreign: "A page of another site asked for a change. A client that is no browser sends no Origin and no cookie.",
    Misdirected: "The console does not answer for that host name: add it to allowed_hosts in gameday.toml.",
    TooLarge: "The body is larger than 256 KiB.",
    Unspoken: "The API reads JSON (Content-Type: application/json) and answers JSON (Accept: application/json).",
    Changed: "It has changed since it was read (If-Match). Read it again, and look at the difference.",
    Unconditional: "Read it first, and send its ETag along as If-Match.",
    TooMany: "Too many calls of that kind. Try again after Retry-After seconds.",
    Unexpected: "A mistake of the console's own; its log has more. Nothing was armed by the answer itself.",
}  # fmt: skip


def install(app: FastAPI) -> None:
    app.add_exception_handler(GamedayError, _gameday)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def problem(error: GamedayError) -> dict[str, Any]:
    """The members of the JSON answer: RFC 9457's, our problems, and the error's own details."""
    body = {
        "type": type_of(error),
        "title": error.title,
        "status": error.status,
        "detail": str(error),
        **({"problems": [asdict(one) for one in error.problems]} if error.problems else {}),
        **({"retryable": True} if error.retryable else {}),
        **error.details,
    }
    encoded: dict[str, Any] = jsonable_encoder(body)
    return encoded


def type_of(error: GamedayError) -> str:
    """An anchor of the API's page, which says what to do; `about:blank` where the status says it all."""
    known = next((kind for kind in type(error).__mro__ if kind in KINDS), None)
    return "about:blank" if known is None else f"/docs#problem-{slug(known)}"


def slug(kind: type[GamedayError]) -> str:
    """`TooMany` as `too-many`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()


def refuse(error: GamedayError) -> JSONResponse:
    return Json(problem(error), status_code=error.status, media_type=MEDIA_TYPE, headers=_headers(error))


def _headers(error: GamedayError) -> dict[str, str]:
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, TooMany):
        return {"Retry-After": str(error.seconds)}
    if isinstance(error, Unavailable):
        return {"Retry-After": str(AGAIN_AFTER)}
    return dict(error.headers) if isinstance(error, Refused) else {}


def wants_page(request: Request) -> bool:
    """Whether a person's browser asks. Everything under /api speaks JSON."""
    accepted = request.headers.get("accept", "")
    return not request.url.path.startswith("/api/") and ("text/html" in accepted or is_fragment(request))


def is_fragment(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"


def answer(request: Request, error: GamedayError) -> Response:
    if not wants_page(request):
        return refuse(error)
    if isinstance(error, Unauthenticated):
        return _to_login(request)
    show = request.app.state.show
    template = "errors/_error.html" if is_fragment(request) else "errors/page.html"
    if request.app.state.stranger(request):
        template = "errors/stranger.html"
    rendered: Response = show.error(request, template, error)
    rendered.headers.update(_headers(error))
    return rendered


def _to_login(request: Request) -> Response:
    """A stranger sees nothing of the console, not even its armed bar."""
    after = quote(request.url.path) if request.method == "GET" and not is_fragment(request) else "/"
    address = f"/login?after={after}"
    if is_fragment(request):
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": address})
    return RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER)


def _gameday(request: Request, error: Exception) -> Response:
    if not isinstance(error, GamedayError):
        raise error
    if isinstance(error, NotFound) and (methods := _others(request)):
        return answer(request, _not_so(request, methods))
    return answer(request, error)


def _others(request: Request) -> list[str]:
    """Methods of what is at that address, where none of them was asked for: a route that takes every path looked for it."""
    methods: list[str] = request.app.state.allowed(request.url.path)
    return [] if request.method in methods else methods


def _not_so(request: Request, methods: list[str]) -> Refused:
    status = HTTPStatus.METHOD_NOT_ALLOWED
    told = f"{request.method} {request.url.path}: {status.phrase}. There is: {', '.join(methods)}."
    return Refused(status, told, {"Allow": ", ".join(methods)})


def _validation(request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    problems = tuple(Problem(message=mistakes.sentence(one), path=mistakes.place(one)) for one in found)
    return answer(request, Invalid(together(problems), problems=problems))


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == HTTPStatus.NOT_FOUND:
        return answer(request, NotFound(f"There is nothing at {request.url.path}."))
    if status == HTTPStatus.BAD_REQUEST:
        return answer(request, Invalid("The body can not be read. Send JSON in UTF-8."))
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return answer(request, _not_so(request, _others(request)))
    told = f"{request.method} {request.url.path}: {HTTPStatus(status).phrase}."
    headers = error.headers if isinstance(error, HTTPException) else None
    return answer(request, Refused(status, told, headers))


def _unexpected(request: Request, error: Exception) -> Response:
    """Its text goes to the log alone: it may name addresses, files and queries."""
    number = getattr(request.state, "request_id", None)
    told = f"{type(error).__name__}. The log has more" + (f" about request {number}." if number else ".")
    with about(request_id=number):  # it is told outside of its middleware
        LOGGER.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return answer(request, Unexpected(told))
