"""Medians with their spread, and the table that shows them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Row:
    what: str
    unit: str
    values: list[float] = field(default_factory=list)
    against: Row | None = None
    aim: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @contextmanager
    def timing(self) -> Iterator[None]:
        """Add the milliseconds that the block took."""
        began = time.perf_counter()
        yield
        self.values.append((time.perf_counter() - began) * 1000)

    def time(self, deed: Callable[[], object], times: int) -> None:
        for _ in range(times):
            with self.timing():
                deed()

    def cells(self) -> list[str]:
        spread = f"{_round(min(self.values))} … {_round(max(self.values))}"
        ratio = f"{self.median / self.against.median:.2f} × {self.against.what}" if self.against else ""
        return [
            self.what,
            f"{_round(self.median)} {self.unit}",
            spread,
            str(len(self.values)),
            ratio,
            self.aim,
        ]


HEADS = ["what", "median", "spread", "n", "ratio", "aim"]


def show(title: str, rows: list[Row]) -> None:
    lines = [HEADS, *(row.cells() for row in rows if row.values)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADS))]
    print(f"\n{title}")
    for line in lines:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _round(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
