"""What becomes of times that are due by now: one fires, those that came before it were missed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.schedules.definition import Definition, Missed
from app.schedules.rule import due
from app.schedules.schedule import FireState

GRACE = timedelta(minutes=5)  # how late a fire may be and still be one, and not a missed one
NOBODY = "No console was there in time."


@dataclass(frozen=True, kw_only=True)
class Outcome:
    at: datetime
    due_at: datetime
    state: FireState
    sentence: str = ""


def outcomes(
    definition: Definition, times: Sequence[datetime], known: AbstractSet[datetime], now: datetime
) -> list[Outcome]:
    """Of each time without those that have a fire already, in order. The last one fires, unless it is too late for that."""
    last = due(definition.rule, times[-1], definition.seed)
    late = now - last > GRACE and definition.missed is Missed.SKIP
    words = NOBODY if late else f"A later one ran in its place. {NOBODY}"
    told = []
    for at in times:
        late_by_jitter = due(definition.rule, at, definition.seed)
        fires = at == times[-1] and not late
        state, sentence = (FireState.INTENDED, "") if fires else (FireState.MISSED, words)
        told.append(Outcome(at=at, due_at=late_by_jitter, state=state, sentence=sentence))
    return [one for one in told if one.at not in known]


def missed_in_words(definition: Definition, told: Sequence[Outcome]) -> str:
    """What is to be said of those that were missed; empty where the schedule makes up for them."""
    missed = [one for one in told if one.state is FireState.MISSED]
    if not missed or definition.missed is Missed.RUN_ONCE:
        return ""
    count, more = (f"{len(missed)} fires were", " and after") if len(missed) > 1 else ("A fire was", "")
    return f"{count} missed, since no console was there in time: {missed[0].at:%Y-%m-%d %H:%M} UTC{more}."
