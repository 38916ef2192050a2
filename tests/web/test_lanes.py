"""However many slow pages are asked for, what ends a fault is answered."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import httpx
import pytest

from tests.web.material import STRICT

pytestmark = pytest.mark.anyio
MANY = 80  # twice as many as there are threads


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize("slow", [("GET", "/experiments"), ("POST", f"/experiments/{STRICT}/run")])
async def test_disarming_waits_for_no_slow_page_and_no_start(
    client: httpx.AsyncClient, console: Any, slow: tuple[str, str]
) -> None:
    entry, may, began = console.faults.armed(), threading.Event(), threading.Event()

    def held(*_: Any, **__: Any) -> Any:
        began.set()
        may.wait(60)
        raise RuntimeError("it was only to be slow")

    console.catalog.all = console.runs.start = held
    asked = [asyncio.create_task(client.request(*slow)) for _ in range(MANY)]
    try:
        assert await asyncio.to_thread(began.wait, 30)
        done = await asyncio.wait_for(client.delete(f"/api/faults/{entry.id}"), 30)
        assert done.status_code == 200, done.text
        assert not console.faults.active()
        assert (await asyncio.wait_for(client.get("/healthz"), 30)).status_code == 200
        assert not any(task.done() for task in asked)
    finally:
        may.set()
        await asyncio.gather(*asked)
