"""A world for each case: its own folder and oracle, one emulator for all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import Environment
from tests.crash.harness import World, emulators
from tests.crash.oracle import Oracle


@pytest.fixture
def world(tmp_path: Path, emulated: Environment) -> Iterator[World]:
    assert emulated.endpoint_url
    oracle = Oracle(upstream=emulated.endpoint_url)
    oracle.start()
    made = World(folder=tmp_path, oracle=oracle, ssm=emulators(emulated.endpoint_url, "ssm"))
    yield made
    made.end()
    oracle.stop()
