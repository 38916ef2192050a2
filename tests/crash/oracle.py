"""What knows the truth: an endpoint in front of the emulator that keeps every write of a parameter.

Nothing of the product is asked what happened to a store: each PutParameter and DeleteParameter is written down as it
passes, with who sent it and what AWS answered. On demand a call is delayed, throttled, refused, or applied and its
answer lost.
"""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

PATIENCE = 30  # seconds for the emulator to answer
WRITES = ("PutParameter", "DeleteParameter")


@dataclass(frozen=True, kw_only=True)
class Write:
    """`value` None: deleted. `at` by the monotonic clock, `wall` by the other."""

    name: str
    value: str | None
    kind: str
    at: float
    wall: float
    agent: str


@dataclass
class Knob:
    """What happens to calls of one operation, as often as `times` says. A callback may kill somebody meanwhile."""

    operation: str  # PutParameter, GetMetricData, …
    times: int = 1_000_000
    code: str = ""  # an error that AWS would give: nothing is applied
    status: int = 400
    delay: float = 0.0
    lose_answer: bool = False  # applied, and the connection is dropped
    before: Callable[[], None] | None = None  # seen, not applied yet
    after: Callable[[], None] | None = None  # applied, not answered yet
    matching: str = ""  # only bodies with this text in them


@dataclass
class Oracle:
    """Start it with the emulator's address, and give `url` to whoever believes that it is AWS."""

    upstream: str
    writes: list[Write] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    knobs: list[Knob] = field(default_factory=list)
    lock: Any = field(default_factory=threading.Lock)
    away: bool = False  # nobody answers: every connection is dropped

    def start(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Passing", (Handler,), {"oracle": self}))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, name="oracle", daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def turn(self, **knob: Any) -> Knob:
        made = Knob(**knob)
        self.knobs.append(made)
        return made

    def history(self, name: str) -> list[Write]:
        return [write for write in self.writes if write.name == name]

    def knob(self, operation: str, body: str) -> Knob | None:
        with self.lock:
            for knob in self.knobs:
                if knob.operation == operation and knob.times > 0 and knob.matching in body:
                    knob.times -= 1
                    return knob
        return None

    def applied(self, operation: str, body: str, agent: str) -> None:
        if operation in WRITES:
            told = json.loads(body)
            value = told.get("Value") if operation == "PutParameter" else None
            with self.lock:
                self.writes.append(
                    Write(
                        name=told["Name"], value=value, kind=told.get("Type", "String"), at=time.monotonic(),
                        wall=time.time(), agent=agent,
                    )
                )  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    oracle: ClassVar[Oracle]
    protocol_version = "HTTP/1.1"

    def do_any(self) -> None:
        if self.oracle.away:
            self.drop()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        operation = operation_of(self.headers.get("X-Amz-Target", ""), self.path)
        text = body.decode(errors="replace")
        with self.oracle.lock:
            self.oracle.calls.append(operation)
        knob = self.oracle.knob(operation, text)
        if knob is not None and knob.before:
            knob.before()
        if knob is not None and knob.delay:
            time.sleep(knob.delay)
        if knob is not None and knob.code:
            self.refuse(knob)
            return
        status, headers, answer = self.forward(body)
        if status < 300:
            self.oracle.applied(operation, text, self.headers.get("User-Agent", ""))
        if knob is not None and knob.after:
            knob.after()
        if knob is not None and knob.lose_answer:
            self.drop()
            return
        self.reply(status, headers, answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_any  # noqa: N815  as http.server calls them

    def forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
        request = urllib.request.Request(
            self.oracle.upstream + self.path, data=body or None, headers=headers, method=self.command
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()

    def drop(self) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def refuse(self, knob: Knob) -> None:
        body = json.dumps({"__type": knob.code, "message": "said the oracle"}).encode()
        headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": knob.code}
        self.reply(knob.status, headers, body)

    def reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
        try:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in (
                    "content-length",
                    "transfer-encoding",
                    "connection",
                    "server",
                    "date",
                ):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # whoever asked was killed

    def log_message(self, *_words: object) -> None:
        pass


def operation_of(target: str, path: str) -> str:
    """Of AWS's JSON protocol, `AmazonSSM.PutParameter`; of the RPC protocol, the path's end; else the path."""
    return target.rpartition(".")[2] or (path.rpartition("/")[2] if "/operation/" in path else path)
