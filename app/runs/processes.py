"""Processes by id and start time, and process groups, as the system tells about them.

Zombies do not count as alive: in a container whose first process reaps nothing they would stay for ever.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

PROC = Path("/proc")
ZOMBIE = ("Z", "X")


def started(pid: int) -> float | None:
    """When that process began, in the system's own unit; None where there is none. Against reused ids."""
    if PROC.is_dir() and (PROC / "self").exists():
        with contextlib.suppress(OSError, IndexError, ValueError):
            return float(_fields(PROC / str(pid) / "stat")[19])
        return None
    return _started_by_ps(pid)


def in_group(group: int) -> list[int]:
    """The living processes of that group."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return []
    except PermissionError:
        pass
    return _members(group)


def kill_group(group: int) -> None:
    """Never 0, which is one's own, nor 1, which the system takes for everybody's."""
    if group <= 1:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def kill(pid: int) -> None:
    if pid <= 1:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def wait_until_gone(group: int, *, seconds: float) -> bool:
    """True once nothing of the group is alive; False after `seconds`."""
    deadline = time.monotonic() + seconds
    while in_group(group):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.01)  # the system has no event for the end of somebody else's grandchildren
    return True


def _members(group: int) -> list[int]:
    if not (PROC / "self").exists():
        return _members_by_ps(group)
    members = []
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError, IndexError, ValueError):
            state, _, process_group = _fields(folder / "stat")[:3]
            if int(process_group) == group and state not in ZOMBIE:
                members.append(int(folder.name))
    return members


def _fields(stat: Path) -> list[str]:
    """The fields from the state on: the name before it may hold blanks and parentheses."""
    return stat.read_text().rpartition(")")[2].split()


def _started_by_ps(pid: int) -> float | None:
    answer = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        env={"LC_ALL": "C"},
    )
    with contextlib.suppress(ValueError):
        return time.mktime(time.strptime(answer.stdout.strip()))
    return None


def _members_by_ps(group: int) -> list[int]:
    answer = subprocess.run(
        ["ps", "-A", "-o", "pid=,pgid=,stat="], capture_output=True, text=True, check=False
    )
    rows = [line.split() for line in answer.stdout.splitlines()]
    return [int(row[0]) for row in rows if int(row[1]) == group and row[2][0] not in ZOMBIE]
