"""docs/how-to/ci.md: its script does what it says, and its two pipelines keep what the script leaves."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from tests.ports import free_port

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "ci.md"
BIN = Path(sys.executable).parent
LEFT = {"junit.xml", "report.html", "journal.json", "sandbox.log"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)


def pipeline(number: int) -> dict[Any, Any]:
    loaded: dict[Any, Any] = yaml.safe_load(blocks("yaml")[number])
    return loaded


def test_github_runs_the_script_and_keeps_what_it_leaves() -> None:
    job = pipeline(0)["jobs"]["game-day"]
    runs = [step["run"] for step in job["steps"] if "run" in step]
    assert runs == ["pip install 'gameday[sandbox]'", "bash game-day.sh"]
    (keeps,) = (step for step in job["steps"] if "upload-artifact" in step.get("uses", ""))
    assert keeps["if"] == "always()"
    assert set(keeps["with"]["path"].split()) == LEFT


def test_gitlab_runs_the_script_and_keeps_what_it_leaves() -> None:
    job = pipeline(1)["game-day"]
    assert job["script"] == ["pip install 'gameday[sandbox]'", "bash game-day.sh"]
    assert job["artifacts"]["when"] == "always"
    assert set(job["artifacts"]["paths"]) == LEFT
    assert job["artifacts"]["reports"]["junit"] == "junit.xml"


@pytest.mark.sandbox
@pytest.mark.timeout(600)
def test_the_script_runs_the_sandbox_and_an_experiment_and_leaves_its_files(tmp_path: Path) -> None:
    """As it stands on the page, but for ports that are free here."""
    (script,) = blocks("bash")
    port, aws_port = free_port(), free_port()
    script = script.replace(":8000", f":{port}")
    script = script.replace("gameday sandbox ", f"gameday sandbox --port {port} --aws-port {aws_port} ", 1)
    (tmp_path / "game-day.sh").write_text(script)
    environ = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)}
    done = subprocess.run(
        ["bash", "game-day.sh"], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False, timeout=560
    )  # fmt: skip
    told = done.stdout + done.stderr + (tmp_path / "sandbox.log").read_text()
    assert done.returncode == 0, told
    assert {file.name for file in tmp_path.iterdir()} >= LEFT
    (suite,) = ET.parse(tmp_path / "junit.xml").getroot().iter("testsuite")
    assert int(suite.get("tests", "0")) > 0
    assert int(suite.get("failures", "0")) == 0
    assert json.loads((tmp_path / "journal.json").read_text())["status"] == "completed"
    assert "held" in (tmp_path / "report.html").read_text()
    assert "Everything is stopped." in (tmp_path / "sandbox.log").read_text()
