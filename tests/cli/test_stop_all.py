"""`gameday stop-all` as a person types it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from app.clock import SystemClock
from app.faults.lever import SafetyLever
from app.storage import Storage
from app.storage.engine import sqlite_url

GAMEDAY = str(Path(sys.executable).parent / "gameday")
TOML = '[environments.staging]\nregion = "us-east-2"\nendpoint = "http://127.0.0.1:9"\n'


def stop_all(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "gameday.toml").write_text(TOML)
    return subprocess.run(
        [GAMEDAY, "stop-all", *words], cwd=folder, capture_output=True, text=True, check=False
    )


def test_it_engages_the_lever_with_no_console_running(tmp_path):
    done = stop_all(tmp_path, "--why", "customers call")
    assert done.returncode == 0, done.stderr
    assert "engaged by" in done.stdout
    assert "Nothing is armed." in done.stdout
    storage = Storage(sqlite_url(tmp_path / ".gameday" / "gameday.sqlite"))
    assert SafetyLever(storage, SystemClock()).engaged("staging").why == "customers call"
    storage.close()


def test_an_unknown_environment_is_an_error_that_names_those_there_are(tmp_path):
    done = stop_all(tmp_path, "--environment", "stagign")
    assert done.returncode == 2
    assert "There are: staging." in done.stderr


def test_a_console_that_does_not_answer_is_said_with_a_way_out(tmp_path):
    done = stop_all(tmp_path, "--server", "http://127.0.0.1:9")
    assert done.returncode == 69
    assert "does not answer" in done.stderr
    assert "--folder" in done.stderr
