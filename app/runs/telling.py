"""What people are told of a run: its verdict, in the transaction that gives it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.dialects import share_of
from app.faults import Entry
from app.notifications import Kind, Notice, tell
from app.runs import store
from app.runs.run import Run, Verdict


def verdict(
    session: Session, run: Run, entries: Sequence[Entry], given: Verdict, reason: str, *, at: datetime
) -> None:
    """Of a schedule's run only where it differs from that of its run before. The verdict stands whatever becomes of this."""

    def told() -> Notice | None:
        schedule, before = store.verdict_before(session, run.id)
        if schedule is not None and before == given:
            return None
        return notice(run, entries, given, reason, at=at, schedule=schedule, before=before)

    tell(session, told)


def notice(
    run: Run, entries: Sequence[Entry], given: Verdict, reason: str, *, at: datetime, schedule: int | None,
    before: str | None,
) -> Notice:  # fmt: skip
    functions = dict.fromkeys(name for entry in entries for name in entry.functions)
    data = {
        "verdict": str(given), "was": before, "reason": reason, "run": str(run.id), "title": run.title,
        "experiment": run.experiment, "by": run.requested_by, "functions": list(functions), "schedule": schedule,
        "what": "; ".join(dict.fromkeys(entry.sentence for entry in entries)),
        "share": " and ".join(dict.fromkeys(share for entry in entries if (share := share_of(entry.fault)))),
        "store": ", ".join(dict.fromkeys(str(entry.store) for entry in entries)),
        "stopped_by": run.stopped_by,
    }  # fmt: skip
    return Notice(kind=Kind.VERDICT, environment=run.environment, subject=f"run:{run.id}", at=at, data=data)
