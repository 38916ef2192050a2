"""With no fault the hypothesis holds: `python -m bench.steady_state [--live http://127.0.0.1:4566]`.

Without `--live`: on a simulated clock, for speeds 1 and 5. Objects come at 2 × speed a second, one in a
hundred malformed, spread evenly and received three times, a visibility timeout apart. How long a message
takes is assumed (see `lag`), eight times slower than Lambda's durations measured at 20 objects a second on a
machine with two cores and other work (median 22 ms, one in a hundred over 150). The emulator's own windows
and metric math judge the queries of experiments/serverless-etl. With `--live`: the same queries, put to a
running sandbox.

Prints a table, and fails where fewer than 99 of 100 judgements are within tolerance.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3

from app.queries import Judgement, Tolerance
from app.sandbox import names
from app.sandbox.emulator.points import Metric, Points
from app.sandbox.emulator.queries import MetricStat, metric_data, metric_statistics, read_queries
from app.sandbox.emulator.windows import MINUTE, Window

EXPERIMENT = Path(__file__).parent.parent / "experiments" / "serverless-etl"
AIM = 0.99
SCOPE = ("000000000000", "us-east-2")
OBJECTS_A_SECOND = 2  # at speed 1
MALFORMED_EVERY = 100
VISIBILITY = 60.0  # seconds, not compressed
RECEIVED = 3  # times, then dead-lettered
SLOWEST_PROBE = 2.0  # seconds from taking the time to CloudWatch's answer
WINDOW, SNS_WINDOW = 300, 900  # seconds, as the experiment has them


def lag(chance: random.Random) -> float:
    """Seconds from a message in to its CSV or record: median 0.2, one in a hundred over 1.3."""
    return chance.lognormvariate(-1.6, 0.8)


@dataclass
class Signal:
    """One of the lab's three probes, in its strict form."""

    name: str
    tolerance: Tolerance
    values: list[float | None] = field(default_factory=list)

    def add(self, value: float | None) -> None:
        self.values.append(value)

    @property
    def within(self) -> int:
        return sum(self.tolerance.judge(value) is Judgement.WITHIN for value in self.values)

    @property
    def share(self) -> float:
        return self.within / len(self.values)

    def row(self, setting: str) -> list[str]:
        known = [value for value in self.values if value is not None]
        spread = f"{min(known):.1f} … {max(known):.1f}" if known else "no data"
        middle = f"{statistics.median(known):.1f}" if known else ""
        missing = str(len(self.values) - len(known))
        return [setting, self.name, middle, spread, missing, f"{self.within} of {len(self.values)}"]


def signals() -> list[Signal]:
    return [
        Signal("zero-sns-errors", Tolerance(low=0, high=0)),
        Signal("messages-in-flight", Tolerance(low=-10, high=20)),
        Signal("normal-error-rates", Tolerance(low=0, high=5)),
    ]


def asked(name: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads((EXPERIMENT / f"steadyState{name}.json").read_text())
    return entries


def simulated(speed: int, judgements: int, seed: int) -> list[Signal]:
    """Judgements at random instants of a pipeline that runs without a fault."""
    chance = random.Random(seed)
    clock = Clock()
    points = Points(minute=MINUTE // speed, clock=clock)
    warm = SNS_WINDOW / speed + RECEIVED * VISIBILITY  # the first malformed messages were received thrice
    instants = sorted(warm + chance.uniform(0, 60 * judgements / speed) for _ in range(judgements))
    events = ordered_events(speed, instants[-1], chance)
    found = signals()
    upcoming = next(events)
    for instant in instants:
        arrives = instant + chance.uniform(0, SLOWEST_PROBE)
        while upcoming[0] <= arrives:
            clock.now, what, amount = upcoming
            points.add(what, amount)
            upcoming = next(events)
        clock.now = arrives
        for signal, value in zip(found, judged(points, float(int(instant)), speed), strict=True):
            signal.add(value)
    return found


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


Event = tuple[float, Metric, float]


def ordered_events(speed: int, until: float, chance: random.Random) -> Iterator[Event]:
    """What the pipeline records, in order of time, until a little after `until`."""
    rate = OBJECTS_A_SECOND * speed
    events: list[Event] = []
    for number in range(int((until + 60) * rate)):
        events += of_one_object(number, number / rate, chance)
    yield from sorted(events, key=lambda event: event[0])
    yield (float("inf"), SENT_IN, 0.0)


def of_one_object(number: int, at: float, chance: random.Random) -> Iterator[Event]:
    yield at, SENT_IN, 1
    if number % MALFORMED_EVERY == MALFORMED_EVERY // 2:
        for time_received in range(RECEIVED):
            yield at + lag(chance) + time_received * VISIBILITY, ERRORS, 1
        return
    done = at + lag(chance)
    yield done, ERRORS, 0
    yield done, WRITES, 1
    yield done, FAILED, 0
    yield done + lag(chance) / 4, SENT_OUT, 1


def metric(namespace: str, name: str, **by: str) -> Metric:
    return Metric(scope=SCOPE, namespace=namespace, name=name, dimensions=tuple(by.items()))


SENT_IN = metric("AWS/SQS", "NumberOfMessagesSent", QueueName=names.JSON_QUEUE)
SENT_OUT = metric("AWS/SQS", "NumberOfMessagesSent", QueueName=names.CSV_QUEUE)
WRITES = metric(names.NAMESPACE, "SymbolWriteCount", DynamoDBTable=names.TABLE)
ERRORS = metric("AWS/Lambda", "Errors", FunctionName=names.FUNCTION)
FAILED = metric("AWS/SNS", "NumberOfNotificationsFailed", TopicName=names.TOPIC)


def judged(points: Points, end: float, speed: int) -> list[float | None]:
    """The three values as the probes would print them."""

    def window(seconds: int) -> Window:
        return Window.of(end - seconds, end, now=points.clock(), speed=speed)

    failed = MetricStat(metric=FAILED, period=SNS_WINDOW, statistic="Sum")
    sns = metric_statistics(failed, ["Sum"], points, window(SNS_WINDOW))
    values: list[float | None] = [sns[0].statistics["Sum"] if sns else None]
    for name in ("Flight", "Error"):
        result = metric_data(read_queries(asked(name), SCOPE), points, window(WINDOW))[0]
        values.append(result.values[0] if result.values else None)
    return values


def live(url: str, judgements: int, every: float) -> list[Signal]:
    """The same of a running sandbox, one judgement each `every` seconds."""
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=SCOPE[1])
    cloudwatch = session.client("cloudwatch", endpoint_url=url)
    found = signals()
    for _ in range(judgements):
        for signal, value in zip(found, polled(cloudwatch), strict=True):
            signal.add(value)
        time.sleep(every)
    return found


def polled(cloudwatch: Any) -> list[float | None]:
    now = datetime.now(UTC)
    sns = cloudwatch.get_metric_statistics(
        Namespace=FAILED.namespace,
        MetricName=FAILED.name,
        Dimensions=[{"Name": name, "Value": value} for name, value in FAILED.dimensions],
        StartTime=now - timedelta(seconds=SNS_WINDOW),
        EndTime=now,
        Period=SNS_WINDOW,
        Statistics=["Sum"],
    )["Datapoints"]
    values: list[float | None] = [sns[0]["Sum"] if sns else None]
    whole = now.replace(microsecond=0)  # the probe's `date` writes whole seconds
    for name in ("Flight", "Error"):
        answer = cloudwatch.get_metric_data(
            MetricDataQueries=asked(name), StartTime=whole - timedelta(seconds=WINDOW), EndTime=whole
        )
        newest = answer["MetricDataResults"][0]["Values"]
        values.append(newest[0] if newest else None)
    return values


HEADS = ["setting", "signal", "median", "spread", "no data", "within"]


def show(rows: list[list[str]]) -> None:
    lines = [HEADS, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADS))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--live", metavar="URL", help="AWS API of a running sandbox")
    parser.add_argument("--judgements", type=int, default=None, help="default: 1000, or 100 live")
    parser.add_argument("--every", type=float, default=2.0, help="seconds between live judgements")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    if chosen.live:
        measured = {"live": live(chosen.live, chosen.judgements or 100, chosen.every)}
    else:
        measured = {
            f"speed {speed}": simulated(speed, chosen.judgements or 1000, chosen.seed) for speed in (1, 5)
        }
    show([signal.row(setting) for setting, found in measured.items() for signal in found])
    sys.exit(0 if all(signal.share >= AIM for found in measured.values() for signal in found) else 1)


if __name__ == "__main__":
    main()
