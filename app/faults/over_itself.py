"""A store written over itself, to see that it may be written, without losing what somebody else writes meanwhile."""

from __future__ import annotations

import logging

from app.aws import Parameter, Parameters
from app.dialects import same
from app.errors import Conflict
from app.faults import putback
from app.faults.entry import Store
from app.faults.plan import shown
from app.faults.scan import fires

log = logging.getLogger(__name__)


def write_over_itself(held: Parameters, store: Store) -> bool:
    """False where nothing is there, or a fault is. Conflict where somebody armed it at the same moment.

    Denied or Unavailable where AWS does not do it.
    """
    present = held.describe(store.name)
    if present is None or fires(present):
        return False
    version = held.put(
        store.name, present.value, kind=present.type, tier=present.tier, data_type=present.data_type,
        key_id=present.key_id, hosted=present.hosted, arming=True,
    )  # fmt: skip
    anew = putback.was_deleted(present.version, version)
    between = putback.between(held, store.name, 0 if anew else present.version, version)
    if anew or between:
        _give_back(held, store, present, between[-1] if between else None)
    return True


def _give_back(held: Parameters, store: Store, present: Parameter, theirs: Parameter | None) -> None:
    """Put what went under in its place, None: nothing. Never a fault: its owner may have ended it since."""
    if theirs is None:
        held.delete(store.name)
    elif fires(theirs):
        raise Conflict(
            f"{store} was written over itself, and somebody armed it at the same moment, with {shown(theirs.value, secret=theirs.secret)}. That "
            "fault is off now. Let one console at a time work on a store."
        )
    elif not same(theirs.value, present.value):
        held.put(
            store.name, theirs.value, kind=theirs.type, tier=present.tier, data_type=theirs.data_type,
            key_id=present.key_id, hosted=theirs.hosted,
        )  # fmt: skip
    log.warning(
        "%s was written by somebody else at the same moment as it was written over itself, to see that it may be "
        "written. What stands is theirs: %s.", store, "no value" if theirs is None else shown(theirs.value, secret=theirs.secret),
    )  # fmt: skip
