"""The rollback button: disarm first, end the run, disarm again, and say what happened. Any number of times."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.faults import Entry
from app.runs import ending
from app.runs.attendance import Attendance
from app.runs.record import Record
from app.runs.rooms import Rooms
from app.runs.run import Rollback, Run


def roll_back(
    rooms: Rooms,
    record: Record,
    run: Run,
    attendance: Attendance | None,
    *,
    by: str,
    told: str | None,
    again: Callable[[], Run],
) -> Rollback:
    """`told`: a sentence on how it was asked for; None: by the button. `again` reads the run anew."""
    first = attendance.forbid(by=by) if attendance else False
    on = any(entry.active for entry in rooms.faults.for_run(str(run.id)))
    asked = (("note", {"text": told or f"{by} pressed “Roll back”.", "by": by}),)
    record.append(run.id, *asked, *(ending.disarmed(rooms, run, by=by, why="rolled back")))
    ended_in_time = True
    if attendance is not None:
        attendance.signal()
        ended_in_time = end(attendance, grace=rooms.patience.rollbacks)
        # A write that was on its way when the process ended may have landed after the first disarm.
        rooms.faults.disarm_run(str(run.id), by=by, why="rolled back")
    entries = tuple(rooms.faults.for_run(str(run.id)))
    left = [entry for entry in entries if entry.may_fire]
    words = sentence(
        run, entries, left, on=on, attended=attendance is not None, first=first, ended=ended_in_time
    )
    words = " ".join([words, *_others(rooms, run, entries)])
    safe = not left and not any(entry.theirs_armed for entry in entries)
    return Rollback(run=again(), entries=entries, disarmed=safe, sentence=words)


def end(attendance: Attendance, *, grace: float) -> bool:
    """Wait for the run's own rollbacks; then end its processes. False where it had to be killed."""
    if attendance.wait(grace):
        return True
    attendance.kill()
    attendance.wait(grace)
    return False


def sentence(
    run: Run,
    entries: Sequence[Entry],
    left: Sequence[Entry],
    *,
    on: bool,
    attended: bool,
    first: bool,
    ended: bool,
) -> str:
    """`on`: something of the run was armed when it was asked for."""
    if left:
        stores = ", ".join(str(entry.store) for entry in left)
        return f"Not disarmed yet: {stores}. The guardian keeps trying until it is."
    faults = _told(entries, on=on or attended)
    if run.ended or not attended:
        return f"The run had ended already. {faults}"
    if not first:
        return f"The run was being ended already. {faults}"
    if not ended:
        return f"{faults} The run did not end by itself and was killed."
    return f"{faults} The run has ended."


def _told(entries: Sequence[Entry], *, on: bool) -> str:
    theirs = [entry for entry in entries if entry.undecided]
    if not theirs:
        return "Disarmed and read back." if entries and on else "Nothing of this run is armed."
    armed = " It is armed." if any(entry.theirs_armed for entry in theirs) else ""
    stores = ", ".join(str(entry.store) for entry in theirs)
    return f"{stores} was changed by somebody else, and theirs stands.{armed} Choose whose value is to stand."


def _others(rooms: Rooms, run: Run, entries: Sequence[Entry]) -> list[str]:
    """What is armed where the run's faults were, and is not the run's."""
    stores = {str(entry.store): entry.store for entry in entries}
    holders = [holder for store in stores.values() if (holder := rooms.faults.busy(store)) is not None]
    return [
        f"{one.store} is armed by {f'run {one.run_id}' if one.run_id else one.by}, and stays so: {one.sentence}."
        for one in holders
        if one.run_id != str(run.id)
    ]
