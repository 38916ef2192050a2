"""A number that a process prints is that number, whatever it might be in another encoding."""

from __future__ import annotations

from typing import Any

import pytest


def printing(octal: str, tolerance: Any) -> dict[str, Any]:
    return {
        "type": "probe",
        "name": "prints",
        "tolerance": tolerance,
        "provider": {"type": "process", "path": "printf", "arguments": [octal]},
    }


@pytest.mark.parametrize("number", ["1.5", "1.1", "4.6", "3.0", "50.3", "-9.8", "1.0833333333333335"])
def test_a_short_number_is_judged_as_the_number_it_is(begin: Any, experiment: Any, number: str) -> None:
    within = {"type": "range", "range": [-10, 60], "target": "stdout"}
    probes = [printing(f"{number}\\n", within)]
    journal = begin(experiment(**{"steady-state-hypothesis": {"title": "s", "probes": probes}})).finish()
    probe = journal["steady_states"]["before"]["probes"][0]
    assert probe["output"]["stdout"] == f"{number}\n"
    assert probe["tolerance_met"] is True


def test_what_is_not_utf_8_is_still_guessed(begin: Any, experiment: Any) -> None:
    latin = "D\\351j\\340 vu, tr\\350s cher \\351l\\350ve: voil\\340 la le\\347on de fran\\347ais\\n"
    probe = printing(latin, {"type": "regex", "pattern": "leçon", "target": "stdout"})
    journal = begin(experiment(**{"steady-state-hypothesis": {"title": "s", "probes": [probe]}})).finish()
    assert journal["steady_states"]["before"]["probes"][0]["tolerance_met"] is True
