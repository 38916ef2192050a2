"""What asking CloudWatch comes to, in dollars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, Field

from app.console import Console
from app.runs import Run
from app.usage import Kind


class Used(BaseModel):
    """What was asked of CloudWatch, and what that costs."""

    metrics: float = Field(
        description="metrics requested by GetMetricData; a run's share of one need not be whole"
    )
    requests: float = Field(description="other requests to CloudWatch")
    log_requests: float = Field(description="requests to CloudWatch Logs, which are free")
    bytes_read: float = Field(description="of log lines, by FilterLogEvents, which is free")
    bytes_scanned: float = Field(description="by Logs Insights")
    throttles: float
    dollars: float = Field(description="US dollars, an estimate")

    @classmethod
    def of(cls, amounts: Mapping[Kind, float], dollars: float) -> dict[str, float]:
        """Its members."""
        kinds = {
            "metrics": Kind.METRICS, "requests": Kind.REQUESTS, "log_requests": Kind.LOG_REQUESTS,
            "bytes_read": Kind.READ, "bytes_scanned": Kind.SCANNED, "throttles": Kind.THROTTLES,
        }  # fmt: skip
        return {name: round(amounts.get(kind, 0), 3) for name, kind in kinds.items()} | {
            "dollars": round(dollars, 6)
        }


def run_costs(console: Console, runs: Sequence[Run]) -> dict[int, dict[str, float]]:
    """By run, the members of its `cost`: what was asked for it, by whoever asked."""
    used = console.usage.of_subjects([run.topic for run in runs])
    return {run.id: cost_of(console, run.environment, used[run.topic]) for run in runs}


def cost_of(console: Console, environment: str, amounts: Mapping[Kind, float]) -> dict[str, float]:
    return Used.of(amounts, console.usage.price(environment, amounts))
