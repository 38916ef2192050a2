"""`gameday validate` refuses what `chaos run` refuses, with a line, and nothing that it plays."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping

import pytest

from tests.compat.cases import CASES, CORPUS, GAMEDAY, Outcome
from tests.compat.differences import LET_THROUGH, REFUSED

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def problems() -> dict[str, list[int]]:
    """By case: the lines of what is wrong."""
    ran = subprocess.run(
        [GAMEDAY, "validate", "--output", "json", *CASES], cwd=CORPUS, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (1, "")
    lines: dict[str, list[int]] = {}
    for problem in json.loads(ran.stdout)["problems"]:
        lines.setdefault(problem["file"], []).append(problem["line"])
    return lines


def test_what_chaos_run_refuses_is_refused_and_has_a_line(
    outcomes: Mapping[str, tuple[Outcome, Outcome]], problems: dict[str, list[int]]
):
    refused = {case for case, (theirs, _) in outcomes.items() if theirs.journal is None}
    assert refused - problems.keys() == LET_THROUGH.keys()
    for case, lines in problems.items():
        written = (CORPUS / case).read_bytes().count(b"\n") + 1
        assert all(1 <= line <= written for line in lines)


def test_what_chaos_run_plays_is_let_through(
    outcomes: Mapping[str, tuple[Outcome, Outcome]], problems: dict[str, list[int]]
):
    played = {case for case, (theirs, _) in outcomes.items() if theirs.journal is not None}
    assert played & problems.keys() == REFUSED.keys()
