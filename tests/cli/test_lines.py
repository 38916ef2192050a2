"""Each event is a line that says what happened, and never more than it knows."""

from __future__ import annotations

from typing import Any

import pytest

from app.cli.run.lines import sentence
from app.cli.run.shown import fitted

PROBE = {"name": "in-flight", "tolerance_met": False, "value": 48.1}


@pytest.mark.parametrize(
    ("kind", "data", "line"),
    [
        ("queued", {"by": "maria", "environment": "staging"}, "Queued by maria in staging."),
        ("hypothesis", {"phase": "before"}, "Looking at the steady state before the method …"),
        ("hypothesis-before", {"met": True, "probes": []}, "Steady state before: met."),
        ("hypothesis-after", {"met": False, "probes": [PROBE]}, "Steady state after: NOT MET. “in-flight” (48.1) is outside its tolerance."),
        ("hypothesis-after", {"met": None, "probes": []}, "Steady state after: not judged."),
        ("hypothesis-during", {"met": True, "probes": []}, None),
        ("hypothesis-during", {"met": False, "probes": [PROBE]}, "Steady state during the method: NOT MET. “in-flight” (48.1) is outside its tolerance."),
        ("before-activity", {"name": "Arm", "phase": "method", "background": True}, "Begin: Arm in the background."),
        ("before-activity", {"name": "Disarm", "phase": "rollbacks"}, "Rollback: Disarm."),
        ("activity", {"name": "Arm", "status": "succeeded", "seconds": 2.94}, "Done: Arm in 2.9 s."),
        ("activity", {"name": "Arm", "status": "succeeded", "exit_code": 3}, "FAILED: Arm: it ended with code 3"),
        ("activity", {"name": "Arm", "status": "failed", "exception": "ValueError: no"}, "FAILED: Arm: ValueError: no"),
        ("activity", {"name": "Arm", "status": "interrupted"}, "Interrupted: Arm."),
        ("pause", {"seconds": 30.0}, "Pause of 30 s."),
        ("armed", {"store": "ssm:x", "text": "armed and read back"}, "ARMED: ssm:x: armed and read back."),
        ("disarmed", {"store": "ssm:x", "state": "disarmed", "outcome": "Disarmed: read back."}, "Disarmed: read back."),
        ("disarmed", {"store": "ssm:x", "state": "disarming", "outcome": "AccessDenied"}, "Not disarmed yet (disarming): ssm:x. AccessDenied"),
        ("ended", {"status": "completed", "problem": None}, "Ended: completed."),
        ("ended", {"status": "aborted", "problem": "no such file"}, "Ended: aborted. no such file"),
        ("rollbacks", {"count": 0}, None),
        ("asked", {"name": "Arm"}, None),
        ("something-new", {}, None),
    ],
)  # fmt: skip
def test_an_event_is_a_sentence(kind: str, data: dict[str, Any], line: str | None) -> None:
    assert sentence(kind, data) == line


def test_what_is_said_at_the_end_is_wrapped_at_words_beside_its_indent() -> None:
    assert fitted("held: it kept on", 12).splitlines() == ["held: it", "  kept on"]
    assert fitted("  Disarmed: read back", 13).splitlines() == ["  Disarmed:", "    read back"]
