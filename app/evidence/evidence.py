"""Reading the functions' logs, each line once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.aws import Aws
from app.clock import Clock
from app.evidence.proof import Line, Proof


class Collector:
    def read(self, until: datetime | None = None) -> Proof:
        raise NotImplementedError


class Evidence:
    def __init__(self, aws: Aws, clock: Clock) -> None: ...

    def proof(
        self,
        environment: str,
        functions: Sequence[str],
        dialect: str,
        since: datetime,
        until: datetime | None = None,
    ) -> Proof:
        raise NotImplementedError

    def request(self, environment: str, function: str, request_id: str, since: datetime) -> list[Line]:
        raise NotImplementedError
