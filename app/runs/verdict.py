"""What a run taught, by one pure function. Chaos Toolkit's own status does not say it.

`completed`, not deviated, exit code 0 is also what a run ends with whose method never ran, whose fault AWS
refused, or whose rollback failed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.runs.run import RunStatus, Verdict

Reason = str | None  # a sentence where the verdict applies


@dataclass(frozen=True, kw_only=True)
class Findings:
    """All that a verdict is made of."""

    status: RunStatus
    refused: str | None = None  # why the console did not let it go on
    problem: str | None = None  # what broke the experiment before or beside its journal
    stopped_by: str | None = None
    steady_before: bool | None = None  # None: not looked at
    steady_after: bool | None = None
    steady_during: bool | None = None
    missed_before: tuple[str, ...] = ()  # probes outside their tolerance then
    missed: tuple[str, ...] = ()  # probes outside their tolerance, after or during
    broken: tuple[str, ...] = ()  # activities that failed, faults' own left out
    broken_rollbacks: tuple[str, ...] = ()
    faults: int = 0  # that the console recognised in the method
    armed: int = 0
    fired: bool | None = None  # None: could not be seen
    unseen: str = ""  # why it could not
    still_armed: tuple[str, ...] = ()  # stores
    changed: tuple[str, ...] = ()  # what became of the functions meanwhile, sentences without a full stop
    blind: tuple[str, ...] = ()  # signals without data, or with data too old, when they were judged
    dry: str | None = None


def judge(findings: Findings) -> tuple[Verdict, str]:
    """The verdict and its reason, a sentence. Precedence as the rules stand."""
    for verdict, rule in RULES:
        if reason := rule(findings):
            return verdict, reason
    return Verdict.HELD, _held(findings)


def not_started(findings: Findings) -> Reason:
    if findings.refused:
        return f"Refused: {findings.refused}"
    if findings.steady_before is False:
        missed = listed(findings.missed_before) or "A probe"
        return (
            f"{missed} was outside its tolerance before the method, so nothing was tried and nothing learnt."
        )
    return None


def failed(findings: Findings) -> Reason:
    if findings.problem:
        return f"The experiment itself broke: {findings.problem}"
    if findings.broken:
        return f"The experiment itself broke: {listed(findings.broken)} failed."
    if findings.status is RunStatus.ABORTED:
        return "The experiment itself broke: Chaos Toolkit aborted it."
    if findings.broken_rollbacks:
        cleaned = "" if findings.still_armed else " The console has disarmed its faults."
        after = " Its steady state was missed, too." if findings.missed else ""
        return f"The rollback {listed(findings.broken_rollbacks)} failed.{cleaned}{after}"
    return None


def stopped(findings: Findings) -> Reason:
    if findings.stopped_by:
        return f"Ended before its time by {findings.stopped_by}."
    if findings.status is RunStatus.INTERRUPTED:
        return "Ended before its time by the experiment's own controls."
    return None


def inconclusive(findings: Findings) -> Reason:
    if findings.dry:
        return f"A dry run ({findings.dry}): not all of it was played."
    if findings.faults and (reason := _did_nothing(findings)):
        return reason
    if findings.changed:
        return f"{'; '.join(findings.changed)}: what was seen may be its doing, not the fault's."
    if findings.blind:
        return (
            f"No data, or too old, for {listed(findings.blind)}: what cannot be seen is not within tolerance. "
            "Has traffic stopped?"
        )
    if findings.status is RunStatus.FAILED and not findings.missed:
        return "Chaos Toolkit reports the run as failed without a tolerance that was missed."
    return None


def _did_nothing(findings: Findings) -> Reason:
    if findings.armed < findings.faults:
        return "The fault never armed: what the function obeys did not hold the value that was to be written."
    if findings.fired is None:
        return f"It could not be seen whether the fault fired: {findings.unseen or 'the logs were not readable'}."
    if not findings.fired:
        return (
            "The fault was armed but never fired: no invocation was hit. Is there traffic, does the function "
            "read this store, and does it open new connections?"
        )
    return None


def deviated(findings: Findings) -> Reason:
    if findings.steady_after is False or findings.steady_during is False:
        when = "after" if findings.steady_after is False else "during"
        return f"{listed(findings.missed) or 'A probe'} was outside its tolerance {when} the method."
    return None


def not_over(findings: Findings) -> Reason:
    if findings.still_armed:
        held = "The hypothesis held, but " if findings.steady_after else ""
        return f"{held}{listed(findings.still_armed)} is still armed: it is not over."
    return None


def not_looked_at(findings: Findings) -> Reason:
    """A fault that struck, and nobody looked at what it left: that is not known to have held."""
    if findings.faults and findings.steady_after is None:
        return (
            "The fault struck, and the steady state was not looked at after the method: whether it held is not known. "
            "It takes a hypothesis, with a strategy that looks after the method."
        )
    return None


RULES: tuple[tuple[Verdict, Callable[[Findings], Reason]], ...] = (
    (Verdict.NOT_STARTED, not_started),
    (Verdict.FAILED, failed),
    (Verdict.STOPPED, stopped),
    (Verdict.INCONCLUSIVE, inconclusive),
    (Verdict.DEVIATED, deviated),
    (Verdict.INCONCLUSIVE, not_over),
    (Verdict.INCONCLUSIVE, not_looked_at),
)


def _held(findings: Findings) -> str:
    if not findings.faults:
        looked = findings.steady_after is not None or findings.steady_during is not None
        said = (
            "The hypothesis held."
            if looked
            else "It was played to its end, and no hypothesis was looked at afterwards."
        )
        return f"{said} No fault that the console recognises was part of it."
    return "The hypothesis held while the fault struck, and the fault is disarmed."


def listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"“{name}”" for name in names)
