"""A really started emulator for the session, and clients of it."""

import time

import boto3
import pytest
from botocore.config import Config

from app.sandbox.emulator.process import start, stop
from tests.ports import free_port

SPEED = 10
MINUTE = 60 // SPEED  # seconds
REGION = "us-east-2"


@pytest.fixture(scope="session")
def emulator(tmp_path_factory):
    folder = tmp_path_factory.mktemp("emulator")
    running = start(port=free_port(), speed=SPEED, data=folder / "data", log_file=folder / "emulator.log")
    yield running
    stop(running)


@pytest.fixture(scope="session")
def client(emulator):
    """Makes boto3 clients of the emulator: `client("sqs")`."""
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
    made = {}

    def make(service):
        if service not in made:
            config = Config(retries={"max_attempts": 1})
            made[service] = session.client(service, endpoint_url=emulator.endpoint, config=config)
        return made[service]

    yield make
    for one in made.values():
        one.close()


@pytest.fixture
def fresh_minute():
    """Waits for a minute to begin, so that what a test does falls into one."""

    def wait():
        second = time.time()
        if second % MINUTE > MINUTE / 3:
            time.sleep(MINUTE - second % MINUTE)
        return int(time.time()) // MINUTE * MINUTE

    return wait


@pytest.fixture
def minute_over():
    """Waits until the minute that began at `second` is over."""

    def wait(second):
        time.sleep(max(0.0, second + MINUTE + 0.05 - time.time()))

    return wait
