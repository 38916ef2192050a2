"""The verdict, as a table of cases."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from app.runs.run import RunStatus, Verdict
from app.runs.verdict import Findings, judge

GOOD: dict[str, Any] = {
    "status": RunStatus.COMPLETED, "steady_before": True, "steady_after": True, "faults": 1, "armed": 1, "fired": True,
}  # fmt: skip
CASES: list[tuple[str, dict[str, Any], Verdict, str]] = [
    ("all well", {}, Verdict.HELD, "and the fault is disarmed"),
    ("no fault known", {"faults": 0, "armed": 0, "fired": False}, Verdict.HELD, "No fault that the console recognises"),
    ("no hypothesis", {"steady_before": None, "steady_after": None}, Verdict.INCONCLUSIVE, "not looked at after the method"),
    ("no look after", {"steady_after": None}, Verdict.INCONCLUSIVE, "not looked at after the method"),
    ("a look during alone", {"steady_before": None, "steady_during": True, "steady_after": None}, Verdict.INCONCLUSIVE, "after the method"),
    ("missed during, no look after", {"steady_during": False, "steady_after": None, "missed": ("lag",)}, Verdict.DEVIATED, "during the method"),
    ("no look and no fault", {"faults": 0, "armed": 0, "steady_after": None}, Verdict.HELD, "No fault that the console recognises"),
    ("missed after", {"steady_after": False, "missed": ("lag",)}, Verdict.DEVIATED, "“lag” was outside its tolerance after"),
    ("missed during", {"steady_during": False, "missed": ("lag",)}, Verdict.DEVIATED, "during the method"),
    ("never armed", {"armed": 0, "fired": False}, Verdict.INCONCLUSIVE, "never armed"),
    ("one of two armed", {"faults": 2}, Verdict.INCONCLUSIVE, "never armed"),
    ("never fired", {"fired": False}, Verdict.INCONCLUSIVE, "never fired"),
    ("not seen", {"fired": None, "unseen": "no log group"}, Verdict.INCONCLUSIVE, "no log group"),
    ("no data", {"blind": ("errors",)}, Verdict.INCONCLUSIVE, "“errors”"),
    ("dry", {"dry": "actions"}, Verdict.INCONCLUSIVE, "dry run"),
    ("by a person", {"stopped_by": "ann"}, Verdict.STOPPED, "by ann"),
    ("by a control", {"status": RunStatus.INTERRUPTED}, Verdict.STOPPED, "own controls"),
    ("broken activity", {"broken": ("restart",)}, Verdict.FAILED, "“restart” failed"),
    ("no journal", {"problem": "it exploded"}, Verdict.FAILED, "it exploded"),
    ("aborted", {"status": RunStatus.ABORTED}, Verdict.FAILED, "aborted"),
    ("broken rollback", {"broken_rollbacks": ("undo",)}, Verdict.FAILED, "The console has disarmed its faults"),
    ("refused", {"refused": "busy", "status": RunStatus.INTERRUPTED}, Verdict.NOT_STARTED, "busy"),
    ("not steady before", {"steady_before": False, "steady_after": None}, Verdict.NOT_STARTED, "A probe was outside its tolerance before"),
    ("which before", {"steady_before": False, "missed_before": ("lag",)}, Verdict.NOT_STARTED, "“lag” was outside its tolerance before"),
]  # fmt: skip
PRECEDENCE = [
    ({"refused": "busy"}, Verdict.NOT_STARTED),
    ({"broken": ("restart",)}, Verdict.FAILED),
    ({"stopped_by": "ann"}, Verdict.STOPPED),
    ({"fired": False}, Verdict.INCONCLUSIVE),
    ({"steady_after": False, "missed": ("lag",)}, Verdict.DEVIATED),
]


@pytest.mark.parametrize(
    ("changed", "verdict", "reason"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_what_a_run_taught(changed: dict[str, Any], verdict: Verdict, reason: str) -> None:
    given, why = judge(Findings(**{**GOOD, **changed}))
    assert (given, reason in why) == (verdict, True), why


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(PRECEDENCE, 2)))
def test_the_earlier_verdict_wins(first: Any, second: Any) -> None:
    assert judge(Findings(**{**GOOD, **second[0], **first[0]}))[0] is first[1]


def test_it_says_so_where_something_is_still_armed() -> None:
    verdict, reason = judge(Findings(**{**GOOD, "still_armed": ("ssm:x",)}))
    assert verdict is Verdict.INCONCLUSIVE
    assert "still armed" in reason
    verdict, reason = judge(Findings(**{**GOOD, "still_armed": ("ssm:x",), "steady_after": None}))
    assert verdict is Verdict.INCONCLUSIVE
    assert "still armed" in reason
