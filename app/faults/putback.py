"""A store put back, without a compare-and-set to do it with."""

from __future__ import annotations

from app.aws import Parameter, Parameters
from app.errors import Unavailable
from app.faults import plan
from app.faults.entry import Entry, FaultState

ROUNDS = 4  # a child's late write can come between; somebody who writes all the time is no reason to go on


def put_back(parameters: Parameters, entry: Entry, current: Parameter | None) -> plan.Settled:
    """Write what is to stand over `current`, read back. Unavailable where AWS does not do it, at any point.

    Two calls where nobody comes between.
    """
    wrote = False
    for _ in range(ROUNDS):
        step = plan.decide(entry, current)
        if isinstance(step, plan.Settled):
            done = wrote and step.state is FaultState.DISARMED
            held = current.value if current else None
            return plan.Settled(state=step.state, outcome=plan.put_back(entry, held)) if done else step
        if theirs := write(parameters, entry, step.value, current):
            return plan.Settled(
                state=FaultState.DRIFTED, outcome=plan.drift(entry, theirs.value), theirs=theirs.value
            )
        wrote = True
        current = parameters.get(entry.store.name)
    raise Unavailable(f"{entry.store} is written again as soon as it is put back.")


def came_between(parameters: Parameters, entry: Entry, since: int, until: int) -> Parameter | None:
    """What somebody else wrote after version `since` and before version `until`. One call, if any."""
    return plan.foreign(entry, between(parameters, entry.store.name, since, until))


def between(parameters: Parameters, name: str, since: int, until: int) -> list[Parameter]:
    """Whoever wrote them: the versions after `since` and before `until`, the oldest first. One call, if any."""
    if until <= since + 1:
        return []
    return [row for row in parameters.history(name) if since < row.version < until]


def was_deleted(seen: int, written: int) -> bool:
    """Whether somebody deleted a parameter of version `seen` before our write made it anew. Settings count no versions."""
    return 0 < written <= seen


def write(
    parameters: Parameters, entry: Entry, value: bytes | None, current: Parameter | None
) -> Parameter | None:
    """Write, and find out whom that overwrote: their value is put back at once and returned.

    What somebody deleted meanwhile is deleted again, for whoever reads it back to see.
    """
    name = entry.store.name
    if value is None:
        parameters.delete(name)
        return None
    was, kept = entry.kept_as, entry.theirs if entry.gives_way else entry.previous
    version = parameters.put(
        name, value, kind=was.get("type", current.type if current else "String"), tier=was.get("tier"),
        data_type=was.get("data_type"), key_id=was.get("key_id"),
        hosted=was.get("hosted") if value == kept else None,
    )  # fmt: skip
    seen = current.version if current else 0
    if was_deleted(seen, version):
        parameters.delete(name)
        return None
    return _given_back(parameters, entry, seen, version)


def _given_back(parameters: Parameters, entry: Entry, seen: int, written: int) -> Parameter | None:
    """Their value came between what was seen and what was written, and another one may come before it is back."""
    back = None
    for _ in range(ROUNDS):
        theirs = came_between(parameters, entry, seen, written)
        if theirs is None:
            return back
        back, seen = theirs, written
        written = parameters.put(
            theirs.name, theirs.value, kind=theirs.type, tier=theirs.tier, data_type=theirs.data_type,
            key_id=theirs.key_id, hosted=theirs.hosted,
        )  # fmt: skip
    raise Unavailable(f"{entry.store} is written again as soon as it is put back.")
