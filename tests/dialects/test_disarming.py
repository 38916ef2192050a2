"""What "off" takes in each version, as `dialects.md` has it from running them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.dialects import DIALECTS, DisarmPlan, Fault, FaultMode, disarm_plan

REFUSED = Fault(mode=FaultMode.DENYLIST, rate=0.5, deny_list=("s3.*",))
LATE = Fault(mode=FaultMode.LATENCY, rate=0.5, min_latency=1, max_latency=2)
FULL = Fault(mode=FaultMode.DISKSPACE, rate=1, disk_space=1.048576)
FLUSHED = DisarmPlan(
    propagation=60, flush='{"latency": {"enabled": true, "percentage": 0}}', flush_seconds=60
)


@pytest.mark.parametrize(
    ("fault", "dialect", "given", "plan"),
    [
        (REFUSED, "failure-lambda/0.2", {"version": "0.2.0"}, DisarmPlan(recycle=True)),
        (REFUSED, "failure-lambda/0.2", {}, DisarmPlan(recycle=True)),
        (LATE, "failure-lambda/0.2", {}, DisarmPlan()),
        (REFUSED, "failure-lambda/0.x", {"version": "0.4.1"}, DisarmPlan(recycle=True)),
        (REFUSED, "failure-lambda/0.x", {"version": "0.4.2"}, DisarmPlan()),
        (REFUSED, "failure-lambda/0.x", {"version": "0.4.4"}, DisarmPlan()),
        (REFUSED, "failure-lambda/0.x", {"version": "0.4.4", "kind": "appconfig"}, DisarmPlan(propagation=45)),
        (REFUSED, "failure-lambda/0.x", {}, DisarmPlan()),
        (LATE, "failure-lambda/1.x", {}, DisarmPlan(propagation=60)),
        (LATE, "failure-lambda/1.x", {"cache_ttl": 5.0}, DisarmPlan(propagation=5)),
        (LATE, "failure-lambda/1.x", {"kind": "appconfig"}, DisarmPlan(propagation=45)),
        (REFUSED, "failure-lambda/1.x", {"version": "1.0.0"}, FLUSHED),
        (FULL, "failure-lambda/1.x", {}, FLUSHED),
        (REFUSED, "failure-lambda/1.x", {"wrapper": True}, DisarmPlan(propagation=60)),
        (REFUSED, "failure-lambda/1.x", {"cache_ttl": 0.0}, replace(FLUSHED, propagation=0, flush_seconds=10)),
        (LATE, "failure-lambda/0.x", {"kind": "appconfig", "poll": 300.0}, DisarmPlan(propagation=300)),
        (LATE, "failure-lambda/1.x", {"kind": "appconfig", "poll": 5.0, "cache_ttl": 30.0}, DisarmPlan(propagation=35)),
        (LATE, "chaos_lambda/0.3", {}, DisarmPlan()),
        (Fault(mode=FaultMode.CONCURRENCY, rate=1, limit=0), "lambda-concurrency", {}, DisarmPlan()),
    ],
)  # fmt: skip
def test_the_plan_of_a_version(fault: Fault, dialect: str, given: dict[str, Any], plan: DisarmPlan) -> None:
    assert disarm_plan(fault, dialect, **given) == plan


def test_what_flushes_arms_nothing() -> None:
    assert FLUSHED.flush is not None
    assert not DIALECTS["failure-lambda/1.x"].is_armed(FLUSHED.flush)
    assert DIALECTS["failure-lambda/1.x"].parse(FLUSHED.flush) is None


def test_a_full_disk_is_said_to_stay_in_versions_that_never_clean_it() -> None:
    assert "/tmp" in disarm_plan(FULL, "failure-lambda/0.x").left
