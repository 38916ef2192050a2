"""Stop conditions: what ends a run with a rollback as soon as it is so. Looked at here, not in the child."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.aws.alarms import in_alarm, tagged, there
from app.errors import GamedayError, Problem
from app.experiments.extension import StopCondition, stop_problems
from app.runs.rooms import AwsRoom, Rooms
from app.runs.run import Run

UNREADABLE_FOR = (
    60.0  # seconds after which alarms that nobody can read end a run, as one that is in ALARM does
)
LOGGER = logging.getLogger(__name__)


def mistakes(given: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    """What is wrong with the conditions that a run is started with, each with its place."""
    for place, one in enumerate(given):
        for path, message in stop_problems(one, f"stop[{place}]"):
            yield Problem(message=message, path=path)


def unknown(conditions: Sequence[StopCondition], signals: Sequence[Mapping[str, Any]]) -> list[str]:
    """Signals that are named and that the hypothesis does not have."""
    known = {name for signal in signals for name in (signal["name"], signal["key"], signal["id"])}
    return [c.signal for c in conditions if c.signal and c.signal not in known]


def alarming(aws: AwsRoom, environment: str, conditions: Sequence[StopCondition]) -> list[str]:
    """Names of the alarms among the conditions that are in ALARM now. Unavailable where CloudWatch does not answer."""
    wanted = [c for c in conditions if c.alarm or c.alarm_prefix or c.alarm_tag]
    if not wanted:
        return []
    client = aws.client(environment, "cloudwatch")
    names = [c.alarm for c in wanted if c.alarm]
    for condition in wanted:
        if condition.alarm_tag:
            names += tagged(aws.client(environment, "resourcegroupstaggingapi"), condition.alarm_tag)
    found = in_alarm(client, names=names)
    for condition in wanted:
        if condition.alarm_prefix:
            found += in_alarm(client, prefix=condition.alarm_prefix)
    return [alarm.name for alarm in found]


def unmet(aws: AwsRoom, environment: str, conditions: Sequence[StopCondition]) -> list[str]:
    """Sentences of the conditions on alarms that do not exist. Unavailable as above."""
    return [one.sentence for one in conditions if not _can_be_met(aws, environment, one)]


def _can_be_met(aws: AwsRoom, environment: str, one: StopCondition) -> bool:
    if one.alarm_tag:
        return bool(tagged(aws.client(environment, "resourcegroupstaggingapi"), one.alarm_tag))
    if not (one.alarm or one.alarm_prefix):
        return True
    names = [one.alarm] if one.alarm else []
    return bool(there(aws.client(environment, "cloudwatch"), names=names, prefix=one.alarm_prefix))


class StopWatch:
    """Of one run. `crossed` says which condition is so, as a sentence, and asks nothing that costs more than it must."""

    def __init__(self, rooms: Rooms, run: Run) -> None:
        self._rooms = rooms
        self._run = run
        self._conditions = [StopCondition(**one) for one in run.facts.get("stop", ())]
        self._alarms_at = 0.0
        self._unread_since: float | None = None
        self._began = run.started_at or run.created_at

    def crossed(self) -> str | None:
        now = self._rooms.clock.now()
        for condition in self._conditions:
            queries = self._queries(condition)
            if condition.no_data_for is not None:
                silent = any(self._silent(query, condition.no_data_for, now) for query in queries)
            else:
                silent = any(self._beyond(query, condition, now) for query in queries)
            if silent:
                return condition.sentence
        return self._alarm()

    def _queries(self, condition: StopCondition) -> list[str]:
        """Of the condition's signal; of all that are polled where "no data" names none."""
        named = [
            signal
            for signal in self._run.signals
            if condition.signal in (None, signal["name"], signal["key"], signal["id"])
        ]
        if condition.signal is None and condition.no_data_for is None:
            return []
        return [
            str(signal["query"] or signal["id"]) for signal in named if signal["query"] or condition.signal
        ]

    def _silent(self, query: str, seconds: float, now: datetime) -> bool:
        allowed = timedelta(seconds=seconds)
        if now - self._began < allowed:
            return False
        return not any(sample.value is not None for sample in self._samples(query, now - allowed))

    def _beyond(self, query: str, condition: StopCondition, now: datetime) -> bool:
        """Whether a sample is past the bound that is as old as the condition says, and so is every one since."""
        first = self._samples(query, self._began, 1, now - timedelta(seconds=condition.seconds))
        return bool(first) and all(
            _past(sample.value, condition) for sample in self._samples(query, first[0].at)
        )

    def _samples(self, query: str, *window: Any) -> Sequence[Any]:
        return self._rooms.metrics.samples(self._run.environment, query, *window)

    def _alarm(self) -> str | None:
        environment = self._rooms.settings.environment(self._run.environment)
        now = self._rooms.clock.monotonic()
        if now < self._alarms_at:
            return None
        self._alarms_at = now + min(environment.poll_seconds, 10)
        try:
            names = alarming(self._rooms.aws, environment.name, self._conditions)
        except GamedayError as error:
            LOGGER.warning("Run %s: its alarms could not be read: %s", self._run.id, error)
            self._unread_since = now if self._unread_since is None else self._unread_since
            long = now - self._unread_since >= UNREADABLE_FOR
            return f"its alarms could not be read for {UNREADABLE_FOR:g} s: {error}" if long else None
        self._unread_since = None
        return f"alarm {', '.join(names)} is in ALARM" if names else None


def _past(value: float | None, condition: StopCondition) -> bool:
    if value is None:
        return False
    if condition.above is not None:
        return value > condition.above
    return condition.below is not None and value < condition.below
