"""A calendar from its address, in bounded time whatever its server does, and without telling its secrets."""

from __future__ import annotations

import logging
import queue
import threading
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.schedules.unreadable import UnreadableError

if TYPE_CHECKING:
    import httpx

LARGEST = 1024 * 1024  # bytes
PATIENCE = 10.0  # seconds for an address to answer, from the first byte asked to the last one read
MOST_REDIRECTS = 3
logging.getLogger("httpx").setLevel(logging.WARNING)  # its INFO lines hold whole addresses


def fetched(address: str, patience: float = PATIENCE) -> bytes:
    """UnreadableError where it is too large, or the address does not answer well within `patience` seconds."""
    import httpx  # noqa: PLC0415  slow to load, and few environments have a freeze calendar

    told: queue.SimpleQueue[bytes | UnreadableError] = queue.SimpleQueue()
    client = httpx.Client(timeout=patience, follow_redirects=False)
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
    except Exception as error:  # noqa: BLE001  of a connection that was closed under it, too; its text may hold secrets
        return UnreadableError(f"it does not answer ({type(error).__name__})")


def _read(client: httpx.Client, address: str, patience: float) -> bytes:
    ends = monotonic() + patience
    for _ in range(MOST_REDIRECTS + 1):
        with client.stream("GET", address) as answer:
            if not answer.has_redirect_location:
                return _body(answer, ends, patience)
            there = answer.url.join(answer.headers["location"])
        if (there.scheme, there.host, there.port) != (answer.url.scheme, answer.url.host, answer.url.port):
            raise UnreadableError(
                "it redirects to another host, which is not followed: write the new address"
            )
        address = str(there)
    raise UnreadableError(f"it redirects more than {MOST_REDIRECTS} times")


def _body(answer: httpx.Response, ends: float, patience: float) -> bytes:
    if not answer.is_success:
        raise UnreadableError(f"it answered {answer.status_code}")
    text = b""
    for part in answer.iter_bytes():
        text += part
        if len(text) > LARGEST:
            raise UnreadableError(f"it is larger than {LARGEST // 1024} KiB")
        if monotonic() > ends:
            raise _late(patience)
    return text


def _late(patience: float) -> UnreadableError:
    return UnreadableError(f"it was not answered whole within {patience:g} seconds")


def is_address(name: str) -> bool:
    return name.startswith(("http://", "https://"))


def shown(name: str) -> str:
    """A calendar's name for people: of an address only its scheme and host, since whoever knows the rest can read it."""
    if not is_address(name):
        return name
    try:
        parts = urlsplit(name)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "at an address that is none"
    return f"{parts.scheme}://{parts.hostname}{port}"
