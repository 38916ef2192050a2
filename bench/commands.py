"""How fast commands start: `gameday --help` against `chaos --help`, `gameday run FILE` against `chaos run FILE`.

The two of a pair take turns, so that a busy machine slows both.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.table import Row, show

PROGRAMS = Path(sys.executable).parent
QUIETLY = ("--no-log-file", "--no-version-check")
PROBE = {"type": "probe", "name": "works", "tolerance": 0, "provider": {"type": "process", "path": "true"}}
TRIVIAL = {
    "title": "Trivial", "description": "Nothing happens.",
    "steady-state-hypothesis": {"title": "works", "probes": [PROBE]},
    "method": [{"type": "action", "name": "look", "provider": {"type": "process", "path": "true"}}], "rollbacks": [],
}  # fmt: skip


def measure(times: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "trivial.json")
        file.write_text(json.dumps(TRIVIAL))
        rows = [
            *_pair(("--help",), folder, times=times, aim="≤ 1 ×"),
            *_pair(("run", str(file)), folder, times=times, aim=""),
        ]
    show("Commands", rows)


def _pair(words: tuple[str, ...], folder: str, *, times: int, aim: str) -> list[Row]:
    chaos = Row(f"chaos {words[0]}", "ms")
    gameday = Row(f"gameday {words[0]}", "ms", against=chaos, aim=aim)
    for _ in range(times):
        chaos.time(lambda: _call("chaos", (*QUIETLY, *words), folder), 1)
        gameday.time(lambda: _call("gameday", words, folder), 1)
    return [gameday, chaos]


def _call(program: str, words: tuple[str, ...], folder: str) -> None:
    subprocess.run(
        [PROGRAMS / program, *words], cwd=folder, check=True, capture_output=True, env=dict(os.environ)
    )
