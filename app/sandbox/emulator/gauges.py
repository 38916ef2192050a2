"""What AWS/SQS measures rather than counts: how many messages are in each queue, twice a minute."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from app.sandbox.emulator.points import Metric, Points

NAMES = ("Visible", "NotVisible", "Delayed")


@dataclass(frozen=True, kw_only=True)
class Gauges:
    points: Points
    sqs: ModuleType  # ministack's

    def start(self) -> None:
        """In the background until the process ends."""
        threading.Thread(target=self._run, name="queue-gauges", daemon=True).start()

    def step(self) -> None:
        """Measure every queue of every account and region once."""
        now = self.points.clock()
        for (account, region, _), queue in list(self.sqs._queues._data.items()):  # noqa: SLF001  no other view of all
            for name, number in measured(queue, now).items():
                metric = Metric(
                    scope=(account, region),
                    namespace="AWS/SQS",
                    name=f"ApproximateNumberOfMessages{name}",
                    dimensions=(("QueueName", str(queue["name"])),),
                )
                self.points.add(metric, number, unit="Count")

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(self.points.minute / 2):
            self.step()


def measured(queue: Mapping[str, Any], now: float) -> dict[str, float]:
    """Messages that can be received, that are being worked on, and that wait for their delay."""
    counts = dict.fromkeys(NAMES, 0.0)
    for message in list(queue["messages"]):
        if message["visible_at"] <= now:
            counts["Visible"] += 1
        else:
            counts["NotVisible" if message.get("receive_count") else "Delayed"] += 1
    return counts
