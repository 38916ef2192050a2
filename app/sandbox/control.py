"""What a page may see of the sandbox, and change: counts along the pipeline, traffic, the handler's variant."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from app.errors import Unavailable
from app.sandbox import variants
from app.sandbox.clients import Clients
from app.sandbox.names import CSV_QUEUE, DEAD_LETTERS, FUNCTION, JSON_QUEUE, NAMESPACE, PARKED_QUEUE, TABLE
from app.sandbox.traffic import Traffic, queue_url

WINDOW = 300  # seconds, of the metrics; the emulator divides it by its speed
FRESH = 1.0  # seconds that a state is good for, however many people look


@dataclass(frozen=True, kw_only=True)
class QueueState:
    visible: int  # waiting to be received
    invisible: int  # received, and being worked on or waiting to come again
    delayed: int  # sent, and not to be received yet

    @property
    def depth(self) -> int:
        return self.visible + self.invisible + self.delayed


@dataclass(frozen=True, kw_only=True)
class SandboxState:
    """The pipeline at one instant, from left to right."""

    ready: bool  # whether the emulator answered
    problem: str  # a sentence where it did not
    speed: int
    rate: float  # objects a second, of the traffic
    variant: str
    variants: tuple[str, ...]
    objects_in: int  # since the traffic began
    malformed_in: int
    csv_out: int
    window_seconds: float  # how far back the five counts below reach
    json_sent: int
    invocations: int
    errors: int
    csv_sent: int
    writes: int
    json: QueueState
    csv: QueueState
    parked: QueueState
    dead_letters: QueueState
    table_items: int


NO_QUEUE = QueueState(visible=0, invisible=0, delayed=0)


class Control:
    """Thread-safe. Reading is shared: many pages cost as many AWS calls as one."""

    def __init__(
        self,
        *,
        clients: Clients,
        traffic: Traffic,
        speed: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clients = clients
        self._traffic = traffic
        self._speed = speed
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._switching = threading.Lock()
        self._state: SandboxState | None = None
        self._read_at = 0.0

    def state(self) -> SandboxState:
        """At most FRESH seconds old. Never raises for the emulator's trouble: it says so in the state."""
        with self._lock:
            if self._state is None or self._monotonic() - self._read_at >= FRESH:
                self._state = self._read()
                self._read_at = self._monotonic()
            return self._state

    def set_rate(self, objects_per_second: float) -> None:
        """Zero pauses the traffic. Invalid where it is too fast."""
        self._traffic.set_rate(objects_per_second)
        self._forget()

    def set_variant(self, name: str) -> None:
        """Return once new invocations run it. Invalid where there is none of that name."""
        variant = variants.parse(name)
        with self._switching:
            variants.switch(self._clients, variant)
        self._forget()

    def _forget(self) -> None:
        with self._lock:
            self._state = None

    def _read(self) -> SandboxState:
        try:
            return self._assemble(variant=variants.live_variant(self._clients), measured=self._measured())
        except (BotoCoreError, ClientError, Unavailable) as error:
            return self._assemble(problem=f"The emulator does not answer: {error}")

    def _assemble(
        self, *, variant: str = "", measured: dict[str, Any] | None = None, problem: str = ""
    ) -> SandboxState:
        counts = self._traffic.counts()
        return SandboxState(
            ready=not problem,
            problem=problem,
            speed=self._speed,
            rate=self._traffic.rate,
            variant=variant,
            variants=tuple(variants.Variant),
            objects_in=counts.objects_in,
            malformed_in=counts.malformed_in,
            csv_out=counts.csv_out,
            window_seconds=WINDOW / self._speed,
            **(measured or NOTHING),
        )

    def _measured(self) -> dict[str, Any]:
        return {
            "json": self._queue(JSON_QUEUE),
            "csv": self._queue(CSV_QUEUE),
            "parked": self._queue(PARKED_QUEUE),
            "dead_letters": self._queue(DEAD_LETTERS),
            "table_items": int(
                self._clients("dynamodb").describe_table(TableName=TABLE)["Table"]["ItemCount"]
            ),
            **self._window(),
        }

    def _queue(self, name: str) -> QueueState:
        prefix = "ApproximateNumberOfMessages"
        read = self._clients("sqs").get_queue_attributes(
            QueueUrl=queue_url(self._clients, name),
            AttributeNames=[prefix, f"{prefix}NotVisible", f"{prefix}Delayed"],
        )["Attributes"]
        return QueueState(
            visible=int(read[prefix]),
            invisible=int(read.get(f"{prefix}NotVisible", 0)),
            delayed=int(read.get(f"{prefix}Delayed", 0)),
        )

    def _window(self) -> dict[str, int]:
        now = datetime.now(UTC)
        answer = self._clients("cloudwatch").get_metric_data(
            MetricDataQueries=[_query(name, *metric) for name, metric in METRICS.items()],
            StartTime=now - timedelta(seconds=WINDOW),
            EndTime=now,
            ScanBy="TimestampDescending",
        )
        results = {result["Id"]: result["Values"] for result in answer["MetricDataResults"]}
        return {name: int(results.get(name, [0])[0]) if results.get(name) else 0 for name in METRICS}


METRICS = {  # name of the count → namespace, metric, dimension, its value
    "json_sent": ("AWS/SQS", "NumberOfMessagesSent", "QueueName", JSON_QUEUE),
    "invocations": ("AWS/Lambda", "Invocations", "FunctionName", FUNCTION),
    "errors": ("AWS/Lambda", "Errors", "FunctionName", FUNCTION),
    "csv_sent": ("AWS/SQS", "NumberOfMessagesSent", "QueueName", CSV_QUEUE),
    "writes": (NAMESPACE, "SymbolWriteCount", "DynamoDBTable", TABLE),
}
NOTHING: dict[str, Any] = {
    **dict.fromkeys(("json", "csv", "parked", "dead_letters"), NO_QUEUE),
    **dict.fromkeys(("table_items", *METRICS), 0),
}


def _query(name: str, namespace: str, metric: str, dimension: str, value: str) -> dict[str, Any]:
    of = {"Namespace": namespace, "MetricName": metric, "Dimensions": [{"Name": dimension, "Value": value}]}
    return {"Id": name, "MetricStat": {"Metric": of, "Period": WINDOW, "Stat": "Sum"}}
