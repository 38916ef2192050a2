"""What the emulator answers to: programs on this machine, never a web page.

Any page a person visits can send requests to a port of their machine. The emulator runs code
(Lambda), so a request that bears the marks of a browser is refused before ministack sees it:
`Origin`, `Sec-Fetch-Site` of another site, or a `Host` that is neither loopback nor a name that only
AWS hands out (a name of the attacker's own can be made to resolve to loopback).
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

HEALTH = "/_gameday/health"
AWS_SUFFIXES = (".localhost", ".amazonaws.com", ".on.aws")  # virtual-hosted buckets, workers, function URLs
BROWSERS_SAY = ("cross-site", "same-site")


def refusal(headers: Mapping[str, str]) -> str | None:
    """Why a request with these (lower case) headers is not answered, as a sentence; None: it is."""
    if "origin" in headers:
        return "The emulator does not answer web pages: the request carries an Origin header."
    if headers.get("sec-fetch-site") in BROWSERS_SAY:
        return "The emulator does not answer web pages: a browser sent the request for another site."
    host = headers.get("host", "")
    if not is_ours(host):
        return f"The emulator answers on loopback names only, not as {host!r}."
    return None


def is_ours(host: str) -> bool:
    """Whether a Host header (with or without port) is loopback or a name of AWS."""
    name = _without_port(host).lower().rstrip(".")
    if name == "localhost" or name.endswith(AWS_SUFFIXES):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def guarded(app: Asgi, health: Mapping[str, object]) -> Asgi:
    """`app` behind the rules above, with a health page that says who it is."""

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await app(scope, receive, send)
            return
        why = refusal(_headers(scope))
        if why is not None:
            await _refuse(scope, send, why)
        elif scope["type"] == "http" and scope["path"] == HEALTH:
            await _answer(send, 200, dict(health))
        else:
            await app(scope, receive, send)

    return guard


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


async def _refuse(scope: Scope, send: Send, why: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": why})
        return
    await _answer(send, 403, {"__type": "AccessDeniedException", "message": why})


async def _answer(send: Send, status: int, body: Mapping[str, object]) -> None:
    payload = json.dumps(body).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(payload)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": payload})
