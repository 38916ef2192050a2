"""Every request is one line of the log, under a number that the answer carries too."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.logs import ACCESS, about

LOGGER = logging.getLogger(ACCESS)
HEADER = "X-Request-ID"
GIVEN = re.compile(r"[\w.-]{8,64}")  # a number that a proxy before us has given
OFTEN = ("/static/", "/healthz", "/readyz", "/metrics")  # asked by machines all day long
SECRET = ("code", "secret", "token")  # names of what stands in an address and lets somebody in
BROKE = 500


class Requests:
    """ASGI middleware, around everything else. The query is never told: links carry secrets in it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        request_id = given if GIVEN.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        began, status = time.monotonic(), BROKE

        async def numbered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        with about(request_id=request_id):
            try:
                await self.app(scope, receive, numbered)
            finally:
                _tell(scope, status, time.monotonic() - began)


def _tell(scope: Mapping[str, Any], status: int, seconds: float) -> None:
    path = shown(scope)
    level = logging.ERROR if status >= BROKE else logging.DEBUG if path.startswith(OFTEN) else logging.INFO
    more = {"method": scope["method"], "path": path, "status": status, "ms": round(seconds * 1000, 1)}
    LOGGER.log(level, "%s %s %s", scope["method"], path, status, extra=more)


def shown(scope: Mapping[str, Any]) -> str:
    """The path, without what lets somebody in."""
    path = str(scope["path"])
    for name, value in scope.get("path_params", {}).items():
        path = path.replace(str(value), "…") if name in SECRET else path
    return path
