"""`gameday run FILE` against `chaos run FILE`, on every file of the corpus."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import pytest
import yaml

from tests.compat import cases
from tests.compat.cases import CASES, CHAOS, CORPUS, GAMEDAY, Outcome, cold
from tests.compat.differences import CODES, RUNS
from tests.compat.page import PAGE, filled

Outcomes = Mapping[str, tuple[Outcome, Outcome]]
pytestmark = pytest.mark.timeout(900)  # the first test waits for both commands over the whole corpus
SAID = re.compile(r"ERROR\] (.+)$", re.MULTILINE)
RAISED = re.compile(r"^[\w.]*?(\w+(?:Error|Experiment|Schema)): (.+)$", re.MULTILINE)
LIKE_A_SHELL = ("hypothesis-misses-after.yaml", "python-missing-module.json", "secrets.yaml")


@pytest.mark.parametrize("case", [case for case in CASES if case not in RUNS])
def test_it_ends_with_the_same_journal_status_and_deviation(case: str, outcomes: Outcomes):
    theirs, ours = outcomes[case]
    assert ours.comparable == theirs.comparable, ours.said
    assert ours.code in CODES[theirs.ending], ours.said
    assert (ours.code == 0) == (theirs.code == 0)


@pytest.mark.parametrize("case", RUNS)
def test_what_is_listed_as_different_is(case: str, outcomes: Outcomes):
    theirs, ours = outcomes[case]
    assert ours.comparable != theirs.comparable or ours.code not in CODES[theirs.ending]


def test_a_file_that_chaos_toolkit_refuses_is_refused_in_its_words_or_with_a_line(outcomes: Outcomes):
    for case, (theirs, ours) in outcomes.items():
        if theirs.journal is None and ours.code == 2:
            reasons = [said.strip() for said in SAID.findall(theirs.said)]
            reasons += [words.strip() for _, words in RAISED.findall(theirs.said)]
            assert any(words in ours.said for words in reasons) or f"{case}:" in ours.said, ours.said


def test_no_file_ends_in_a_traceback(outcomes: Outcomes):
    assert [case for case, (_, ours) in outcomes.items() if "Traceback" in ours.said] == []


@pytest.mark.parametrize("case", LIKE_A_SHELL)
def test_commands_that_begin_warm_end_as_a_shell_s_do(case, outcomes, server, tmp_path):
    theirs = cases.chaos(cold(CHAOS), case, tmp_path / "chaos" / case, server)
    ours = cases.gameday(cold(GAMEDAY), case, tmp_path / "gameday" / case, server, work=tmp_path)
    warm = outcomes[case]
    assert [(one.code, one.comparable) for one in (theirs, ours)] == [
        (one.code, one.comparable) for one in warm
    ]


def test_without_a_strategy_rollbacks_are_played_where_chaos_toolkit_s_default_would_not(
    outcomes, server, tmp_path, monkeypatch
):
    case = "hypothesis-breaks-before.yaml"
    monkeypatch.setattr(cases, "options", lambda _: ())
    theirs = cases.chaos(cold(CHAOS), case, tmp_path / "chaos", server)
    ours = outcomes[case][1]
    assert theirs.journal
    assert ours.journal
    assert (theirs.journal["rollbacks"], len(ours.journal["rollbacks"])) == ([], 1)


def test_every_file_says_what_it_shows():
    for case in CASES:
        text = (CORPUS / case).read_text(encoding="utf-8", errors="replace")
        if not case.startswith("format-") and "missing" not in case:
            told = json.loads(text) if case.endswith(".json") else yaml.safe_load(text)
            assert len(told["description"]) > 10, case


def test_the_page_lists_what_is_different_and_nothing_else(outcomes: Outcomes, request):
    text = PAGE.read_text(encoding="utf-8")
    if request.config.getoption("--write-compatibility", default=False):
        PAGE.write_text(filled(text, outcomes), encoding="utf-8")
    else:
        assert text == filled(text, outcomes), "python -m pytest tests/compat --write-compatibility"
