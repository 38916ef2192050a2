"""The fork server that runs are born from, and a handle on each child.

A child forked from it is up in 10 to 15 ms, sees no variable of this process's environment but the few
below, and never imports this process's main module.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import sys
import sysconfig
import threading
from collections.abc import Mapping
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any

from app.child.entry import begin
from app.child.spec import Spec
from app.runs import processes

PRELOADED = ["app.child.apart", "app.child.main"]
# What a program needs to find its way, and nothing that may be a secret.
KEPT = frozenset(
    [
        "HOME",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "TZ",
        "TMPDIR",
        "USER",
        "LOGNAME",
        "SHELL",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
        "AWS_CA_BUNDLE",
    ]
)


def start_fork_server(base_environment: Mapping[str, str] | None = None) -> Children:
    """Start the process that children are forked from. Call it before any thread exists."""
    context = multiprocessing.get_context("forkserver")
    kept = dict(os.environ)
    os.environ.clear()
    os.environ.update(minimal(kept) if base_environment is None else base_environment)
    try:
        context.set_forkserver_preload(PRELOADED)
        forkserver.ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(kept)
    hide_main()
    return Children(context)


def minimal(environ: Mapping[str, str]) -> dict[str, str]:
    """The base of every child's environment. `aws` beside this Python comes first on PATH."""
    programs = [sysconfig.get_path("scripts"), environ.get("PATH", os.defpath)]
    return {
        **{name: environ[name] for name in KEPT if name in environ},
        "PATH": os.pathsep.join(programs),
        "PYTHONUNBUFFERED": "1",
    }


def hide_main() -> None:
    """Children would import the main module again: half a second, 50 MB, and its side effects."""
    main = sys.modules["__main__"]
    main.__spec__ = None
    main.__dict__.pop("__file__", None)


class Children:
    def __init__(self, context: ForkServerContext) -> None:
        self._context = context
        self._lock = threading.Lock()  # multiprocessing keeps a set of children that is not thread-safe

    def spawn(self, spec: Spec) -> Child:
        ours, theirs = self._context.Pipe()
        with self._lock:
            process = self._context.Process(target=begin, args=(theirs, spec), name="run")
            process.start()
        theirs.close()
        return Child(process, ours)


class Child:
    """A process that executes one run: its id, its start time, its pipe. It leads a group of its own id."""

    def __init__(self, process: ForkServerProcess, connection: Connection) -> None:
        self._process = process
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._told_to_stop = False
        self.connection = connection
        self.pid = process.pid or 0
        self.started = processes.started(self.pid)

    @property
    def sentinel(self) -> int:
        """Ready, for `multiprocessing.connection.wait`, once the process has ended."""
        return self._process.sentinel

    @property
    def exit_code(self) -> int | None:
        """None while it lives; negative: the signal that ended it."""
        with self._reading:  # two threads must not read the one answer of the fork server
            return self._process.exitcode

    def receive(self) -> dict[str, Any]:
        """The next message. EOFError once the child has closed its end."""
        message: dict[str, Any] = json.loads(self.connection.recv_bytes())
        return message

    def answer(self, ask: int, **words: Any) -> None:
        with contextlib.suppress(OSError, ValueError):  # it is gone, and fails closed
            self.connection.send_bytes(json.dumps({"ask": ask, **words}).encode())

    def stop(self) -> bool:
        """End its experiment: exactly one signal, ever. False where that was done before or it has ended."""
        with self._lock:
            if self._told_to_stop or self.exit_code is not None:
                return False
            self._told_to_stop = True
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGUSR1)
        return True

    def kill(self) -> None:
        """End its whole group now, or the process alone where it has not made its group yet."""
        processes.kill_group(self.pid)
        if self.exit_code is None:
            processes.kill(self.pid)

    def join(self, seconds: float | None = None) -> bool:
        wait([self._process.sentinel], seconds)
        return self.exit_code is not None

    def wait_until_gone(self, *, seconds: float) -> bool:
        """True once the process and everything of its group have ended."""
        return self.join(seconds) and processes.wait_until_gone(self.pid, seconds=seconds)

    def close(self) -> None:
        self.connection.close()
        with contextlib.suppress(ValueError):  # still alive
            self._process.close()
