"""One door for everything that goes wrong: the same exception is a page, a fragment, or problem details (RFC 9457)."""

from __future__ import annotations

import logging
from dataclasses import asdict
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from app.errors import GamedayError, Invalid, NotFound, Problem
from app.logs import about

LOGGER = logging.getLogger("gameday")
MEDIA_TYPE = "application/problem+json"


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


class Unexpected(GamedayError):  # noqa: N818
    title = "The console made a mistake"


class Refused(GamedayError):  # noqa: N818
    """An answer of the framework's own, such as 405."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status  # type: ignore[misc]  # the class's default, made this answer's own
        self.title = HTTPStatus(status).phrase  # type: ignore[misc]  # the same


def install(app: FastAPI) -> None:
    app.add_exception_handler(GamedayError, _gameday)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def problem(error: GamedayError) -> dict[str, Any]:
    """The members of the JSON answer: RFC 9457's, our problems, and the error's own details."""
    body = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": str(error),
        **({"problems": [asdict(one) for one in error.problems]} if error.problems else {}),
        **({"retryable": True} if error.retryable else {}),
        **error.details,
    }
    encoded: dict[str, Any] = jsonable_encoder(body)
    return encoded


def refuse(error: GamedayError) -> JSONResponse:
    return JSONResponse(problem(error), status_code=error.status, media_type=MEDIA_TYPE)


def wants_page(request: Request) -> bool:
    """Whether a person's browser asks. Everything under /api speaks JSON."""
    accepted = request.headers.get("accept", "")
    return not request.url.path.startswith("/api/") and ("text/html" in accepted or is_fragment(request))


def is_fragment(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"


def answer(request: Request, error: GamedayError) -> Response:
    if not wants_page(request):
        refused = refuse(error)
        if isinstance(error, Unauthenticated):
            refused.headers["WWW-Authenticate"] = "Bearer"
        return refused
    if isinstance(error, Unauthenticated):
        return _to_login(request)
    show = request.app.state.show
    template = "errors/_error.html" if is_fragment(request) else "errors/page.html"
    rendered: Response = show.error(request, template, error)
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
    return answer(request, error)


def _validation(request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    problems = tuple(Problem(message=_told(one), path=_place(one)) for one in found)
    return answer(request, Invalid("; ".join(map(str, problems)), problems=problems))


def _told(one: dict[str, Any]) -> str:
    if one.get("type") == "extra_forbidden":
        return "There is no such field."
    return f"{one.get('msg', 'is not valid')}."


def _place(one: dict[str, Any]) -> str:
    return ".".join(str(part) for part in one.get("loc", ()) if part not in ("body", "query", "path"))


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == HTTPStatus.NOT_FOUND:
        return answer(request, NotFound(f"There is nothing at {request.url.path}."))
    return answer(
        request, Refused(status, f"{request.method} {request.url.path}: {HTTPStatus(status).phrase}.")
    )


def _unexpected(request: Request, error: Exception) -> Response:
    with about(request_id=getattr(request.state, "request_id", None)):  # it is told outside of its middleware
        LOGGER.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return answer(request, Unexpected(f"{type(error).__name__}: {error}"))
