"""Commands in processes of their own that begin with everything imported.

`python warm.py SCRIPT MODULE…` imports the modules once, and calls what is named as MODULE:FUNCTION. Then each line
on its input is a command: it forks, and the fork does what a shell would have done, down to running the script as
`__main__`. A line on its output is the exit code. Hundreds of commands are then a matter of seconds, not of minutes.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from pathlib import Path

PATIENCE = 60  # seconds that a command may take


class Warm:
    """One command at a time."""

    def __init__(self, script: str, *modules: str) -> None:
        self._script = script
        self._process = subprocess.Popen(
            [sys.executable, __file__, script, *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lock = threading.Lock()

    def run(self, words: Sequence[str], *, folder: Path, environ: Mapping[str, str], console: Path) -> int:
        """Its exit code; negative where a signal ended it."""
        job = {
            "words": [self._script, *words],
            "folder": str(folder),
            "environ": dict(environ),
            "console": str(console),
        }
        with self._lock:
            assert self._process.stdin
            assert self._process.stdout
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(PATIENCE)


def serve() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    for named in sys.argv[2:]:
        module, _, function = named.partition(":")
        loaded = importlib.import_module(module)
        if function:
            getattr(loaded, function)()
    share_fork_server()
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            become(job)
        _, status = os.waitpid(pid, 0)
        answers.write(f"{os.waitstatus_to_exitcode(status)}\n")


def share_fork_server() -> None:
    """One that was started here serves every fork; multiprocessing would miss its own child, and start another."""
    server = forkserver._forkserver
    if server._forkserver_pid is not None:
        server.ensure_running = forkserver.ensure_running = lambda: None


def become(job: Mapping[str, object]) -> None:
    """The command itself; never returns."""
    signal.alarm(PATIENCE)
    os.chdir(str(job["folder"]))
    os.environ.clear()
    os.environ.update(job["environ"])  # type: ignore[arg-type,call-overload]
    console = os.open(str(job["console"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (console, 1), (console, 2)):
        os.dup2(source, target)
    sys.argv[:] = job["words"]  # type: ignore[assignment,call-overload]
    sys.path[:0] = [p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p]
    code = 1
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:  # noqa: BLE001  as the interpreter does at the top
        sys.excepthook(*sys.exc_info())
    finally:
        threading._shutdown()  # the interpreter waits for threads that are no daemons
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
