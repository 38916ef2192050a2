"""A console as its users start it: a process of its own, in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

GAMEDAY = str(Path(sys.executable).parent / "gameday")
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_DEFAULT_REGION": "us-east-2",
}


@dataclass
class Console:
    url: str
    process: subprocess.Popen[bytes]
    started_in: float  # milliseconds from the command to the first answer

    @property
    def pss(self) -> float:
        """Proportional memory of the server and its fork server, in MB."""
        family = [psutil.Process(self.process.pid)]
        family += family[0].children(recursive=True)
        return sum(proportional(process.pid) for process in family)


def proportional(pid: int) -> float:
    """A process's PSS in MB, 0 where it has just ended."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def console(folder: Path) -> Iterator[Console]:
    """`gameday serve` in `folder`, from its first answer until the end of the block."""
    port = free_port()
    words = [GAMEDAY, "serve", "--port", str(port), "--folder", str(folder)]
    began = time.perf_counter()
    with subprocess.Popen(words, env={**os.environ, **CREDENTIALS}, cwd=folder) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if httpx.get(f"{url}/readyz").is_success:
                        break
                if process.poll() is not None:
                    raise RuntimeError(f"the console ended with {process.returncode}")
                time.sleep(0.005)
            yield Console(url=url, process=process, started_in=(time.perf_counter() - began) * 1000)
        finally:
            process.terminate()
