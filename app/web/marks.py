"""The moments that matter on a chart: armed, disarmed, steady state judged, run ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.faults import Entry
from app.runs import Event, Run

JUDGED = {"hypothesis-before": "judged", "hypothesis-after": "judged"}


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Seconds since 1970, as charts count."""

    armed: tuple[tuple[float, float | None], ...]  # from, to; None: still
    moments: tuple[tuple[float, str, str], ...]  # at, kind, label

    @property
    def json(self) -> dict[str, Any]:
        return {"armed": self.armed, "moments": self.moments}


def marks(entries: Sequence[Entry], run: Run | None, events: Sequence[Event]) -> Marks:
    spans = [
        (entry.armed_at.timestamp(), entry.disarmed_at.timestamp() if entry.disarmed_at else None)
        for entry in entries
        if entry.armed_at
    ]
    moments = [(event.at.timestamp(), "judged", "judged") for event in events if event.kind in JUDGED]
    if run is not None and run.ended_at is not None:
        moments.append((run.ended_at.timestamp(), "ended", "ended"))
    return Marks(armed=tuple(sorted(spans, key=lambda span: span[0])), moments=tuple(sorted(moments)))
