"""Who may ask what: the address that was asked, where the request comes from, and what a route needs.

A page on the web can make a browser send requests to loopback, and an experiment is code. So the name that was
asked for must be ours (a rebound DNS name makes a page same-origin), and a request that changes anything must
come from our own pages, or from no browser at all.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from anyio import BrokenResourceError, ClosedResourceError
from fastapi import Depends, Request
from fastapi.sse import EventSourceResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access import Access, Credential, Need, may
from app.access.roles import UNHINDERED, least
from app.settings import is_loopback
from app.web.errors import Forbidden, Foreign, Misdirected, TooLarge, Unauthenticated, refuse
from app.web.media import require_spoken
from app.web.parameters import require_known
from app.web.rates import Kind, Rates, kind_of

LOGGER = logging.getLogger(__name__)
SESSION_COOKIE = "gameday_session"
SIGN_IN = (
    "Sign in first: with a one-time link or a token at /login, or send a token as `Authorization: Bearer`."
)
LARGEST_BODY = 256 * 1024
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


@dataclass(frozen=True)
class Needs:
    """A dependency that every route carries; a test walks the route table for it."""

    need: Need

    def __call__(self, request: Request) -> None:
        """Unauthenticated where a login is required and there is none, Forbidden where its role is too low."""
        request.state.need = self.need
        require(request, self.need)
        limit(request, self.need)
        require_spoken(request)
        if self.need not in UNHINDERED:
            require_known(request)


def needs(need: Need) -> Any:
    return Depends(Needs(need))


def require(request: Request, need: Need) -> None:
    """Without a login, as on loopback, everything is allowed: who reaches it is this machine's user."""
    if request.app.state.access is None or need is Need.NOTHING:
        return
    credential = credential_of(request)
    if credential is None:
        raise Unauthenticated(SIGN_IN)
    if not may(credential.role, need):
        raise Forbidden(
            f"{credential.name} is a {credential.role}, and this takes the role {least(need)}. "
            "Ask an admin of this console. Ending faults and runs is open to everybody who is signed in."
        )


def limit(request: Request, need: Need) -> None:
    """TooMany where this caller, by credential or else by address, asks for too much of one kind."""
    route = request.scope.get("route")
    stream = getattr(route, "response_class", None) is EventSourceResponse
    kind = kind_of(request.method, request.url.path, need, stream=stream)
    if kind is not None:
        rates: Rates = request.app.state.rates
        rates.count(kind, caller(request))


def count_wrong_login(request: Request) -> None:
    """TooMany where too many wrong secrets came from an address.

    A right one counts nowhere: whoever shares a guessing stranger's address, behind a proxy for example, comes in.
    """
    rates: Rates = request.app.state.rates
    rates.count(Kind.LOGIN, address_of(request))


def caller(request: Request) -> str:
    credential = credential_of(request)
    return address_of(request) if credential is None else f"credential {credential.id}"


def address_of(request: Request) -> str:
    return request.client.host if request.client else "nobody"


def is_stranger(request: Request) -> bool:
    """Where a login is required: somebody who has not signed in."""
    return request.app.state.access is not None and credential_of(request) is None


def credential_of(request: Request) -> Credential | None:
    """Of the bearer token, or, where there is none, of the session's cookie. Looked up once a request."""
    if not hasattr(request.state, "credential"):
        access: Access | None = request.app.state.access
        secret = presented(request.headers.get("authorization"), request.cookies.get(SESSION_COOKIE))
        request.state.credential = access.find(secret) if access is not None and secret else None
    found: Credential | None = request.state.credential
    return found


def presented(authorization: str | None, cookie: str | None) -> str:
    """The secret to go by. A bearer token is meant; a cookie only comes along."""
    if authorization is None:
        return cookie or ""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def still_allowed(request: Request) -> Callable[[], bool]:
    """Whether whoever opened a stream may go on looking: asked again while it lives."""
    credential, access = credential_of(request), request.app.state.access
    secret = presented(request.headers.get("authorization"), request.cookies.get(SESSION_COOKIE))
    return lambda: access is None or (credential is not None and access.find(secret) is not None)


def who(request: Request) -> str:
    """The person, as far as it is known: without a login, the one who runs the console."""
    credential = credential_of(request)
    name: str = credential.name if credential else request.app.state.person
    return name


class Guard:
    """Refuses requests for another host, and changes that come from another site; adds the headers."""

    def __init__(self, app: ASGIApp, *, allowed_hosts: Iterable[str] = (), addresses: bool = False) -> None:
        """`addresses`: any numeric address is ours, too. A page can rebind a name only."""
        self.app = app
        self._addresses = addresses
        self._allowed = frozenset(host.lower() for host in allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(MutableHeaders(scope=message), scope["path"])
            await send(message)

        if not self.ours(headers.get("host", "")):
            refusal = refuse(Misdirected(_misdirected(headers.get("host", ""))))
            await refusal(scope, receive, guarded)
        elif scope["method"] not in SAFE and not from_here(headers):
            await refuse(Foreign(FOREIGN))(scope, receive, guarded)
        elif _length(headers) > LARGEST_BODY:
            await refuse(TooLarge(f"The body is larger than {LARGEST_BODY // 1024} KiB."))(
                scope, receive, guarded
            )
        else:
            await self._answer(scope, _limited(receive), guarded)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except* (BrokenResourceError, ClosedResourceError):
            # A viewer left in the middle of an event: FastAPI's stream reports that as a failure (its discussion 15725).
            LOGGER.debug("The viewer of %s left", scope["path"])

    def ours(self, host: str) -> bool:
        name = hostname(host)
        if name is None:
            return False
        return is_loopback(name) or name in self._allowed or (self._addresses and is_address(name))


def _length(headers: Headers) -> int:
    told = headers.get("content-length", "0")
    return int(told) if told.isdecimal() else 0


def _limited(receive: Receive) -> Receive:
    """A body without a length is counted as it comes."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > LARGEST_BODY:
            raise TooLarge(f"The body is larger than {LARGEST_BODY // 1024} KiB.")
        return message

    return counted


FOREIGN = (
    "A page of another site asked for this change, so nothing was done. What is armed stays as it is. "
    "Use the console's own pages, or a client that is no browser."
)


def hostname(host: str) -> str | None:
    """The name or address in a Host header, without port; None where there is none."""
    try:
        return urlsplit(f"//{host}").hostname if host and "@" not in host and "/" not in host else None
    except ValueError:
        return None


def is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def from_here(headers: Headers) -> bool:
    """Whether a change comes from our own pages, or from no browser at all."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is None and origin is None:
        return "cookie" not in headers
    return site in (None, "same-origin") and (origin is None or _same(origin, headers.get("host", "")))


def _same(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()


def _misdirected(host: str) -> str:
    return (
        f"This console does not answer for “{host[:100]}”. Open it by its loopback address, "
        "or add the name to allowed_hosts in gameday.toml."
    )


def _add_headers(headers: MutableHeaders, path: str) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)  # a report brings the policy that its own style needs
    if not path.startswith("/static/"):
        headers.setdefault("Cache-Control", "no-store")
