"""Preflight as it asks AWS and the ledger: what is found out before a run, and that looking changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.aws import Denied, InMemoryAws, InMemoryFunctions, InMemoryParameters, Throttled
from app.clock import FrozenClock
from app.dialects import Fault, FaultMode
from app.errors import Conflict, Unavailable
from app.experiments import FaultIntent, Reading
from app.experiments.extension import StopCondition
from app.faults import Faults, Store
from app.live import Live
from app.metrics import Sample
from app.queries import Query, Tolerance
from app.runs.checks import Finding
from app.runs.preflight import Preflight
from app.runs.rooms import Patience
from app.settings import Environment
from app.storage import Storage
from app.storage.engine import sqlite_url

OFF, ARMED = (
    '{"isEnabled": false}',
    '{"isEnabled": true, "failureMode": "denylist", "rate": 1, "denylist": ["x"]}',
)
STORE = Store(environment="test", name="p")
LATE = Fault(mode=FaultMode.LATENCY, rate=1, min_latency=5, max_latency=5)
QUERY = Query(document='[{"Id": "a"}]', result="a", window=300)


class Iam:
    """Who calls is a role, of which IAM says `decision` for every action; None: it may not be asked."""

    def __init__(self) -> None:
        self.decision: str | None = None
        self.asked: list[str] = []

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": "arn:aws:sts::1:assumed-role/gameday/me" if self.decision else "arn:aws:iam::1:root"}

    def simulate_principal_policy(self, **asked: Any) -> dict[str, Any]:
        self.asked += asked["ResourceArns"]
        rows = [{"EvalActionName": name, "EvalDecision": self.decision} for name in asked["ActionNames"]]
        return {"EvaluationResults": rows}


class Desk:
    """A console's rooms below preflight, and what is known of an experiment that arms `p`."""

    def __init__(self, folder: Path, clock: FrozenClock) -> None:
        self.clock, self.iam = clock, Iam()
        self.storage = Storage(sqlite_url(folder / "one.sqlite"))
        self.storage.migrate()
        self.parameters = InMemoryParameters({"p": OFF})
        self.functions = InMemoryFunctions({"f": ("p", "0.4.4")})
        clients = {"iam": self.iam, "sts": self.iam, "cloudwatch": None, "resourcegroupstaggingapi": None}
        self.aws = InMemoryAws(parameters=self.parameters, functions=self.functions, clients=clients)
        self.environment = Environment(name="test")
        self.faults = Faults(
            storage=self.storage,
            aws=self.aws,
            clock=clock,
            live=Live(),
            environments={"test": self.environment},
        )
        self.sample: Sample | None = None
        self.arrives: float | None = None  # what CloudWatch has where it is asked
        self.unread = ""
        self.troubles_: tuple[str, ...] = ()

    def look(
        self, *, stop: tuple[StopCondition, ...] = (), values: tuple[str, ...] = (ARMED,), **environment: Any
    ) -> dict[str, Finding]:
        intents = [
            FaultIntent(store=("ssm", "p"), value=value, activity="Arm", phase="method", index=index)
            for index, value in enumerate(values)
        ]
        signal = SimpleNamespace(name="flight", query=QUERY, tolerance=Tolerance(high=1.0))
        reading = Reading(intents=tuple(intents), signals=(signal,), steps=(), expected_seconds=600)
        self.preflight = Preflight(
            faults=self.faults,
            aws=self.aws,
            evidence=self,
            metrics=self,
            clock=self.clock,
            patience=Patience(),
        )
        place = Environment(name="test", **environment)
        return {finding.code: finding for finding in self.preflight.look(reading, place, stop=stop)}

    def invocations_a_second(self, *_asked: Any) -> float | None:
        return 20

    def troubles(self, *_asked: Any) -> tuple[str, ...]:
        return self.troubles_

    def observed_delay(self, _environment: str) -> float | None:
        return None

    def latest(self, _environment: str, _query: str) -> Sample | None:
        return self.sample

    def look_at(self, environment: Environment, queries: list[Query]) -> str:
        assert (environment.name, queries) == ("test", [QUERY])
        if self.arrives is not None:
            self.measure(self.arrives)
        return self.unread

    def measure(self, value: float | None, *, ago: float = 0) -> None:
        at = self.clock.now() - timedelta(seconds=ago)
        self.sample = Sample(environment="test", query=QUERY.id, at=at, value=value, parts={})


@pytest.fixture
def desk(tmp_path: Path, clock: FrozenClock) -> Iterator[Desk]:
    made = Desk(tmp_path, clock)
    yield made
    made.faults.close()
    made.storage.close()


def arm(desk: Desk) -> None:
    desk.faults.arm(store=STORE, fault=LATE, by="ann", lifetime=timedelta(minutes=5))


def test_a_store_that_is_as_it_should_be(desk: Desk) -> None:
    desk.measure(0.5)
    desk.iam.decision = "allowed"
    found = desk.look(dead_mans_switch_role="arn:aws:iam::1:role/switch")
    assert {code: str(one.level) for code, one in found.items()} == {
        "signals": "ok", "dialect": "ok", "idle": "ok", "permission": "ok", "disarm-plan": "ok",
    }  # fmt: skip
    assert "failure-lambda 0.4.4, read from the deployment package (certain)" in found["dialect"].sentence


@pytest.mark.parametrize(
    ("change", "code", "level", "words"),
    [
        (arm, "armed", "refusal", "ssm:p is armed by ann"),
        (lambda desk: desk.faults.engage(None, by="ann", why="no"), "lever", "refusal", "engaged by ann"),
        (lambda desk: desk.functions.functions.clear(), "no-function", "warning", "No function that is known reads"),
        (lambda desk: desk.functions.functions.update(f=("p", None)), "library", "warning", "No fault library"),
        (lambda desk: desk.functions.functions.update(f=("p", "0.2.0")), "translated", "warning", "failure-lambda/0.2"),
        (lambda desk: desk.functions.details.update(f={"keep_alive": True}), "keep-alive", "warning", "keep connections"),
        (lambda desk: desk.parameters.delete("p"), "missing", "warning", "There is no ssm:p yet"),
        (lambda desk: desk.parameters.write("p", ARMED), "armed-outside", "warning", "not this console's"),
        (lambda desk: setattr(desk.iam, "decision", "implicitDeny"), "permission", "refusal", "may not ssm:GetParameter"),
        (lambda desk: None, "permission-unknown", "warning", "IAM can not be asked about arn:aws:iam::1:root"),
        (lambda desk: None, "dead-mans-switch", "warning", "There is no dead man's switch in test"),
        (lambda desk: None, "no-data", "warning", "No fresh data for flight"),
        (lambda desk: desk.measure(None), "no-data", "warning", "flight"),
        (lambda desk: desk.measure(0.5, ago=3600), "no-data", "warning", "flight"),
        (lambda desk: setattr(desk, "unread", "CloudWatch is silent."), "no-data", "warning", "flight could not be looked at: CloudWatch is silent."),
        (lambda desk: setattr(desk, "arrives", 2.0), "outside", "warning", "flight is outside"),
        (lambda desk: setattr(desk, "arrives", 0.5), "signals", "ok", "has data and is within"),
        (lambda desk: desk.measure(2), "outside", "warning", "flight is outside"),
        (lambda desk: setattr(desk, "troubles_", ("There is no log group x.",)), "log", "warning", "no log group x"),
    ],
)  # fmt: skip
def test_what_is_found_out(
    desk: Desk, change: Callable[[Desk], object], code: str, level: str, words: str
) -> None:
    change(desk)
    finding = desk.look()[code]
    assert (str(finding.level), words in finding.sentence) == (level, True), finding.sentence
    assert finding.remedy or level == "ok"


def test_iam_is_asked_about_the_store_its_lock_and_the_switch_in_the_accounts_own_partition(
    desk: Desk,
) -> None:
    desk.iam.decision = "allowed"
    desk.aws.partition = "aws-us-gov"
    desk.look(dead_mans_switch_role="arn:aws-us-gov:iam::1:role/switch")
    there = "arn:aws-us-gov:{}:us-east-2:000000000000:{}"
    assert desk.iam.asked == [
        there.format("ssm", "parameter/p"), there.format("ssm", "parameter/p.gameday-lock"),
        there.format("scheduler", "schedule/default/gameday-*"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("error", "code", "raised"),
    [
        (Denied("It is not allowed."), "unreadable", Conflict),
        (Unavailable("AWS does not answer."), "unreachable", Unavailable),
        (Throttled("Too many."), "unreachable", Unavailable),
    ],
)
def test_what_cannot_be_read_is_refused(
    desk: Desk, error: Exception, code: str, raised: type[Exception]
) -> None:
    """For good where AWS says no; to be tried again where it says nothing, and nothing else is in the way."""

    def refuse(call: str, name: str) -> None:
        if call in ("get", "describe", "put"):
            raise error

    desk.parameters.before = refuse
    found = desk.look(probe_by_writing=True)
    assert str(found[code].level) == "refusal"
    with pytest.raises(raised):
        desk.preflight.refuse(list(found.values()))
    desk.faults.engage(None, by="ann", why="no")
    with pytest.raises(Conflict):
        desk.preflight.refuse(list(desk.look().values()))


def test_what_somebody_wrote_since_the_last_fault_is_told(desk: Desk) -> None:
    arm(desk)
    (entry,) = desk.faults.active()
    desk.faults.disarm(entry.id, by="ann", why="asked")
    assert "changed" not in desk.look()
    desk.parameters.write("p", "{}")
    assert "changed by somebody else since" in desk.look()["changed"].sentence


def test_a_busy_console_remembers_the_last_fault_of_each_store_and_who_armed_beside_a_run(desk: Desk) -> None:
    arm(desk)
    (entry,) = desk.faults.active()
    began = desk.clock.now()
    over = desk.faults.disarm(entry.id, by="ann", why="asked")
    for number in range(250):
        other = replace(over, store=Store(environment="test", name=f"p{number}"), functions=())
        desk.faults.ledger.intend(replace(other, created_at=began + timedelta(hours=1)))
    desk.parameters.write("p", "{}")
    assert "changed by somebody else since" in desk.look()["changed"].sentence
    since, until = began - timedelta(minutes=1), began + timedelta(minutes=1)
    assert len(desk.faults.others_on("test", "7", over.functions, since, until)) == 1


def test_a_blackout_refuses(desk: Desk) -> None:
    now = desk.clock.now()
    window = (now - timedelta(hours=1), now + timedelta(hours=1))
    assert str(desk.look(blackouts=(window,))["blackout"].level) == "refusal"


@pytest.mark.parametrize(
    ("error", "code"),
    [(Denied("It is not allowed."), "alarm"), (Unavailable("It is silent."), "unreachable")],
)
def test_alarms_that_can_not_be_read_refuse(
    desk: Desk, monkeypatch: Any, error: Exception, code: str
) -> None:
    def fail(*_asked: Any) -> Any:
        raise error

    monkeypatch.setattr(desk.aws, "client", fail)
    found = desk.look(stop=(StopCondition(alarm="payments-dead"),), probe_by_writing=True)
    assert (str(found[code].level), "not be read" in found[code].sentence) == ("refusal", True)


class Alarms:
    """CloudWatch and its tags, where `payments` is the only alarm, and is well."""

    def get_paginator(self, call: str) -> Any:
        return SimpleNamespace(paginate=self._tagged if call == "get_resources" else self._described)

    def _described(self, **asked: Any) -> list[dict[str, Any]]:
        wanted = "payments" in asked.get("AlarmNames", ()) or "payments".startswith(
            asked.get("AlarmNamePrefix", "-")
        )
        return [{"MetricAlarms": [{"AlarmName": "payments"}] if wanted and "StateValue" not in asked else []}]

    def _tagged(self, **_asked: Any) -> list[dict[str, Any]]:
        return [{"ResourceTagMappingList": []}]


@pytest.mark.parametrize(
    ("condition", "level"),
    [
        (StopCondition(alarm="payments"), None),
        (StopCondition(alarm_prefix="pay"), None),
        (StopCondition(alarm="paymints"), "warning"),
        (StopCondition(alarm_prefix="paymi"), "warning"),
        (StopCondition(alarm_tag="team=pay"), "warning"),
    ],
)
def test_a_stop_condition_on_an_alarm_that_does_not_exist_is_told(
    desk: Desk, monkeypatch: Any, condition: StopCondition, level: str | None
) -> None:
    iam = desk.aws.client
    alarms = {"cloudwatch": Alarms(), "resourcegroupstaggingapi": Alarms()}
    monkeypatch.setattr(desk.aws, "client", lambda place, service: alarms.get(service) or iam(place, service))
    found = desk.look(stop=(condition,)).get("no-alarm")
    assert (None if found is None else str(found.level)) == level


def test_where_iam_can_not_be_asked_a_value_is_written_over_itself(desk: Desk) -> None:
    desk.parameters.put("p", OFF.encode(), kind="SecureString", tier="Advanced", key_id="alias/mine")
    before = desk.parameters.describe("p")
    assert str(desk.look(probe_by_writing=True)["permission"].level) == "ok"
    after = desk.parameters.describe("p")
    assert after.version == before.version + 1
    assert (after.value, after.type, after.tier, after.key_id) == (
        before.value,
        "SecureString",
        "Advanced",
        "alias/mine",
    )


def test_a_write_that_is_refused_is_known_before_the_run(desk: Desk) -> None:
    def refuse(call: str, _name: str) -> None:
        if call == "put":
            raise Denied("It is not allowed.")

    desk.parameters.before = refuse
    assert str(desk.look(probe_by_writing=True)["permission"].level) == "refusal"


@pytest.mark.parametrize("held", [True, False], ids=["held", "armed by somebody else"])
def test_an_armed_value_is_never_written_over_itself(desk: Desk, *, held: bool) -> None:
    """A disarm may come between looking and writing: the fault would be back, and nobody would know."""
    arm(desk) if held else desk.parameters.write("p", ARMED)
    before = desk.parameters.describe("p").version
    assert "permission-unknown" in desk.look(probe_by_writing=True)
    assert desk.parameters.describe("p").version == before


def test_what_the_dead_mans_switch_can_not_bring_back_is_told_before(desk: Desk) -> None:
    desk.parameters.put("p", OFF.encode(), kind="SecureString", key_id="alias/mine")
    found = desk.look(dead_mans_switch_role="arn:aws:iam::1:role/switch")["dead-mans-switch"]
    assert (str(found.level), "does not bring back what it held" in found.sentence) == ("warning", True)


def test_a_value_that_is_off_before_the_fault_hides_nothing_of_it(desk: Desk) -> None:
    found = desk.look(values=(OFF, ARMED.replace("denylist", "blacklist")))
    assert {"translated", "disarm-plan"} <= found.keys()
