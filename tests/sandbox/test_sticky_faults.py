"""The real failure-lambda 0.4.4 in real Node.js: what sticks, what clears it, and that the console tells both."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.aws import Aws
from app.clock import SystemClock
from app.dialects import Fault, FaultMode
from app.evidence import Evidence, explain
from app.faults import Faults, FaultState, Store
from app.live import Live
from app.sandbox.names import PARAMETER
from app.storage import Storage
from app.storage.engine import sqlite_url
from tests.waiting import until

pytestmark = [pytest.mark.sandbox]
HALF = Fault(mode=FaultMode.DENYLIST, rate=0.5, deny_list=("dynamodb.*.amazonaws.com",))
ALL = Fault(mode=FaultMode.DENYLIST, rate=1, deny_list=("dynamodb.*.amazonaws.com",))


@pytest.fixture
def rooms(sandbox: Any, tmp_path: Path) -> Iterator[tuple[Faults, Evidence]]:
    """Our own ledger and collector on the sandbox's AWS, with its console not running."""
    environments = sandbox.settings().environments
    storage = Storage(sqlite_url(tmp_path / "one.sqlite"))
    storage.migrate()
    aws, clock = Aws(environments), SystemClock()
    faults = Faults(storage=storage, aws=aws, clock=clock, live=Live(), environments=environments)
    yield faults, Evidence(aws=aws, clock=clock, environments=environments)
    for entry in faults.active():
        faults.disarm(entry.id, by="test", why="the test ended")
    faults.close()
    storage.close()


def struck(evidence: Evidence, entry: Any) -> int:
    """Interceptions since the fault was armed, by a look at the logs that nobody shares."""
    fresh = Evidence(evidence._aws, SystemClock())
    return fresh.proof(entry.environment, entry.functions, entry.dialect, entry.armed_at).interceptions


def test_a_rate_of_zero_clears_no_warm_container_and_our_disarm_does(
    rooms: Any, clients: Any, control: Any, sandbox: Any
) -> None:
    faults, evidence = rooms
    control.set_variant("returns-early")
    control.set_rate(20)
    name = sandbox.settings().default_environment
    store = Store(environment=name, name=PARAMETER)
    entry = faults.arm(store=store, fault=ALL, by="test", lifetime=timedelta(minutes=3))
    assert (entry.dialect, entry.functions) == ("failure-lambda/0.x", ("ChaosTransformer",))
    until(lambda: struck(evidence, entry) > 20)
    # Somebody turns the rate down by hand. The console would call that drift; here it is what it would be like.
    value = clients("ssm").get_parameter(Name=PARAMETER)["Parameter"]["Value"]
    clients("ssm").put_parameter(
        Name=PARAMETER, Type="String", Overwrite=True, Value=value.replace('"rate": 1', '"rate": 0')
    )
    at_zero = struck(evidence, entry)
    until(lambda: struck(evidence, entry) > at_zero + 40)
    clients("ssm").put_parameter(Name=PARAMETER, Type="String", Overwrite=True, Value=value)
    over = faults.disarm(entry.id, by="test", why="asked")
    assert over.state is FaultState.DISARMED

    def quiet() -> bool:
        seen = evidence.proof(entry.environment, entry.functions, entry.dialect, entry.armed_at)
        return seen.last_seen is not None and SystemClock().now() - seen.last_seen > timedelta(seconds=8)

    until(quiet)


def test_a_share_of_half_sticks_to_containers_and_the_page_says_so(
    rooms: Any, control: Any, sandbox: Any
) -> None:
    faults, evidence = rooms
    control.set_variant("returns-early")
    control.set_rate(20)
    store = Store(environment=sandbox.settings().default_environment, name=PARAMETER)
    entry = faults.arm(store=store, fault=HALF, by="test", lifetime=timedelta(minutes=3))

    def measured() -> Any:
        proof = evidence.proof(entry.environment, entry.functions, entry.dialect, entry.armed_at)
        return proof.of > 200 and proof

    proof = until(measured)
    assert proof.share > 0.7  # asked for a half: every container that was hit once is hit each time
    told = explain(proof, entry.fault, entry.functions, entry.dialect)
    assert "asked for 50 %" in told
    assert "a warm container that was hit once is hit every time" in told
