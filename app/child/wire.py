"""The pipe to the supervisor: reports one way, questions both ways.

Threads of their own write and read, since the main thread may be interrupted by a signal at any bytecode
and would leave half a message behind.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from queue import Empty, SimpleQueue
from typing import Any

Message = dict[str, Any]
LOST: Message = {"answer": "lost"}  # nobody is there to answer


class Wire:
    """`lost` is called once, in the reading thread, when the supervisor's end of the pipe is gone.

    `hide` takes what must not leave out of every message; a question waits `answer_within` seconds.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        lost: Callable[[], None],
        hide: Callable[[Any], Any],
        answer_within: float,
    ) -> None:
        self.hide = hide
        self._answer_within = answer_within
        self._connection = connection
        self._lost = lost
        self._outgoing: SimpleQueue[bytes | None] = SimpleQueue()
        self._waiting: dict[int, SimpleQueue[Message]] = {}
        self._lock = threading.Lock()
        self._asked = 0
        self._gone = False
        self._writer = threading.Thread(target=self._write, name="wire-writer", daemon=True)
        self._reader = threading.Thread(target=self._read, name="wire-reader", daemon=True)

    def start(self) -> None:
        self._writer.start()
        self._reader.start()

    def tell(self, kind: str, **data: Any) -> None:
        """Report, without waiting. Never fails: what nobody reads is dropped."""
        self._send({"kind": kind, "data": data})

    def ask(self, kind: str, **data: Any) -> Message:
        """Ask and wait for the answer; `LOST` where there can be none, or none comes in time."""
        answers: SimpleQueue[Message] = SimpleQueue()
        with self._lock:
            if self._gone:
                return LOST
            self._asked += 1
            number = self._asked
            self._waiting[number] = answers
        self._send({"kind": kind, "ask": number, "data": data})
        try:
            return answers.get(timeout=self._answer_within)
        except Empty:
            return LOST

    def close(self) -> None:
        """Wait until everything that was told is written, or cannot be."""
        self._outgoing.put(None)
        self._writer.join(timeout=5)

    def _send(self, message: Message) -> None:
        plain = json.loads(json.dumps(message, default=str))
        self._outgoing.put(json.dumps(self.hide(plain)).encode())

    def _write(self) -> None:
        while (message := self._outgoing.get()) is not None:
            try:
                self._connection.send_bytes(message)
            except (OSError, ValueError):
                return self._hang_up()
        return None

    def _read(self) -> None:
        try:
            while True:
                message = json.loads(self._connection.recv_bytes())
                with self._lock:
                    answers = self._waiting.pop(message["ask"], None)
                if answers is not None:
                    answers.put(message)
        except (EOFError, OSError, ValueError, KeyError, TypeError):  # gone, or not to be understood any more
            self._hang_up()
            self._lost()

    def _hang_up(self) -> None:
        with self._lock:
            self._gone = True
            waiting = list(self._waiting.values())
            self._waiting.clear()
        for answers in waiting:
            answers.put(LOST)
