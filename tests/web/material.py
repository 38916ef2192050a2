"""What the stand-ins are made of: an experiment as it is read, and what its signals show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from app.access import Access, Kind, Role
from app.dialects import Fault, FaultMode
from app.errors import Problem
from app.queries import Query, Term, Tolerance

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ARMED = (
    b'{"isEnabled": true, "failureMode": "denylist", "rate": 0.5, "denylist": ["dynamodb.*.amazonaws.com"]}'
)
OLD = (
    '{"isEnabled": true, "failureMode": "blacklist", "rate": 0.5, "blacklist": ["dynamodb.*.amazonaws.com"]}'
)
OFF = b'{"isEnabled": false}'
DENY = Fault(mode=FaultMode.DENYLIST, rate=0.5, deny_list=("dynamodb.*.amazonaws.com",))
STRICT = "serverless-etl/exp_2-strict"


def query(name: str) -> Query:
    return Query(document=f'[{{"Id": "{name}"}}]', result=name, window=300)


def signal(
    name: str, low: float, high: float, *, unit: str = "%", terms: Sequence[str] = ()
) -> SimpleNamespace:
    text = f"= {low:g}" if low == high else f"{low:g} … {high:g} {unit}".replace("-", "−")
    return SimpleNamespace(
        key=name, id=query(name).id, name=name, tolerance=Tolerance(low=low, high=high), tolerance_text=text,
        query=query(name), unit=unit, terms=tuple(Term(id=label, label=label) for label in terms),
    )  # fmt: skip


SIGNALS = (
    signal("zero-sns-errors", 0, 0, unit=""),
    signal("messages-in-flight", -10, 20, terms=("messages in", "CSV out", "DynamoDB writes")),
    signal("normal-error-rates", 0, 5),
)


def step(kind: str, name: str, sentence: str = "", seconds: float | None = None) -> SimpleNamespace:
    return SimpleNamespace(kind=kind, name=name, sentence=sentence, seconds=seconds, background=False)


STEPS = (
    step("before", "Steady state before", "3 probes"),
    step("activity", "Enable Lambda failure: BLACKLIST"),
    step("pause", "Pause", "5 min", 300),
    step("after", "Steady state after", "3 probes"),
    step("rollback", "Disable Lambda failures", "rollback"),
)
READING = SimpleNamespace(
    signals=SIGNALS, steps=STEPS, expected_seconds=320.0,
    intents=(SimpleNamespace(store=("ssm", "failureLambdaConfig"), value=OLD, activity=STEPS[1].name, phase="method", index=0),),
)  # fmt: skip


def experiment(name: str, title: str, *problems: Problem, tags: Sequence[str] = ("etl",)) -> SimpleNamespace:
    return SimpleNamespace(
        id=name, file=f"{name}.json", title=title, description="Disrupt access to DynamoDB.", tags=tuple(tags),
        document={"title": title}, problems=problems, valid=not problems,
    )  # fmt: skip


def within() -> dict[str, Any]:
    parts = {"messages in": 598.0, "CSV out": 594.0, "DynamoDB writes": 590.0}
    return {
        query("messages-in-flight").id: lambda ago: (1.6 + math.sin(ago / 9), parts),
        query("normal-error-rates").id: lambda ago: (1.0 + 0.4 * math.sin(ago / 15), {}),
        query("zero-sns-errors").id: lambda _: (0.0, {}),
    }


def outside(since: float = 110) -> dict[str, Any]:
    """In flight climbs from `since` seconds ago."""
    parts = {"messages in": 598.0, "CSV out": 594.0, "DynamoDB writes": 243.0}

    def climbs(ago: float) -> tuple[float, dict[str, float]]:
        return 1.6 + math.sin(ago / 9) + max(0.0, since - ago) / since * 28, parts

    return {**within(), query("messages-in-flight").id: climbs}


def bearer(access: Access, role: Role, name: str = "ci") -> dict[str, str]:
    made = access.issue(Kind.TOKEN, name=name, role=role, lifetime=timedelta(days=1), by="maria")
    return {"authorization": f"Bearer {made.secret}"}
