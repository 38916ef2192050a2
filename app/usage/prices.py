"""What CloudWatch bills for what the console asks. Pure. Always an estimate: only AWS's bill is the bill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.settings import Environment
from app.usage.amounts import Kind

AS_OF = "February 2026"  # of the list prices below, for us-east-1; elsewhere they are up to a quarter higher
THOUSAND, GIGABYTE = 1000, 10**9


@dataclass(frozen=True, kw_only=True)
class Prices:
    """US dollars. Free tiers are left out: who else uses them up is not known here."""

    metrics: float = 0.01  # for 1,000 metrics requested
    requests: float = 0.01  # for 1,000 other requests
    scanned_gigabyte: float = 0.005  # by Logs Insights

    @classmethod
    def of(cls, environment: Environment) -> Prices:
        """The environment's own where gameday.toml has them. An emulator bills nothing."""
        if environment.is_emulated:
            return cls(metrics=0, requests=0, scanned_gigabyte=0)
        return cls(**environment.prices)

    def of_amounts(self, amounts: Mapping[Kind, float]) -> float:
        return (
            amounts.get(Kind.METRICS, 0) / THOUSAND * self.metrics
            + amounts.get(Kind.REQUESTS, 0) / THOUSAND * self.requests
            + amounts.get(Kind.SCANNED, 0) / GIGABYTE * self.scanned_gigabyte
        )


def dollars(amount: float) -> str:
    """`$5.02`, `$0.0021`, `$0`: never rounded to nothing."""
    if amount == 0:
        return "$0"
    if amount < CENT:
        return f"${amount:.4f}" if amount >= SMALLEST else f"less than ${SMALLEST}"
    return f"${amount:,.2f}"


CENT, SMALLEST = 0.01, 0.0001
