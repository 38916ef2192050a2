"""An emulator of our own: SSM, Lambda and STS as boto3 sees them."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from app.sandbox.emulator import process
from app.settings import Environment


@pytest.fixture(scope="session")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    folder = tmp_path_factory.mktemp("emulator")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    emulator = process.start(port=port, speed=1, data=folder / "data", log_file=folder / "log")
    yield Environment(name="test", region="us-east-2", endpoint_url=emulator.endpoint)
    process.stop(emulator)
