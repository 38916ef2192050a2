"""`gameday validate`, as an editor and pre-commit use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
GAMEDAY = Path(sys.executable).parent / "gameday"
GOOD = "title: t\ndescription: d\nmethod: []\n"
BAD = """title: t
description: d
method:
  - type: action
    name: go
    provider:
      type: telepathy
"""
STOPS = """title: t
description: d
steady-state-hypothesis:
  title: works
  probes:
    - type: probe
      name: flight
      tolerance: 0
      provider: {type: process, path: "true"}
method: []
extensions:
  - name: gameday
    stop:
      - {signal: flight, above: 3, for: 60}
      - {signal: flihgt, above: 3}
      - {alarm: payments, for: 60}
"""
TOLD = "method[0].provider.type: There is no provider of type “telepathy”, which “go” has. It is python, process or http."


def validate(folder: Path, *words: str, environ: dict[str, str] | None = None) -> tuple[int, str, str]:
    ran = subprocess.run(
        [GAMEDAY, "validate", *words], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, **(environ or {})},
    )  # fmt: skip
    return ran.returncode, ran.stdout, ran.stderr


def experiments(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / "experiments" / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_each_problem_is_a_line_that_an_editor_can_open(tmp_path):
    experiments(tmp_path, good=GOOD, lab__bad=BAD)
    code, out, err = validate(tmp_path)
    assert out.splitlines() == [f"experiments/lab/bad.yaml:7: {TOLD}", "2 files, 1 problem in 1."]
    assert (code, err) == (1, "")


def test_a_stop_condition_that_would_refuse_every_start_is_told_with_its_line(tmp_path):
    """Else a run says so only when it is to begin."""
    experiments(tmp_path, stops=STOPS)
    code, out, _ = validate(tmp_path)
    unread = "“for” belongs to a signal's bound: nothing would look at it here. Leave it out, or make it a condition of its own."
    assert out.splitlines() == [
        "experiments/stops.yaml:15: extensions[0].stop[1].signal: The hypothesis has no signal “flihgt”. It has: flight.",
        f"experiments/stops.yaml:16: extensions[0].stop[2].for: {unread}",
        "1 file, 2 problems in 1.",
    ]
    assert code == 1


def test_nothing_wrong_is_said_in_a_line(tmp_path):
    experiments(tmp_path, good=GOOD)
    assert validate(tmp_path) == (0, "1 file, no problems.\n", "")


def test_files_and_folders_may_be_named(tmp_path):
    experiments(tmp_path, good=GOOD, lab__bad=BAD, other__bad=BAD)
    _, out, _ = validate(tmp_path, "experiments/lab", "experiments/other/bad.yaml", "experiments/good.yaml")
    assert out.splitlines() == [
        f"experiments/lab/bad.yaml:7: {TOLD}",
        f"experiments/other/bad.yaml:7: {TOLD}",
        "3 files, 2 problems in 2.",
    ]


def test_a_program_is_given_json(tmp_path):
    experiments(tmp_path, bad=BAD)
    code, out, _ = validate(tmp_path, "--output", "json")
    path, _, message = TOLD.partition(": ")
    problem = {"file": "experiments/bad.yaml", "line": 7, "path": path, "message": message}
    assert (code, json.loads(out)) == (1, {"files": 1, "problems": [problem], "warnings": []})


def test_what_is_no_experiment_is_left_alone_and_what_can_be_none_is_told(tmp_path):
    (tmp_path / "queries.json").write_text("[]")
    (tmp_path / "notes.txt").write_text("")
    code, out, _ = validate(tmp_path, "queries.json", "notes.txt")
    assert code == 1
    assert out.splitlines() == [
        "notes.txt:1: Chaos Toolkit reads files that end in .json, .yaml, .yml only. Rename it.",
        "1 file, 1 problem in 1.",
    ]


def test_two_files_of_one_id_are_told_as_in_the_console(tmp_path):
    experiments(tmp_path, twice=GOOD)
    (tmp_path / "experiments" / "twice.json").write_text('{"title": "t", "description": "d", "method": []}')
    code, out, _ = validate(tmp_path)
    assert code == 1
    assert out.startswith("experiments/twice.yaml:1: twice.json has the same id, “twice”.")


def test_a_file_named_twice_is_looked_at_once(tmp_path):
    experiments(tmp_path, bad=BAD)
    assert validate(tmp_path, "experiments", "experiments/bad.yaml")[1].count("method[0]") == 1


def test_a_mistake_in_what_was_asked_is_another_exit_code(tmp_path):
    assert validate(tmp_path)[0] == 2
    assert "There is no folder experiments/ here" in validate(tmp_path)[2]
    assert validate(tmp_path, "nowhere")[0] == 2
    assert validate(tmp_path, "--output", "xml")[0] == 2


def test_nothing_that_a_file_names_is_imported(tmp_path):
    (tmp_path / "trap.py").write_text("open('sprung', 'w')")
    method = "  - {type: action, name: go, provider: {type: python, module: trap, func: go}}\n"
    controls = "controls: [{name: c, provider: {type: python, module: trap}}]\n"
    experiments(tmp_path, trap=f"title: t\ndescription: d\n{controls}method:\n{method}")
    assert validate(tmp_path, environ={"PYTHONPATH": str(tmp_path)})[0] == 0
    assert not (tmp_path / "sprung").exists()


def test_the_shipped_experiments_are_valid():
    assert validate(ROOT)[0] == 0


def test_pre_commit_s_hook_runs_this_command_on_experiments_only(tmp_path):
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["id"] == "gameday-validate"
    experiments(tmp_path, bad=BAD)
    ran = subprocess.run(
        [*hook["entry"].split(), "experiments/bad.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": f"{GAMEDAY.parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert (ran.returncode, ran.stdout.splitlines()[0]) == (1, f"experiments/bad.yaml:7: {TOLD}")


def test_schedules_beside_experiments_are_looked_at_too(tmp_path):
    experiments(tmp_path, lab__good=GOOD)
    file = tmp_path / "experiments" / "lab" / "schedules.yaml"
    file.write_text('schedules:\n- {name: a, experiment: good, cron: "0 3 * * 1-5"}\n')
    assert validate(tmp_path) == (0, "2 files, no problems.\n", "")
    file.write_text('schedules:\n- name: a\n  experiment: good\n  cron: "0 25 * * *"\n')
    code, out, err = validate(tmp_path, "experiments/lab/schedules.yaml")
    assert out.startswith("experiments/lab/schedules.yaml:4: schedules[0].cron: ")
    assert (code, err) == (1, "")


MISSPELT = "title: t\ndescription: d\nmethod: []\nrollback:\n- {type: action, name: b, provider: {type: process, path: ls}}\n"


def test_a_misspelt_key_is_a_warning_and_no_error(tmp_path: Path) -> None:
    code, out, _ = validate(experiments(tmp_path, odd=MISSPELT))
    words = "Chaos Toolkit reads no “rollback” here, and passes it by. Did you mean rollbacks?"
    told = f"experiments/odd.yaml:5: warning: rollback: {words}\n1 file, no problems, 1 warning.\n"
    assert (code, out) == (0, told)
    told = json.loads(validate(tmp_path, "--output", "json")[1])
    warned = {"file": "experiments/odd.yaml", "line": 5, "path": "rollback", "message": words}
    assert told == {"files": 1, "problems": [], "warnings": [warned]}


def test_problems_are_in_the_order_of_the_lines(tmp_path: Path) -> None:
    text = "runtime: 5\ndescription: d\nmethod:\n- {type: probe, name: a}\ntags: 5\ncontrols: 5\n"
    lines = validate(experiments(tmp_path, a=text))[1].splitlines()[:-1]
    numbers = [int(line.split(":")[1]) for line in lines]
    assert len(numbers) >= 5
    assert numbers == sorted(numbers)
