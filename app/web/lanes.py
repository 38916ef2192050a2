"""Room for what ends a fault: whatever many others ask for at once, some of the threads that answer stay free.

Routes run in threads, of which there are forty. A page that waits for something slow holds one, also after its
reader has left; were all of them held, a rollback would wait, too. So reads and starts get a share of them each.
"""

from __future__ import annotations

from anyio import CapacityLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

READS, STARTS = (
    22,
    10,
)  # of anyio's 40 threads; the rest is for what ends a fault or a run, and for other changes
FREE = frozenset({"/healthz", "/readyz", "/stop", "/login"})


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
        return self._starts if scope["path"].endswith("/run") else None


def waits(path: str, query: bytes) -> bool:
    """Whether it is answered over a long time, and holds no thread meanwhile."""
    return path == "/stream" or path.endswith("/events") or b"wait=" in query
