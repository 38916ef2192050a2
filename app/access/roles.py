"""Which role may do what. Pure: routes name a need, a credential carries a role."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Need(StrEnum):
    """What a route asks of whoever calls it. Without a login everybody on this machine has all of them."""

    NOTHING = "nothing"  # health and the login itself: for machines and strangers
    SEE = "see"
    EDIT = "edit"  # writes experiment files, which are code
    RUN = "run"  # runs experiments
    ARM = "arm"
    DISARM = "disarm"  # ends faults and runs
    SANDBOX = "sandbox"  # changes the example pipeline
    ADMIT = "admit"  # lets others in, and shuts them out


# What is never put off, whatever else a caller does or says: to tell of our health, and to end a fault or a run.
UNHINDERED = frozenset({Need.NOTHING, Need.DISARM})


class Role(StrEnum):
    VIEWER = "viewer"
    RUNNER = "runner"
    AUTHOR = "author"
    ADMIN = "admin"


# Whoever may look may end a fault: in an outage nobody should have to look for somebody with a role.
_VIEWER = frozenset({Need.NOTHING, Need.SEE, Need.DISARM})
_RUNNER = _VIEWER | {Need.RUN, Need.ARM, Need.SANDBOX}
_AUTHOR = _RUNNER | {Need.EDIT}
ALLOWED: Mapping[Role, frozenset[Need]] = {
    Role.VIEWER: _VIEWER,
    Role.RUNNER: _RUNNER,
    Role.AUTHOR: _AUTHOR,
    Role.ADMIN: frozenset(Need),
}


def may(role: Role, need: Need) -> bool:
    return need in ALLOWED[role]


def least(need: Need) -> Role:
    """The lowest role that may."""
    return next(role for role in Role if may(role, need))
