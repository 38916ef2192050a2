"""A console of stand-ins behind a real server, with a login: what a client of the API meets."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from app.access import Access, Kind, Role
from app.clock import FrozenClock
from app.runs import Verdict
from app.settings import Channel
from app.shipped import shipped
from app.web import create_app
from app.web.rates import Rates
from app.web.schedule_shapes import NIGHTLY
from tests.waiting import PATIENCE
from tests.web.stand_ins import FakeConsole, make_console

FILE = shipped("experiments") / "serverless-etl" / "exp_2-strict.json"


class Served:
    """Where it answers, and what lets an admin in."""

    def __init__(self, console: FakeConsole, url: str) -> None:
        self.console, self.url = console, url
        self._token = ""

    @property
    def token(self) -> str:
        """A new one where somebody has revoked the last one, as any test of the tokens may."""
        access = self.console.access
        assert access is not None
        if access.find(self._token) is None:
            made = access.issue(
                Kind.TOKEN, name="ci", role=Role.ADMIN, lifetime=timedelta(days=1), by="maria"
            )
            self._token = made.secret
        return self._token


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("served")
    clock = FrozenClock(datetime.now(UTC))
    console = make_console(folder, clock)
    console.settings = replace(console.settings, host="10.0.0.7")
    console.access = Access(console.storage, clock)
    fill(console)
    app = create_app(console)
    app.state.rates = Rates({})  # limits have tests of their own; here they would hide what lies behind them
    with listening(app) as url:
        yield Served(console, url)
    console.live.close()
    console.storage.close()


@contextmanager
def listening(app: Any) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        free.listen(128)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [free]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{free.getsockname()[1]}"
        server.should_exit = True
        thread.join(PATIENCE)


def fill(console: FakeConsole) -> None:
    """So that the description's examples are there: run 41, fault 1, schedule 1, and something of every kind."""
    console.settings.channels["ops"] = Channel(name="ops", url="json://receiver.example")
    console.schedules.create(NIGHTLY, by="maria")
    first = console.runs.add(verdict=Verdict.HELD)
    console.runs.tell(first.id, "verdict", verdict="held")
    console.runs.add()
    file = Path(shutil.copy(FILE, console.settings.folder))
    for experiment in console.catalog.known:
        experiment.path = file
    console.faults.armed()
    console.faults.armed(run_id="42")
    console.faults.lever.set(None, engaged=False, by="maria", why="over")
