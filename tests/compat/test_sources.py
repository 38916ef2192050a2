"""Experiments that are no file of this folder: at an address, missing, elsewhere; and Chaos Toolkit's own settings."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.compat import cases
from tests.compat.cases import CHAOS, CORPUS, GAMEDAY, Outcome, cold
from tests.compat.conftest import Pair
from tests.compat.page import PAGE

SETTINGS = """
controls:
  everywhere: {provider: {type: python, module: watching, arguments: {mark: everywhere}}}
runtime:
  hypothesis: {strategy: after-method-only}
"""


@pytest.fixture
def both(pair: Pair, server: str, tmp_path: Path):
    def play(source: str, *words: str, **environ: str) -> tuple[Outcome, Outcome]:
        folders = [tmp_path / "chaos", tmp_path / "gameday"]
        for folder in folders:
            folder.mkdir()
        theirs, ours = ({**cases.environ(server, folder), **environ} for folder in folders)
        always = ("--rollback-strategy", "always", *words)
        return (
            cases.chaos_run(pair.chaos.run, folders[0], source, always, theirs),
            cases.gameday_run(pair.gameday.run, folders[1], source, words, ours, work=pair.work),
        )

    return play


def alike(both: tuple[Outcome, Outcome]) -> list[int]:
    theirs, ours = both
    assert ours.comparable == theirs.comparable, ours.said
    return [theirs.code, ours.code]


@pytest.mark.parametrize(
    "path",
    [
        "references.yaml?application/x-yaml",
        "references.yaml?text/yaml",
        "references.yaml?text/plain",
        "python-arguments.json?application/json; charset=utf-8",
        "python-arguments.json?text/plain",
    ],
)
def test_an_experiment_at_an_address_is_played(path, both, server):
    played = both(f"{server}/corpus/{path.replace(' ', '%20')}")
    assert alike(played) == [0, 0]
    assert played[1].journal


@pytest.mark.parametrize(
    "path", ["nowhere.json", "references.yaml?text/html", "format-broken.json", "dry-pause.yaml?text/yaml"]
)
def test_an_address_without_an_experiment_is_refused(path, both, server):
    assert alike(both(f"{server}/corpus/{path}")) == [1, 2]


def test_an_address_where_nobody_listens_is_refused(both):
    assert alike(both("http://127.0.0.1:9/e.json")) == [1, 2]


def test_a_token_opens_an_address(both, server):
    url = f"{server}/corpus/dry-pause.yaml?text/yaml"
    played = both(url, "--dry", "pause", CHAOSTOOLKIT_LOADER_AUTH_BEARER_TOKEN="open")
    assert alike(played) == [0, 4]
    assert played[1].journal


@pytest.mark.parametrize("source", ["nowhere.json", "nowhere/at/all.yaml", "nowhere"])
def test_a_file_that_is_not_there_is_refused(source, both):
    assert alike(both(source)) == [1, 2]


def test_a_file_of_another_folder_is_played_where_you_are(both):
    played = both(str(CORPUS / "process-configuration-in-arguments.yaml"))
    assert alike(played) == [0, 0]
    assert played[1].journal


def test_chaos_toolkit_s_settings_are_heeded(server, tmp_path):
    outcomes = []
    for script, name in ((CHAOS, "chaos"), (GAMEDAY, "gameday")):
        folder = cases.placed("hypothesis-misses-before.yaml", tmp_path / name)
        (folder / ".chaostoolkit").mkdir()
        (folder / ".chaostoolkit" / "settings.yaml").write_text(SETTINGS)
        environ, case = cases.environ(server, folder), "hypothesis-misses-before.yaml"
        if script == CHAOS:
            words: Sequence[str] = ("--rollback-strategy", "always")
            outcomes.append(cases.chaos_run(cold(script), folder, case, words, environ))
        else:
            outcomes.append(cases.gameday_run(cold(script), folder, case, (), environ, work=folder))
    theirs, ours = outcomes
    assert alike((theirs, ours)) == [1, 1]
    assert ours.journal
    assert ours.journal["run"][0]["activity"]["seen"] == ["before everywhere"]


def test_the_page_has_every_option_of_chaos_run(tmp_path):
    words = [CHAOS, "--no-log-file", "--no-version-check", "run", "--help"]
    told = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    options = set(re.findall(r"^\s+(--[a-z-]+)", told, re.MULTILINE)) - {"--help"}
    text = PAGE.read_text(encoding="utf-8")
    assert [option for option in sorted(options) if f"`{option}" not in text] == []


LEAVING = """
title: leaving
description: An activity that leaves a process running.
method:
  - {type: action, name: leave, provider: {type: process, path: sh, arguments: [-c, "sleep 300 >/dev/null 2>&1 & echo $!"]}}
"""


def test_what_an_activity_leaves_running_ends_with_the_run(both, tmp_path):
    (tmp_path / "leaving.yaml").write_text(LEAVING)
    played = both(str(tmp_path / "leaving.yaml"))
    left = [int(one.journal["run"][0]["output"]["stdout"]) for one in played if one.journal]
    running = [alive(pid) for pid in left]
    os.kill(left[0], signal.SIGKILL)
    assert running == [True, False]


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")
