"""`gameday run` against a console: preflight's findings, the verdict, and an exit code for each."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.test_main import GAMEDAY, serving
from tests.waiting import PATIENCE


def process(name: str, command: str, **more: Any) -> dict[str, Any]:
    provider = {"type": "process", "path": "sh", "arguments": ["-c", command]}
    return {"type": "action", "name": name, "provider": provider, **more}


def experiment(probe: str, *method: dict[str, Any]) -> dict[str, Any]:
    looks = process("works", probe, type="probe", tolerance=0)
    return {
        "title": "T", "description": "d", "steady-state-hypothesis": {"title": "works", "probes": [looks]},
        "method": list(method), "rollbacks": [],
    }  # fmt: skip


def gameday(url: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [GAMEDAY, "run", "--server", url, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("served")
    (folder / "experiments").mkdir()
    mark = folder / "broken"
    files = {
        "held": experiment("true", process("look", "1", provider={"type": "process", "path": "sleep", "arguments": "0"})),
        "deviated": experiment(f"test ! -e {mark}", process("break", f"touch {mark}")),
        "not-started": experiment("false"),
        "failed": experiment("true", process("break", "exit 1", provider={"type": "python", "module": "os", "func": "nothing"})),
    }  # fmt: skip
    for name, document in files.items():
        (folder / "experiments" / f"{name}.json").write_text(json.dumps(document))
    with serving(folder) as (_, url):
        yield url


@pytest.mark.parametrize(
    ("name", "words", "code", "told"),
    [
        ("held", (), 0, "held: The hypothesis held."),
        ("not-started", (), 3, "was outside its tolerance before the method"),
        ("deviated", ("--accept", "unproven"), 1, "deviated: “works” was outside"),
        ("deviated", (), 3, "--accept unproven"),
        ("held", ("--no-wait",), 0, "Run "),
        ("held", ("--check",), 0, "It may start."),
        ("deviated", ("--check",), 3, "It would be refused. Or take it upon yourself: --accept unproven"),
        ("deviated", ("--check", "--accept", "unproven"), 0, "It may start."),
        ("deviated", ("--check", "--dry", "actions"), 0, "It may start."),
        ("held", ("--check", "--stop-if", "nosuch>1"), 2, "It has: works."),
        ("nothing", (), 2, "There is no experiment 'nothing'"),
    ],
)
def test_every_outcome_has_its_code(
    served: str, name: str, words: tuple[str, ...], code: int, told: str
) -> None:
    done = gameday(served, name, *words)
    assert (done.returncode, told in done.stdout + done.stderr) == (code, True), done.stdout + done.stderr


def test_a_console_that_is_not_there_is_said_with_a_way_out() -> None:
    done = gameday("http://127.0.0.1:9", "held")
    assert done.returncode == 69
    assert "gameday serve" in done.stderr
