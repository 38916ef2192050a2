"""The corpus, and what `chaos run` and `gameday run` make of each of its files, each in a folder of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

from tests.waiting import PATIENCE

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
BIN = Path(sys.executable).parent
CHAOS, GAMEDAY = str(BIN / "chaos"), str(BIN / "gameday")
CASES = tuple(sorted(path.name for path in CORPUS.iterdir()))
ONCE = ("--hypothesis-frequency", "3600")  # how often a look comes round would be a matter of luck
OPTIONS: Mapping[str, Sequence[str]] = {
    "configuration-given.yaml": ("--var", "text=given", "--var", "number:int=2", "--var", "env=given, too"),
    "dry-actions.yaml": ("--dry", "actions"),
    "dry-activities.yaml": ("--dry", "activities"),
    "dry-pause.yaml": ("--dry", "pause"),
    "dry-probes.yaml": ("--dry", "probes"),
    "hypothesis-strategy-breaks-during.yaml": ONCE,
    "hypothesis-strategy-continously.yaml": ONCE,
    "hypothesis-strategy-continuously.yaml": ONCE,
    "hypothesis-strategy-during-misses.yaml": ONCE,
    "hypothesis-strategy-during.yaml": ONCE,
    "hypothesis-strategy-fails-fast.yaml": (*ONCE, "--fail-fast"),
}
TIMES = ("start", "end", "duration")
ADDRESS = re.compile(r"0x[0-9a-f]+")

Run = Callable[..., int]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """`journal`: None where there is none, or none that is JSON."""

    code: int
    journal: dict[str, Any] | None
    said: str

    @property
    def ending(self) -> str:
        """Chaos Toolkit's own word, without which there is no journal."""
        if self.journal is None:
            return "no journal"
        return f"{self.journal['status']}{', deviated' if self.journal['deviated'] else ''}"

    @property
    def words(self) -> str:
        return f"{self.code}, {self.ending}"

    @property
    def comparable(self) -> Any:
        return comparable(self.journal)


def chaos(run: Run, case: str, folder: Path, server: str) -> Outcome:
    return chaos_run(run, placed(case, folder), case, options(case), environ(server, folder))


def gameday(run: Run, case: str, folder: Path, server: str, *, work: Path) -> Outcome:
    """`work`: the working folder, with the ledger; what the experiment is given is its own folder."""
    words = OPTIONS.get(case, ())
    return gameday_run(run, placed(case, folder), case, words, environ(server, folder), work=work)


def placed(case: str, folder: Path) -> Path:
    folder.mkdir(parents=True)
    shutil.copy(CORPUS / case, folder)
    return folder


def chaos_run(
    run: Run, folder: Path, source: str, words: Sequence[str], environ: Mapping[str, str]
) -> Outcome:
    return outcome(
        run, ["--no-version-check", "run", *words, "--journal-path", "kept.json", source], folder, environ
    )


def gameday_run(
    run: Run, folder: Path, source: str, words: Sequence[str], environ: Mapping[str, str], *, work: Path
) -> Outcome:
    return outcome(
        run, ["run", source, *words, "--journal", "kept.json", "--folder", str(work)], folder, environ
    )


def outcome(run: Run, words: Sequence[str], folder: Path, environ: Mapping[str, str]) -> Outcome:
    console, kept = folder / "console.log", folder / "kept.json"
    code = run(words, folder=folder, environ=environ, console=console)
    try:
        journal = json.loads(kept.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        journal = None
    return Outcome(code=code, journal=journal, said=console.read_text(errors="replace"))


def options(case: str) -> Sequence[str]:
    """Without a strategy of its own a file's rollbacks are always played by `gameday run`: the same is asked here."""
    own = "rollbacks: {strategy" in (CORPUS / case).read_text(errors="replace")
    return [*OPTIONS.get(case, ()), *([] if own else ["--rollback-strategy", "always"])]


def environ(server: str, folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(HERE / "lib"),
        "COMPAT_SERVER": server,
        "COMPAT_CARD": "4000-1234-5678",
        "COMPAT_NUMBER": "5",
        "COMPAT_JSON": '{"a": [1]}',
        "COMPAT_ONCE": f"0x{crc32(str(folder).encode()):x}",
    }


def cold(script: str) -> Run:
    """The command as a shell starts it."""

    def run(words: Sequence[str], *, folder: Path, environ: Mapping[str, str], console: Path) -> int:
        with console.open("w") as told:
            return subprocess.run(
                [script, *words], cwd=folder, env=environ, stdout=told, stderr=told, check=False, timeout=PATIENCE,
            ).returncode  # fmt: skip

    return run


def comparable(value: Any) -> Any:
    """But for times, for addresses in memory, and for the order of what ran at the same time."""
    if isinstance(value, dict):
        return {key: comparable(inner) for key, inner in value.items() if key not in TIMES}
    if isinstance(value, list):
        return [comparable(inner) for inner in by_name(value)]
    return ADDRESS.sub("0x…", value) if isinstance(value, str) else value


def by_name(listed: list[Any]) -> list[Any]:
    """Results of activities in the background come in the order in which they are done."""
    ran = [one["activity"] for one in listed if isinstance(one, dict) and "activity" in one]
    if any(one.get("background") for one in ran):
        return sorted(listed, key=lambda one: str(one["activity"]["name"]))
    return listed
