"""What a month's asking has cost an environment so far, against its cap. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from app.usage.prices import dollars

NEAR = 0.8  # of the cap, from which on people are warned


@dataclass(frozen=True, kw_only=True)
class Spending:
    environment: str
    month: str  # `2026-11`, in UTC
    spent: float  # US dollars, an estimate
    cap: float | None  # None: there is none

    @property
    def reached(self) -> bool:
        return self.cap is not None and self.spent >= self.cap

    @property
    def near(self) -> bool:
        return self.cap is not None and self.spent >= NEAR * self.cap

    @property
    def share(self) -> float:
        """Of the cap, 0 to 1 and beyond."""
        return self.spent / self.cap if self.cap else 0.0

    def near_with(self, more: float) -> bool:
        """Whether that much more takes it to where people are warned."""
        return self.cap is not None and self.spent + more >= NEAR * self.cap

    @property
    def sentence(self) -> str:
        told = f"Asking CloudWatch has cost about {dollars(self.spent)} in {self.environment} this month"
        return (
            f"{told} (estimate)."
            if self.cap is None
            else f"{told}, of at most {dollars(self.cap)} (estimate)."
        )

    @property
    def remedy(self) -> str:
        return f"Raise monthly_cap of {self.environment} in gameday.toml, or wait for the next month."

    @property
    def stopped(self) -> str:
        """What an open page says of the samples that it does not get; empty where it gets them."""
        if not self.reached or self.cap is None:
            return ""
        return (
            f"The cap of {dollars(self.cap)} a month is reached in {self.environment}: open pages are not polled for any "
            f"more. Runs and armed faults are. {self.remedy}"
        )
