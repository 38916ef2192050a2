"""Who listens on a TCP port of this machine, for a sentence. Linux only; elsewhere nobody is named."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

LISTEN = "0A"  # TCP_LISTEN in /proc/net/tcp


def answers(port: int, *, within: float = 1.0) -> bool:
    """Whether anything accepts connections there. `within` in seconds."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(within)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def listener(port: int, *, proc: Path = Path("/proc")) -> str | None:
    """`postgres (pid 812)`; None where it cannot be known."""
    links = {f"socket:[{inode}]" for inode in _inodes(port, proc)}
    if not links:
        return None
    for folder in proc.glob("[0-9]*"):
        with suppress(OSError):  # another user's, or already gone
            if any(str(link.readlink()) in links for link in (folder / "fd").iterdir()):
                return f"{(folder / 'comm').read_text().strip()} (pid {folder.name})"
    return None


def _inodes(port: int, proc: Path) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (proc / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                    yield fields[9]
