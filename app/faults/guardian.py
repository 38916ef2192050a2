"""What disarms faults whose run, deadline or owner is gone."""

from __future__ import annotations

from app.clock import Clock
from app.faults.faults import Faults


class Guardian:
    def __init__(self, faults: Faults, clock: Clock) -> None: ...

    def step(self) -> bool:
        raise NotImplementedError

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError
