"""What people are told of a fault: written in the transaction of the change that it tells.

The change itself stands whatever becomes of its notice: a ledger that does not write is worse than silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.dialects import share_of
from app.faults.entry import Entry, FaultState
from app.notifications import Kind, Notice, tell


def about_to_arm(session: Session, entry: Entry, *, at: datetime) -> None:
    tell(session, lambda: notice(Kind.ARMING, entry, at=at))


def changed(session: Session, before: Entry, after: Entry, *, at: datetime) -> None:
    """Most changes of an entry are nobody's news."""

    def told() -> Notice | None:
        kind = news(before, after)
        return None if kind is None else notice(kind, after, at=at)

    tell(session, told)


def news(before: Entry, after: Entry) -> Kind | None:
    """What a change is told as; None where nobody needs to hear of it. Pure."""
    rules = {
        Kind.STUCK: _stuck(after) and not _stuck(before),
        Kind.ARMED: after.state is FaultState.ARMED and before.state is not FaultState.ARMED,
        Kind.DISARMED: after.state is FaultState.DISARMED and before.state is not FaultState.DISARMED,
        Kind.CLEAN: after.clean_at is not None and before.clean_at is None,
        Kind.EXTENDED: after.active and after.disarm_by != before.disarm_by,
    }
    return next((kind for kind, holds in rules.items() if holds), None)


def notice(kind: Kind, entry: Entry, *, at: datetime) -> Notice:
    """Times as ISO 8601; `run` as text, as the ledger has it."""
    over = kind in (Kind.DISARMED, Kind.CLEAN)
    data = {
        "what": entry.sentence, "functions": list(entry.functions), "share": share(entry), "store": str(entry.store),
        "until": None if over else entry.disarm_by.isoformat(), "by": (over and entry.disarmed_by) or entry.by,
        "run": entry.run_id, "outcome": entry.outcome, "phase": _phase(entry) if kind is Kind.STUCK else None,
    }  # fmt: skip
    return Notice(kind=kind, environment=entry.environment, subject=f"fault:{entry.id}", at=at, data=data)


def share(entry: Entry) -> str:
    """`50 %`; of each fault where there are several; empty where AWS itself is switched."""
    return share_of(entry.fault)


def armed(entries: Sequence[Entry]) -> dict[str, Any]:
    """Of everything that is armed when the safety lever moves."""
    shares = map(share, entries)
    return {
        "what": "; ".join(dict.fromkeys(entry.sentence for entry in entries)),
        "functions": list(dict.fromkeys(name for entry in entries for name in entry.functions)),
        "share": " and ".join(dict.fromkeys(one for one in shares if one)),
        "store": ", ".join(dict.fromkeys(str(entry.store) for entry in entries)),
    }


def _stuck(entry: Entry) -> bool:
    """Somebody else's value in the store waits for a person, too."""
    return entry.stuck or entry.undecided


def _phase(entry: Entry) -> str:
    if entry.undecided:
        return "drifted"
    return "fires" if entry.still_fires else "armed"
