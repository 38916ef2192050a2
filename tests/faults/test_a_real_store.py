"""The same promises on a parameter that the emulator holds, written to from outside by another client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from app.aws import Aws
from app.clock import FrozenClock
from app.faults import Faults, FaultState, Guardian, Store
from app.live import Live
from app.settings import Environment
from app.storage import Storage
from app.storage.engine import sqlite_url

pytestmark = pytest.mark.sandbox
BEFORE = '{"isEnabled": false}\n'


@pytest.fixture(scope="module")
def environment(emulated: Environment) -> Environment:
    return emulated


@pytest.fixture
def outside(environment: Environment) -> Any:
    """Somebody else's client."""
    return boto3.client(
        "ssm", endpoint_url=environment.endpoint_url, region_name="us-east-2", aws_access_key_id="test",
        aws_secret_access_key="test",
    )  # fmt: skip


@pytest.fixture
def store(outside: Any, request: pytest.FixtureRequest) -> Store:
    name = f"/orders/{request.node.name}"
    outside.put_parameter(Name=name, Value=BEFORE, Type="String")
    return Store(environment="test", name=name)


@pytest.fixture
def faults(environment: Environment, store: Store, tmp_path: Path, clock: FrozenClock) -> Iterator[Faults]:
    storage = Storage(sqlite_url(tmp_path / "ledger.sqlite"))
    storage.migrate()
    environments = {"test": replace(environment, stores=(str(store),))}
    faults = Faults(
        storage=storage, aws=Aws(environments), clock=clock, live=Live(), environments=environments
    )
    yield faults
    faults.close()


def names(outside: Any, store: Store) -> list[str]:
    pages = outside.get_paginator("describe_parameters").paginate()
    return [row["Name"] for page in pages for row in page["Parameters"] if row["Name"].startswith(store.name)]


def test_armed_and_put_back_byte_for_byte(faults: Faults, store: Store, outside: Any, desk: Any) -> None:
    entry = faults.arm(store=store, fault=desk.REFUSED, by="operator", lifetime=timedelta(minutes=1))
    assert outside.get_parameter(Name=store.name)["Parameter"]["Value"] == desk.ARMED
    assert names(outside, store) == [store.name, f"{store.name}.gameday-lock"]
    over = faults.disarm(entry.id, by="operator", why="asked")
    faults.close()
    assert over.state is FaultState.DISARMED
    found = outside.get_parameter(Name=store.name)["Parameter"]
    assert (found["Value"], found["Type"], found["Version"]) == (BEFORE, "String", 3)
    assert names(outside, store) == [store.name]


def test_a_parameter_that_was_not_there_is_deleted_again(
    faults: Faults, store: Store, outside: Any, desk: Any
) -> None:
    outside.delete_parameter(Name=store.name)
    entry = faults.arm(store=store, fault=desk.REFUSED, by="operator", lifetime=timedelta(minutes=1))
    faults.disarm(entry.id, by="operator", why="asked")
    faults.close()
    assert names(outside, store) == []


def test_somebody_elses_value_stands(faults: Faults, store: Store, outside: Any, desk: Any) -> None:
    entry = faults.arm(store=store, fault=desk.REFUSED, by="operator", lifetime=timedelta(minutes=1))
    outside.put_parameter(Name=store.name, Value="theirs", Type="String", Overwrite=True)
    assert faults.disarm(entry.id, by="operator", why="asked").state is FaultState.DRIFTED
    assert outside.get_parameter(Name=store.name)["Parameter"]["Value"] == "theirs"


def test_the_deadline_disarms(
    faults: Faults, store: Store, outside: Any, clock: FrozenClock, desk: Any
) -> None:
    faults.arm(store=store, fault=desk.REFUSED, by="operator", lifetime=timedelta(minutes=1))
    clock.advance(60)
    Guardian(faults=faults, clock=clock).step()
    assert outside.get_parameter(Name=store.name)["Parameter"]["Value"] == BEFORE
