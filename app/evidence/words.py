"""What evidence comes to, in words."""

from __future__ import annotations

from collections.abc import Sequence

from app.dialects import Fault, FaultMode, measured, sentence, stickiness
from app.evidence.proof import Proof

TELLING = 20  # invocations from which a share says something
WELL_ABOVE = 1.25  # times the rate that was asked for


def explain(proof: Proof, fault: Fault, functions: Sequence[str], dialect: str) -> str:
    """One or two sentences: what is hit, how that compares with what was asked for, and why it may differ."""
    if not proof.fired or proof.share is None:
        return unseen(proof, fault)
    words = (
        measured(fault, functions, proof.share)
        if proof.invocations >= TELLING
        else sentence(fault, functions)
    )
    told = f"{words}: {proof.hit} of {proof.invocations} invocations hit, asked for {fault.rate * 100:g} %."
    why = stickiness(fault, dialect)
    more = why is not None and proof.invocations >= TELLING and proof.share > fault.rate * WELL_ABOVE
    return f"{told} Consistent with this version of failure-lambda: {why}." if more else told


def unseen(proof: Proof, fault: Fault) -> str:
    """Why nothing was seen, as far as that can be said."""
    if not proof.can_see:
        return proof.why
    if proof.invocations == 0:
        return "No invocation since the fault was armed: there is no traffic, or its log has not arrived."
    told = f"The fault struck none of {proof.invocations} invocations since it was armed."
    if fault.mode is FaultMode.DENYLIST:
        return (
            f"{told} Connections that are kept alive hide a deny list, since failure-lambda sees new ones only; "
            "so does a value in another version's format."
        )
    return told
