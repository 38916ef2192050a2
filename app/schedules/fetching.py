"""A calendar from its address, in bounded time whatever its server does, and without telling its secrets."""

from __future__ import annotations

import logging
import queue
import threading
from time import monotonic
from typing import TYPE_CHECKING

from app.schedules.unreadable import UnreadableError

if TYPE_CHECKING:
    import httpx

LARGEST = 1024 * 1024  # bytes
PATIENCE = 10.0  # seconds for an address to answer, from the first byte asked to the last one read
logging.getLogger("httpx").setLevel(logging.WARNING)  # its INFO lines hold whole addresses


def fetched(address: str, patience: float = PATIENCE) -> bytes:
    """UnreadableError where it is too large, or the address does not answer well within `patience` seconds."""
    import httpx  # noqa: PLC0415  slow to load, and few environments have a freeze calendar

    told: queue.SimpleQueue[bytes | UnreadableError] = queue.SimpleQueue()
    client = httpx.Client(timeout=patience, follow_redirects=True)
    # httpx bounds each read, neither all of them nor the look-up of a name; and a console that ends waits for no daemon.
    reader = threading.Thread(target=lambda: told.put(_tried(client, address, patience)), daemon=True)
    reader.start()
    try:
        answer = told.get(timeout=patience)
    except queue.Empty:
        answer = _late(patience)
    finally:
        client.close()
    if isinstance(answer, UnreadableError):
        raise answer
    return answer


def _tried(client: httpx.Client, address: str, patience: float) -> bytes | UnreadableError:
    try:
        return _read(client, address, patience)
    except UnreadableError as error:
        return error
    except Exception as error:  # noqa: BLE001  of a connection that was closed under it, too
        return UnreadableError(str(error) or type(error).__name__)


def _read(client: httpx.Client, address: str, patience: float) -> bytes:
    text, ends = b"", monotonic() + patience
    with client.stream("GET", address) as answer:
        answer.raise_for_status()
        for part in answer.iter_bytes():
            text += part
            if len(text) > LARGEST:
                raise UnreadableError(f"it is larger than {LARGEST // 1024} KiB")
            if monotonic() > ends:
                raise _late(patience)
    return text


def _late(patience: float) -> UnreadableError:
    return UnreadableError(f"it was not answered whole within {patience:g} seconds")
