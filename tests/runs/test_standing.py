"""Which refusals stand in the way: for a dry run, and for one that may wait in line."""

from __future__ import annotations

import pytest

from app.runs.checks import Finding, ok, refusal, warning
from app.runs.standing import DRY, IN_LINE, counted

ALL = ("lever", "armed", "busy", "alarm", "unproven", "permission")


def refused(*, dry: str | None = None, queue: bool = False) -> set[str]:
    found = counted([refusal(code, "No.", "Do.", "unproven") for code in ALL], dry=dry, queue=queue)
    return {finding.code for finding in found if finding.level == "refusal"}


@pytest.mark.parametrize(
    ("dry", "queue", "standing"),
    [
        (None, False, set(ALL)),
        ("pause", False, set(ALL)),
        ("probes", False, set(ALL)),
        ("actions", False, {"lever", "armed", "busy"}),
        ("activities", False, {"lever", "armed", "busy"}),
        (None, True, {"lever", "unproven", "permission"}),
        ("actions", True, {"lever"}),
    ],
)
def test_what_does_not_hold_a_run_up_is_no_refusal(dry: str | None, queue: bool, standing: set[str]) -> None:
    assert refused(dry=dry, queue=queue) == standing


@pytest.mark.parametrize(("code", "why"), [("armed", IN_LINE), ("unproven", DRY)])
def test_it_is_a_warning_that_says_why_and_asks_nobody_to_accept_it(code: str, why: str) -> None:
    given: list[Finding] = [ok("idle", "Nothing."), warning("log", "Hm."), refusal(code, "No.", "Do.", "x")]
    told = counted(given, dry="actions", queue=True)
    assert [finding.level for finding in told] == ["warning", "warning", "ok"]
    assert (told[1].code, told[1].remedy, told[1].accept) == (code, why, "")
