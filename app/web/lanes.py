"""Room for what ends a fault: whatever many others ask for at once, some of the threads that answer stay free.

Routes run in threads, of which there are forty. A page that waits for something slow holds one, also after its
reader has left; were all of them held, a rollback would wait, too. So reads and starts get a share of them each.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from anyio import CapacityLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

# Of anyio's 40 threads; the rest is for what ends a fault or a run, and for other changes.
READS, STARTS = 22, 10
FREE = frozenset({"/healthz", "/readyz", "/stop", "/login"})
BEGINS = re.compile(r"(POST|PUT|PATCH) (/api/faults(/[^/]+)?|/faults(/[^/]+/deadline)?|/.+/run)")
STREAMS = re.compile(r"/stream|/api/runs/[^/]+/events")
WAITED_FOR = re.compile(r"/api/runs/\d+|/experiments/.+/run")  # where `wait` is a word of the query


class Lanes:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._reads, self._starts = CapacityLimiter(READS), CapacityLimiter(STARTS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        lane = self._lane(scope)
        if lane is None:
            await self.app(scope, receive, send)
            return
        async with lane:
            await self.app(scope, receive, send)

    def _lane(self, scope: Scope) -> CapacityLimiter | None:
        if scope["type"] != "http" or waits(scope["path"], scope["query_string"]):
            return None
        if scope["method"] in ("GET", "HEAD"):
            return None if scope["path"] in FREE else self._reads
        return self._starts if is_start(scope["method"], scope["path"]) else None


def is_start(method: str, path: str) -> bool:
    """Whether it arms, keeps armed, or runs something."""
    return BEGINS.fullmatch(f"{method} {path}") is not None


def waits(path: str, query: bytes) -> bool:
    """Whether it is answered over a long time, and holds no thread meanwhile."""
    if STREAMS.fullmatch(path):
        return True
    return WAITED_FOR.fullmatch(path) is not None and b"wait" in parse_qs(query, keep_blank_values=True)
