"""Receivers of the tests' own: a web server for webhooks and a mail server, killed and brought back at will."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

from tests.ports import free_port
from tests.waiting import PATIENCE


@dataclass(frozen=True)
class Got:
    """A request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def type(self) -> str:
        return str(self.json["type"]).removeprefix("gameday.")


@dataclass
class WebReceiver:
    """Answers 204, or `status`; with `hold` cleared it takes a request and does not answer until it is set."""

    port: int = field(default_factory=free_port)
    status: int = 204
    location: str = ""
    got: list[Got] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    answered: int = 0
    server: ThreadingHTTPServer | None = None

    def __post_init__(self) -> None:
        self.hold.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def start(self) -> WebReceiver:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.got.append(Got(path=self.path, headers=headers, body=body))
                receiver.hold.wait(PATIENCE)
                self.send_response(receiver.status)
                if receiver.location:
                    self.send_header("Location", receiver.location)
                self.end_headers()
                receiver.answered += 1

            do_GET = do_POST  # noqa: N815  http.server's name

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: Any) -> None:
                pass  # a client that was killed

        self.server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        return self

    def kill(self) -> None:
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def types(self) -> list[str]:
        return [one.type for one in self.got]


@dataclass
class MailReceiver:
    port: int = field(default_factory=free_port)
    got: list[Message] = field(default_factory=list)
    server: Controller | None = None

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        self.got.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"

    def start(self) -> MailReceiver:
        self.server = Controller(self, hostname="127.0.0.1", port=self.port)
        self.server.start()
        return self

    def kill(self) -> None:
        if self.server:
            self.server.stop(no_assert=True)
            self.server = None
