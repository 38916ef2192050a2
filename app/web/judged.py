"""What a run's last look at its hypothesis came to: that is what its verdict goes by. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from app.runs import Event
from app.web.cards import Judged

LOOKS = {f"hypothesis-{phase}": phase for phase in ("before", "during", "after")}


def last_look(events: Sequence[Event]) -> Mapping[str, Judged]:
    """By signal; without those that were not looked at, or whose answer is no number."""
    look = next((event for event in reversed(events) if event.kind in LOOKS), None)
    return {} if look is None else dict(_judged(look))


def _judged(look: Event) -> Iterator[tuple[str, Judged]]:
    for probe in look.data.get("probes", ()):
        value, met = probe.get("value"), probe.get("tolerance_met")
        if value is not None and met is not None:
            yield str(probe.get("name")), Judged(phase=LOOKS[look.kind], at=look.at, value=value, met=met)
