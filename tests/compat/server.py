"""A small HTTP server for the corpus: what it answers is the same for whoever asks, and says no time."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

CORPUS = Path(__file__).parent / "corpus"
SHOWN = ("Authorization", "Content-Type", "User-Agent")


@contextmanager
def serving() -> Iterator[str]:
    """Its address, while it listens."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        Answers.over.set()
        server.shutdown()
        server.server_close()


class Answers(BaseHTTPRequestHandler):
    """By the first step of the path: echo, status, once, moved, corpus, text, charset, broken, slow."""

    over = threading.Event()
    asked: ClassVar[Counter[str]] = Counter()

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        step, _, rest = self.path.lstrip("/").partition("?")[0].partition("/")
        getattr(self, f"_{step}")(rest, body)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815  as the library calls them

    def _echo(self, rest: str, body: str) -> None:
        headers = {name: self.headers.get(name) for name in SHOWN}
        told = {"method": self.command, "path": self.path, "headers": headers, "body": body}
        self._say(json.dumps(told))

    def _status(self, rest: str, body: str) -> None:
        self._say("{}", status=int(rest))

    def _once(self, rest: str, body: str) -> None:
        """The second time there is no answer at all."""
        self.asked[rest] += 1
        if self.asked[rest] == 1:
            self._say("{}")

    def _moved(self, rest: str, body: str) -> None:
        self.send_response_only(302)
        self.send_header("Location", "/echo")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _corpus(self, rest: str, body: str) -> None:
        """A file of it; `?type` is what the answer says it is. Some are for those who may."""
        if rest.startswith("dry-") and self.headers.get("Authorization") != "bearer open":
            self._say("who are you?", status=401)
        elif not (CORPUS / rest).is_file():
            self._say("nothing here", status=404)
        else:
            self._say((CORPUS / rest).read_text(), kind=self.path.partition("?")[2] or "application/json")

    def _text(self, rest: str, body: str) -> None:
        self._say("plain words", kind="text/plain")

    def _charset(self, rest: str, body: str) -> None:
        self._say('{"a": 1}', kind="application/json; charset=utf-8")

    def _broken(self, rest: str, body: str) -> None:
        self._say('{"a": ')

    def _slow(self, rest: str, body: str) -> None:
        self.over.wait(2)

    def _say(self, text: str, *, status: int = 200, kind: str = "application/json") -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass
