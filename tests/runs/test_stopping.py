"""Stop conditions: what is crossed, for how long, and what of a run that meets one."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.aws.alarms import Alarm
from app.clock import FrozenClock
from app.errors import Invalid, Unavailable
from app.experiments.extension import StopCondition
from app.faults import FaultState
from app.metrics import Sample
from app.runs import Wish, stopping
from app.runs.request import Request
from app.runs.stopping import StopWatch
from app.settings import Environment, Settings
from tests.waiting import until

SIGNAL = {"name": "messages-in-flight", "key": "flight", "id": "x:0", "query": "abc"}


@dataclass
class Scene:
    clock: FrozenClock
    conditions: list[dict[str, Any]]
    samples_: list[Sample] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    watch: Any = None

    def samples(
        self, environment: str, query: str, since: Any, limit: int | None = None, until: Any = None
    ) -> list[Sample]:
        del environment
        until = until or self.clock.now()
        known = [one for one in self.samples_ if one.query == query and since <= one.at <= until]
        return known[-limit:] if limit else known

    def client(self, environment: str, service: str) -> str:
        return f"{environment} {service}"

    def begin(self, folder: Any) -> None:
        read = [vars(condition) for condition in map(StopCondition.of, self.conditions)]
        run = SimpleNamespace(
            id=1, environment="test", signals=[SIGNAL], facts={"stop": read}, started_at=self.clock.now(),
            created_at=self.clock.now(),
        )  # fmt: skip
        environments = {"test": Environment(name="test", poll_seconds=6)}
        settings = Settings(folder=folder, environments=environments, default_environment="test")
        self.watch = StopWatch(
            SimpleNamespace(clock=self.clock, metrics=self, aws=self, settings=settings), run
        )

    def then(self, seconds: float, *values: float | None) -> str | None:
        """Samples that come in one after the other, and what the watch says after the last one."""
        for value in values:
            self.clock.advance(seconds)
            sample = Sample(environment="test", query="abc", at=self.clock.now(), value=value, parts={})
            self.samples_.append(sample)
        return self.watch.crossed()


@pytest.fixture
def scene(clock: FrozenClock, tmp_path: Any) -> Any:
    def begin(*conditions: dict[str, Any]) -> Scene:
        made = Scene(clock, list(conditions))
        made.begin(tmp_path)
        return made

    return begin


@pytest.mark.parametrize(
    ("condition", "values", "crossed"),
    [
        ({"signal": "flight", "above": 20}, (10, 21), True),
        ({"signal": "flight", "above": 20}, (21, 20), False),
        ({"signal": "messages-in-flight", "below": 5}, (6, 4), True),
        ({"signal": "x:0", "above": 20, "for": 18}, (21, 21, 21), False),
        ({"signal": "flight", "above": 20, "for": 18}, (21, 21, 21, 21), True),
        ({"signal": "flight", "above": 20, "for": 18}, (21, 21, 5, 21), False),
        ({"signal": "flight", "above": 20, "for": 18}, (21, None, 21, 21), False),
        ({"signal": "flight", "above": 20}, (), False),
        ({"no_data_for": 15}, (1, None, None), False),
        ({"no_data_for": 15}, (1, None, None, None), True),
        ({"signal": "flight", "no_data_for": 15}, (None, None, None), True),
    ],
)
def test_what_is_crossed(
    scene: Any, condition: dict[str, Any], values: tuple[Any, ...], *, crossed: bool
) -> None:
    told = scene(condition).then(6, *values)
    assert (told is not None) is crossed


@pytest.mark.parametrize(("minutes", "crossed"), [(119.9, False), (120, True)])
def test_a_condition_of_hours_is_met_however_often_is_polled(
    scene: Any, minutes: float, *, crossed: bool
) -> None:
    told = scene({"signal": "flight", "above": 20, "for": 7200}).then(6, 21, *[21] * int(minutes * 10))
    assert (told is not None) is crossed


def test_one_value_among_many_polls_without_one_is_no_silence(scene: Any) -> None:
    assert scene({"no_data_for": 7200}).then(6, 1, *[None] * 1199) is None


def test_silence_counts_from_the_runs_start(scene: Any) -> None:
    made = scene({"no_data_for": 60})
    made.clock.advance(59)
    assert made.watch.crossed() is None
    made.clock.advance(1)
    assert made.watch.crossed() == "a signal has no data for 60 s"


def test_alarms_are_asked_once_a_poll(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def in_alarm(client: Any, **given: Any) -> list[Alarm]:
        asked.append((client, given))
        return [Alarm(name="payments-dead")] if len(asked) > 1 else []

    monkeypatch.setattr("app.runs.stopping.in_alarm", in_alarm)
    made = scene({"alarm": "payments-dead"})
    assert [made.watch.crossed() for _ in range(5)] == [None] * 5
    assert asked == [("test cloudwatch", {"names": ["payments-dead"]})]
    made.clock.advance(7)
    assert made.watch.crossed() == "alarm payments-dead is in ALARM"


def test_alarms_that_nobody_can_read_for_a_minute_count_as_met(
    scene: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [False, False, True, *[False] * 11]

    def in_alarm(*_asked: Any, **_given: Any) -> list[Alarm]:
        if answers.pop(0):
            return []
        raise Unavailable("CloudWatch does not answer.")

    monkeypatch.setattr("app.runs.stopping.in_alarm", in_alarm)
    made, told = scene({"alarm": "payments-dead"}), []
    while answers:
        told.append(made.watch.crossed())
        made.clock.advance(6)
    assert told[:-1] == [None] * 13  # one answer between two silences begins the minute anew
    assert told[-1] == "its alarms could not be read for 60 s: CloudWatch does not answer."


@pytest.mark.parametrize("given", [[{"above": 3}], ["soon"], [{"signal": "flight"}], [{"until": 3}]])
def test_conditions_that_are_none_are_refused_with_their_place(given: Any, tmp_path: Path) -> None:
    places = {"test": Environment(name="test")}
    with pytest.raises(Invalid) as refused:
        Request.check(
            Settings(folder=tmp_path, environments=places, default_environment="test"), {}, Wish(stop=given)
        )
    assert refused.value.problems[0].path.startswith("stop[0]")


def test_a_signal_that_the_hypothesis_does_not_have_is_named() -> None:
    conditions = [StopCondition.of({"signal": name, "above": 3}) for name in ("flihgt", "flight")]
    assert stopping.unknown(conditions, [SIGNAL]) == ["flihgt"]


def test_a_run_that_meets_one_is_disarmed_and_ended(stage: Any, experiment: Any) -> None:
    long = {**stage.arms(), "pauses": {"after": 60}}
    low = SimpleNamespace(low=0.0, high=1.0)
    signal = SimpleNamespace(
        key="flight", id="x:0", name="flight", tolerance=low, tolerance_text="", unit="",
        query=SimpleNamespace(id="abc", when_empty=None, window=300),
    )  # fmt: skip
    stage.runs.rooms.reading.signals = [signal]
    run = stage.start(experiment(long), stop=[{"signal": "flight", "above": 20}])
    until(lambda: "armed" in stage.kinds(run))
    assert json.loads(stage.store.read_text())["isEnabled"] is True
    now = stage.runs.rooms.clock.now() + timedelta(seconds=1)
    crossing = Sample(environment="test", query="abc", at=now, value=48.0, parts={})
    stage.runs.rooms.metrics.samples = lambda *_asked: [crossing]
    over = stage.finish(run)
    assert (over.verdict, over.stopped_by) == ("stopped", "a stop condition: flight is above 20")
    assert json.loads(stage.store.read_text())["isEnabled"] is False
    assert any("Stop condition met" in str(event.data) for event in stage.runs.events(run.id))


def test_a_function_that_is_deployed_during_a_run_makes_it_inconclusive(stage: Any, experiment: Any) -> None:
    functions = stage.runs.rooms.aws.known
    stage.evidence.on_proof = lambda: functions.details.update(
        transform={"code_sha256": "other", "last_modified": "2026-11-24T12:00:07.000+0000"}
    )
    over = stage.finish(stage.start(experiment(stage.arms(), stage.disarms())))
    assert over.verdict == "inconclusive"
    assert (
        "transform was deployed or reconfigured during the run, at 2026-11-24T12:00:07" in over.verdict_reason
    )


def test_an_alias_that_is_moved_during_a_run_makes_it_inconclusive(stage: Any, experiment: Any) -> None:
    functions = stage.runs.rooms.aws.known
    functions.aliased["transform"] = {"live": "3"}
    stage.evidence.on_proof = lambda: functions.aliased.update(transform={"live": "4"})
    over = stage.finish(stage.start(experiment(stage.arms(), stage.disarms())))
    assert over.verdict == "inconclusive"
    assert re.search(
        r"transform was pointed elsewhere during the run, as seen at \d\d:\d\d:\d\d UTC: alias live from 3 to 4",
        over.verdict_reason,
    )


def test_a_store_that_somebody_else_wrote_makes_it_inconclusive_and_is_not_called_disarmed(
    stage: Any, experiment: Any
) -> None:
    disarm, theirs = stage.faults.disarm, b'{"isEnabled": true}'

    def drift(entry_id: int, **how: Any) -> Any:
        entry = replace(disarm(entry_id, **how), state=FaultState.DRIFTED, theirs=theirs)
        return stage.faults.entries.update({entry_id: entry}) or entry

    stage.faults.disarm = drift
    over = stage.finish(stage.start(experiment(stage.arms(), stage.disarms())))
    assert (over.verdict, "changed by somebody else during" in over.verdict_reason) == ("inconclusive", True)
    answer = stage.runs.rollback(over.id, by="ann")
    assert not answer.disarmed
    assert "changed by somebody else, and theirs stands. It is armed." in answer.sentence


def test_another_fault_on_the_same_function_makes_it_inconclusive(stage: Any, experiment: Any) -> None:
    stage.faults.others = ["ann armed another fault on transform at 12:00:07 UTC"]
    over = stage.finish(stage.start(experiment(stage.arms(), stage.disarms())))
    assert (over.verdict, "ann armed another fault" in over.verdict_reason) == ("inconclusive", True)
