"""A proxy in front of AWS that adds a delay to each call, and counts the calls."""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections import Counter
from collections.abc import Iterator

TARGET = re.compile(rb"(?:X-Amz-Target: *\w+\.|/operation/)(\w+)", re.IGNORECASE)


class Proxy:
    """HTTP/1.1 with keep-alive, one thread. `calls` counts by operation."""

    def __init__(self, upstream: int, *, delay: float) -> None:
        self.port = 0
        self.calls: Counter[str] = Counter()
        self._upstream = upstream
        self._delay = delay

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def running(self) -> Iterator[Proxy]:
        loop = asyncio.new_event_loop()
        ready = threading.Event()

        async def serve() -> None:
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            ready.set()
            with contextlib.suppress(asyncio.CancelledError):
                await server.serve_forever()

        task = loop.create_task(serve())
        thread = threading.Thread(target=loop.run_until_complete, args=(task,), daemon=True)
        thread.start()
        ready.wait()
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(task.cancel)
            thread.join(timeout=5)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                request = await _message(reader)
                if match := TARGET.search(request):
                    self.calls[match[1].decode()] += 1
                await asyncio.sleep(self._delay)
                up_writer.write(request)
                writer.write(await _message(up_reader))
                await writer.drain()
        for stream in (writer, up_writer):
            stream.close()


async def _message(reader: asyncio.StreamReader) -> bytes:
    """One whole HTTP/1.1 request or answer: head and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    if match := re.search(rb"content-length: *(\d+)", head, re.IGNORECASE):
        return head + await reader.readexactly(int(match[1]))
    if b"transfer-encoding: chunked" in head.lower():
        return head + await _chunks(reader)
    return head


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while True:
        size = await reader.readuntil(b"\r\n")
        chunk = await reader.readexactly(int(size, 16) + 2)
        body += size + chunk
        if int(size, 16) == 0:
            return body
