"""A console of stand-ins, and a client that speaks to its routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.access import Access
from app.clock import FrozenClock
from app.web import create_app
from tests.web.material import NOON
from tests.web.stand_ins import FakeConsole, make_console


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOON)


@pytest.fixture
def console(tmp_path: Path, clock: FrozenClock) -> FakeConsole:
    made = make_console(tmp_path, clock)
    yield made
    made.live.close()
    made.storage.close()


@pytest.fixture
def app(console: FakeConsole) -> FastAPI:
    return create_app(console)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.fixture
def access(console: Any, clock: Any) -> Access:
    console.access = Access(console.storage, clock)
    console.settings = replace(console.settings, host="10.0.0.7")
    return console.access


@pytest.fixture
async def signed(console: Any, access: Access) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=create_app(console), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://10.0.0.7:8000") as client:
        yield client
