"""What evidence comes to, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.dialects import Fault, FaultMode, measured, sentence, stickiness
from app.evidence.proof import Proof

TELLING = 20  # invocations from which a share says something
WELL_ABOVE = 1.25  # times the rate that was asked for


WELL_BELOW = 0.75


class Explanation(NamedTuple):
    """Sentences; `why` is empty where there is nothing to add."""

    facts: str  # what is hit, and how that compares with what was asked for
    why: str  # by mode where there are several, and why it may differ


def explain(proof: Proof, fault: Fault, functions: Sequence[str], dialect: str) -> str:
    """All of it in one."""
    return " ".join(filter(None, explained(proof, fault, functions, dialect)))


def explained(proof: Proof, fault: Fault, functions: Sequence[str], dialect: str) -> Explanation:
    if not proof.fired or proof.share is None:
        return Explanation(unseen(proof, fault), "")
    words = measured(fault, functions, proof.share) if proof.of >= TELLING else sentence(fault, functions)
    percent = f"{proof.share * 100:.1f}".removesuffix(".0")
    told = (
        f"{words}: {proof.hit} of {proof.of} invocations hit ({percent} %), asked for {fault.rate * 100:g} %."
    )
    why = " ".join(filter(None, (_by_mode(proof, fault), _differs(proof, fault, dialect))))
    return Explanation(told, why)


def _by_mode(proof: Proof, fault: Fault) -> str:
    if not fault.also:
        return ""
    return ", ".join(f"{one.mode}: {proof.modes.get(one.mode.value, 0)}" for one in fault.every) + "."


def _differs(proof: Proof, fault: Fault, dialect: str) -> str:
    """Why the share is not what was asked for, as far as that is known."""
    if proof.of < TELLING or proof.share is None or fault.also:
        return ""
    if proof.share > fault.rate * WELL_ABOVE:
        return _more(proof, stickiness(fault, dialect))
    if proof.share < fault.rate * WELL_BELOW:
        candidates = "reads of the parameter that were throttled, a cache that has not seen it yet"
        kept = ", or connections that are kept alive" if fault.mode is FaultMode.DENYLIST else ""
        return f"Fewer than asked for: {candidates}{kept} may be why."
    return ""


def _more(proof: Proof, why: str | None) -> str:
    if why is None:
        return "More than asked for, which this version does not explain: does something else strike, too?"
    told = f"Consistent with this version of failure-lambda: {why}."
    if proof.streams and proof.share_where_hit is not None:
        share = f"{proof.share_where_hit * 100:.0f} %"
        told += (
            f" In the {proof.streams_hit} of {proof.streams} containers that were hit at all it is {share}."
        )
    return told


def unseen(proof: Proof, fault: Fault) -> str:
    """Why nothing was seen, as far as that can be said."""
    if not proof.can_see:
        return proof.why
    if proof.of == 0:
        return "No invocation since the fault was armed: there is no traffic, or its log has not arrived."
    told = f"The fault struck none of {proof.of} invocations since it was armed."
    if fault.mode is FaultMode.DENYLIST:
        return (
            f"{told} Connections that are kept alive hide a deny list, since failure-lambda sees new ones only; "
            "so does a value in another version's format."
        )
    return told
