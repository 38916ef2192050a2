"""Which of preflight's refusals stand in the way of a run as it was asked for: the same for a look and for a start. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.runs.arming import NOT_PLAYED
from app.runs.finding import Finding, Level

PASSING = ("armed", "alarm", "busy")  # may be over by the time that a run in line begins
IN_ANY_CASE = ("lever", "armed", "busy")  # also of a run that arms nothing
ORDER = (Level.REFUSAL, Level.WARNING, Level.OK)
IN_LINE = "The run waits in line until that is over."
DRY = "A dry run arms nothing: it may start all the same."


def counted(findings: Sequence[Finding], *, dry: str | None, queue: bool) -> list[Finding]:
    """As they count for a run that is dry or may wait in line: what does not stop it is a warning. Refusals first."""
    told = [_counted(finding, dry=dry, queue=queue) for finding in findings]
    return sorted(told, key=lambda finding: ORDER.index(finding.level))


def _counted(finding: Finding, *, dry: str | None, queue: bool) -> Finding:
    if finding.level is not Level.REFUSAL:
        return finding
    if queue and finding.code in PASSING:
        return replace(finding, level=Level.WARNING, remedy=IN_LINE, accept="")
    if dry in NOT_PLAYED and finding.code not in IN_ANY_CASE:
        return replace(finding, level=Level.WARNING, remedy=DRY, accept="")
    return finding
