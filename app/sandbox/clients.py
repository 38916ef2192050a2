"""AWS clients of the sandbox: always the emulator's address and made-up credentials, never a person's own."""

from __future__ import annotations

import os
import threading
from collections.abc import MutableMapping
from typing import Any

import boto3
from botocore.config import Config

REGION = "us-east-2"
LOOPBACK = "127.0.0.1,localhost"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
CONFIG = Config(
    region_name=REGION,
    connect_timeout=3,
    read_timeout=30,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=20,
    parameter_validation=False,  # a third of the time of a call, and our calls do not change
)


class Clients:
    """One client for each service, shared by threads."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._session = boto3.session.Session(
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )
        self._made: dict[str, Any] = {}
        self._lock = threading.Lock()  # boto3 makes clients in one thread at a time only

    def __call__(self, service: str) -> Any:
        with self._lock:
            if service not in self._made:
                self._made[service] = self._session.client(service, endpoint_url=self.endpoint, config=CONFIG)
            return self._made[service]


def isolate(environ: MutableMapping[str, str] = os.environ) -> None:
    """Make this process, and the runs it starts, see the sandbox's AWS credentials only."""
    for name in [name for name in environ if name.startswith("AWS_")]:
        del environ[name]
    environ.update(
        CREDENTIALS,
        AWS_DEFAULT_REGION=REGION,
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
    )
    for name in ("NO_PROXY", "no_proxy"):
        environ[name] = ",".join(part for part in (environ.get(name), LOOPBACK) if part)
