"""A run's own copy of the experiment's folder, and what git says of it."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.errors import Invalid
from app.experiments.experiment import Experiment

LARGEST = 10 * 1024 * 1024  # bytes
GIT_SECONDS = 5
LEFT_OUT = (".git", ".gameday")  # a repository's history, and what the console keeps itself


@dataclass(frozen=True, kw_only=True)
class SnapshotInfo:
    sha256: str  # of the experiment file
    git_commit: str | None
    git_dirty: bool | None


def snapshot(experiment: Experiment, to: Path) -> SnapshotInfo:
    """Copy the experiment's whole folder: regular files with their modes, hidden ones too, at most 10 MB.

    Of one that is run in a folder of somebody else's choice, the file alone.

    Links are left out, and so are `.git` and `.gameday`. Invalid where there is more, or a file can not be read.
    """
    source = experiment.path.parent
    files = list(_files(source)) if experiment.workdir is None else [experiment.path]
    size = sum(path.stat().st_size for path in files)
    if size > LARGEST:
        raise Invalid(
            f"The folder of {experiment.file} holds {size / 1e6:.0f} MB; a run copies at most 10 MB. "
            "Move what the experiment does not need elsewhere."
        )
    to.mkdir(parents=True, exist_ok=True)
    for path in files:
        target = to / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy(path, target)
    digest = hashlib.sha256((to / experiment.path.name).read_bytes()).hexdigest()
    commit = _git(source, "rev-parse", "HEAD") if _in_repository(source) else None
    dirty = bool(_git(source, "status", "--porcelain", "--", ".")) if commit else None
    return SnapshotInfo(sha256=digest, git_commit=commit or None, git_dirty=dirty)


def _copy(path: Path, target: Path) -> None:
    try:
        shutil.copy(path, target)
    except OSError as error:
        raise Invalid(f"{path.name} can not be copied for the run: {error.strerror}.") from error


def _files(source: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(source):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        for name in sorted(set(names) - set(LEFT_OUT)):
            path = Path(folder, name)
            if stat.S_ISREG(path.lstat().st_mode):
                yield path


def _in_repository(folder: Path) -> bool:
    """Asking git would start a process for each run of a folder that it knows nothing of."""
    return any((place / ".git").exists() for place in (folder.resolve(), *folder.resolve().parents))


def _git(folder: Path, *words: str) -> str:
    """What git prints; empty where there is no git, or no repository."""
    try:
        ran = subprocess.run(
            ["git", "-C", str(folder), *words],
            capture_output=True,
            text=True,
            timeout=GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ran.stdout.strip() if ran.returncode == 0 else ""
