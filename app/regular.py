"""Files that a process of somebody else may have left: only regular ones are opened, and none is waited for.

A FIFO in a file's place holds up whoever opens it for ever, a link leads to a file that was not meant, and a file without
bounds fills the memory.
"""

from __future__ import annotations

import errno
import io
import os
import secrets
import stat
from pathlib import Path

NO_FILE = (errno.ELOOP, errno.ENXIO)  # what the system says of a link, and of a socket
READ_ONLY = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class NotRegularError(OSError):
    def __init__(self, path: Path) -> None:
        super().__init__(errno.EINVAL, "no regular file", str(path))


class TooLargeError(OSError):
    def __init__(self, path: Path, most: int) -> None:
        super().__init__(errno.EFBIG, f"larger than {most / 1024 / 1024:g} MiB", str(path))


def opened(path: Path) -> io.BufferedReader:
    """To read from it. Any OSError; NotRegularError for links, too: resolve the path before where they are meant."""
    try:
        descriptor = os.open(path, READ_ONLY)
    except OSError as error:
        if error.errno in NO_FILE:
            raise NotRegularError(path) from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotRegularError(path)
    return os.fdopen(descriptor, "rb")


def read(path: Path, *, most: int) -> bytes:
    """The whole of it. As `opened`; TooLargeError beyond `most` bytes."""
    with opened(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise TooLargeError(path, most)
    return content


def read_text(path: Path, *, most: int, errors: str = "strict") -> str:
    """As `Path.read_text` has it, in UTF-8. As `read`; UnicodeDecodeError."""
    return io.TextIOWrapper(
        io.BytesIO(read(path, most=most)), encoding="utf-8", errors=errors, newline=None
    ).read()


def put(path: Path, content: bytes) -> None:
    """Whole or not at all, in the place of whatever stands there; a folder is moved aside. OSError."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("xb") as file:
            file.write(content)
        if path.is_dir() and not path.is_symlink():
            path.rename(path.with_name(f"{path.name}.{secrets.token_hex(4)}"))
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
