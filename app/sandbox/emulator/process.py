"""Starts, finds and stops the emulator's process from outside.

It has a session of its own: it outlives a console that is killed, and the next start finds it again
by asking the port who is there.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from app.errors import Conflict, Unavailable
from app.sandbox.emulator.guard import HEALTH
from app.sandbox.emulator.listener import answers, listener
from app.sandbox.emulator.node import node_path

READY_WITHIN = 60.0  # seconds; a first start compiles ministack's modules
STOP_WITHIN = 10.0  # seconds of patience between SIGTERM and SIGKILL
POLL = 0.05  # seconds
ANSWER_WITHIN = 3.0  # seconds for the health page
HANDED_ON = ("HOME", "LANG", "LC_", "TZ", "PYTHON", "VIRTUAL_ENV", "LOG_LEVEL")  # beginnings of names
LAST_LINES = 5  # of the log, quoted when it did not come up


@dataclass(frozen=True, kw_only=True)
class Emulator:
    """A running emulator, started by us or found."""

    pid: int  # the leader of its own process group
    endpoint: str  # `http://127.0.0.1:4566`
    speed: int
    version: str  # of Game day and of ministack: `0.1.0+ministack.1.5.33`
    data: str  # the folder it was started with
    process: subprocess.Popen[bytes] | None = field(default=None, compare=False, repr=False)  # if ours

    @property
    def port(self) -> int:
        return int(self.endpoint.rpartition(":")[2])


def start(
    *,
    port: int,
    speed: int,
    data: Path,
    log_file: Path,
    node_options_require: Path | None = None,
    ready_within: float = READY_WITHIN,
    waiting: Callable[[], None] = lambda: None,
) -> Emulator:
    """Start the emulator in a session of its own and wait until it answers.

    `data` holds its temporary files; `node_options_require` is a script that every Node.js Lambda
    worker loads first; `waiting` is called while waiting and may raise to give up (the emulator is
    stopped then). Conflict where the port is taken, SettingsError without Node, Unavailable where it does
    not come up in time.
    """
    _port_is_free(port)
    environment = _environment(node_path())
    data.mkdir(parents=True, exist_ok=True)
    log_file.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "app.sandbox.emulator", "--port", str(port), "--speed", str(speed)]
    command += ["--data", str(data.resolve())]
    if node_options_require is not None:
        command += ["--node-options-require", str(node_options_require.resolve())]
    with log_file.open("ab") as log:
        process = _spawn(command, environment, log)
    try:
        return _ready(process, port, log_file, time.monotonic() + ready_within, waiting)
    except BaseException:
        _end(process.pid, process, patience=0.0)
        raise


def find(port: int) -> Emulator | None:
    """The emulator that listens there. None where nothing does, or something that is not ours."""
    health = _health(port)
    if health is None:
        return None
    return Emulator(
        pid=int(health["pid"]),
        endpoint=f"http://127.0.0.1:{port}",
        speed=int(health["speed"]),
        version=str(health["version"]),
        data=str(health["data"]),
    )


def stop(emulator: Emulator, *, patience: float = STOP_WITHIN) -> None:
    """End the emulator and its Lambda workers; returns when they are gone. Stopping twice is fine."""
    if emulator.process is None and not _is_there(emulator):
        return  # and its pid may be another process's by now
    _end(emulator.pid, emulator.process, patience=patience)


def _port_is_free(port: int) -> None:
    if not answers(port):
        return
    running = find(port)
    if running is not None:
        raise Conflict(
            f"An emulator of Game day (pid {running.pid}, speed {running.speed}) already listens on "
            f"port {port}. Stop it, or choose another port with --aws-port.",
            pid=running.pid,
        )
    who = listener(port) or "another program"
    raise Conflict(f"Port {port} is in use by {who}. Stop it, or choose another port with --aws-port.")


def _environment(path: str) -> dict[str, str]:
    """Little of ours: Lambda workers inherit it, and must not see real credentials."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(HANDED_ON)}
    return {**kept, "PATH": path, "PYTHONUNBUFFERED": "1"}


def _spawn(command: list[str], environment: Mapping[str, str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _ready(
    process: subprocess.Popen[bytes],
    port: int,
    log_file: Path,
    deadline: float,
    waiting: Callable[[], None],
) -> Emulator:
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Unavailable(f"The emulator ended while starting. {_last_words(log_file)}")
        found = find(port)
        if found is not None and found.pid == process.pid:
            return Emulator(
                pid=found.pid,
                endpoint=found.endpoint,
                speed=found.speed,
                version=found.version,
                data=found.data,
                process=process,
            )
        waiting()
        time.sleep(POLL)
    raise Unavailable(f"The emulator did not answer on port {port} in time. {_last_words(log_file)}")


def _last_words(log_file: Path) -> str:
    lines = log_file.read_text(errors="replace").splitlines()[-LAST_LINES:]
    return f"Its log, {log_file}, ends with: " + " / ".join(line.strip() for line in lines if line.strip())


def _health(port: int) -> dict[str, Any] | None:
    url = f"http://127.0.0.1:{port}{HEALTH}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=ANSWER_WITHIN) as answer:
            body = json.load(answer)
    except (OSError, ValueError, urllib.error.URLError):
        return None
    ours = isinstance(body, dict) and body.get("emulator") == "gameday"
    return body if ours and int(body["pid"]) > 1 else None  # 1 is a container's, and for signals everybody


def _is_there(emulator: Emulator) -> bool:
    """Also one that is too busy to answer, where it can be known who listens."""
    health = _health(emulator.port)
    if health is not None:
        return int(health["pid"]) == emulator.pid
    return answers(emulator.port) and (listener(emulator.port) or "").endswith(f"(pid {emulator.pid})")


def _end(pid: int, process: subprocess.Popen[bytes] | None, *, patience: float) -> None:
    with suppress(ProcessLookupError):
        if patience > 0 and not _gone(pid, process):
            os.kill(pid, signal.SIGTERM)
            _wait(pid, process, time.monotonic() + patience)
        if _leads_group(pid, process):
            os.killpg(pid, signal.SIGKILL)  # its Node workers too
        elif not _gone(pid, process):
            os.kill(pid, signal.SIGKILL)
    _wait(pid, process, time.monotonic() + STOP_WITHIN)


def _leads_group(pid: int, process: subprocess.Popen[bytes] | None) -> bool:
    """A group of its own, as `start` gives it. A group outlives its leader while a worker lives."""
    if process is not None:
        return True
    try:
        return os.getpgid(pid) == pid
    except ProcessLookupError:
        return False


def _wait(pid: int, process: subprocess.Popen[bytes] | None, deadline: float) -> None:
    while not _gone(pid, process) and time.monotonic() < deadline:
        time.sleep(POLL)


def _gone(pid: int, process: subprocess.Popen[bytes] | None) -> bool:
    if process is not None:
        return process.poll() is not None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
