"""What a run's process left in the run's folder, which may be anything."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from app import regular

LARGEST_JOURNAL = 32 * 1024 * 1024  # bytes; in memory it takes several times as many
LARGEST_LOG = 8 * 1024 * 1024
NO_JSON = (ValueError, RecursionError)
CUT = "The last {} MiB of {:.0f}; all of it stands in {}.\n"


def journal(path: Path) -> tuple[dict[str, Any] | None, str]:
    """As a document; else None and why it is not read, empty where there is none."""
    try:
        raw = json.loads(regular.read(path, most=LARGEST_JOURNAL))
    except FileNotFoundError:
        return None, ""
    except regular.NotRegularError:
        return None, "what stands in the place of its journal is no regular file, and is not read"
    except regular.TooLargeError as error:
        return None, f"its journal is {error.strerror}, and is not read"
    except OSError as error:
        return None, f"its journal can not be read ({error.strerror})"
    except NO_JSON:
        return None, "its journal is no JSON that can be read"
    return (raw, "") if isinstance(raw, dict) else (None, "its journal is no JSON object")


def journal_bytes(path: Path) -> bytes | None:
    """None where it is none that is read."""
    with contextlib.suppress(OSError):
        return regular.read(path, most=LARGEST_JOURNAL)
    return None


def digest(path: Path) -> str | None:
    """SHA-256; None where there is no regular file."""
    with contextlib.suppress(OSError), regular.opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
    return None


def console_log(path: Path, last: int | None) -> bytes | None:
    """Its `last` bytes; all of it where that is None and they are not too many, which the first line says then."""
    with contextlib.suppress(OSError), regular.opened(path) as file:
        size = file.seek(0, os.SEEK_END)
        most = LARGEST_LOG if last is None else last
        file.seek(max(0, size - most))
        said = CUT.format(most // 1024**2, size / 1024**2, path) if last is None and size > most else ""
        return said.encode() + file.read(most)
    return None
