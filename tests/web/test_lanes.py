"""However many slow pages are asked for, what ends a fault is answered."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from app.access import Need
from app.web import ROUTES
from app.web.lanes import is_start
from tests.waiting import PATIENCE
from tests.web.material import STRICT
from tests.web.test_guards import need_of

pytestmark = pytest.mark.anyio
MANY = 80  # twice as many as there are threads


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


ARMING = {"store": "orders-chaos", "rate": 1, "deny_list": ["sqs"], "minutes": 5}


@pytest.mark.parametrize("slow", [
    ("GET", "/experiments", None), ("GET", "/experiments?wait=1", None), ("GET", "/api/runs", None),
    ("POST", f"/experiments/{STRICT}/run", None), ("POST", f"/experiments/{STRICT}/run?wait=1", {}),
    ("PUT", "/api/faults", ARMING),
])  # fmt: skip
async def test_disarming_waits_for_no_slow_page_and_no_start(
    client: httpx.AsyncClient, console: Any, slow: tuple[str, str, Any]
) -> None:
    entry, may, began = console.faults.armed(), threading.Event(), threading.Event()

    def held(*_: Any, **__: Any) -> Any:
        began.set()
        may.wait(PATIENCE)
        raise RuntimeError("it was only to be slow")

    console.catalog.all = console.runs.start = console.runs.find = console.faults.arm = held
    method, path, body = slow
    asked = [asyncio.create_task(client.request(method, path, json=body)) for _ in range(MANY)]
    try:
        assert await asyncio.to_thread(began.wait, 30)
        done = await asyncio.wait_for(client.delete(f"/api/faults/{entry.id}"), 60)
        assert done.status_code == 200, done.text
        assert not console.faults.active()
        assert (await asyncio.wait_for(client.get("/healthz"), 60)).status_code == 200
        assert not any(task.done() for task in asked)
    finally:
        may.set()
        await asyncio.gather(*asked)


def test_what_arms_or_runs_is_a_start_and_nothing_else_is() -> None:
    routes = [route for routes in ROUTES for route in routes.routes if isinstance(route, APIRoute)]
    for route in routes:
        for method in route.methods:
            starts = need_of(route) is Need.ARM or route.path.endswith("/run")
            assert is_start(method, route.path) is starts, (method, route.path)
