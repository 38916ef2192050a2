"""Credentials for the processes of runs: asked for when they are needed, so that none of them grows old in a child.

The SDKs' container provider asks a loopback address with a token from its environment. What the token opens is
what the run may do anyway; the keys themselves are never in the child's environment, where every program that it
starts could read them and where nobody renews them.
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from app.errors import GamedayError

LASTS = timedelta(minutes=10)  # what a child is told of keys that do not end: it asks again then
Credentials = Callable[[], Any]  # botocore's, asked anew at each call


class CredentialsServer:
    """One address and one token for each environment, for as long as this process lives."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._doors: dict[str, tuple[str, Credentials]] = {}  # path → token, credentials
        self._paths: dict[str, str] = {}  # environment → path
        self._server: ThreadingHTTPServer | None = None

    def variables(self, environment: str, credentials: Credentials) -> dict[str, str]:
        """What makes `aws` and every SDK ask here. The server is started at the first call."""
        with self._lock:
            server = self._started()
            if environment not in self._paths:
                self._paths[environment] = f"/credentials/{secrets.token_urlsafe(16)}"
                self._doors[self._paths[environment]] = (secrets.token_urlsafe(32), credentials)
            path = self._paths[environment]
            return {
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{server.server_port}{path}",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": self._doors[path][0],
            }

    def close(self) -> None:
        with self._lock:
            server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()

    def answer(self, path: str, token: str) -> tuple[HTTPStatus, Mapping[str, Any]]:
        """Status and body for one request."""
        door = self._doors.get(path)
        if door is None:
            return HTTPStatus.NOT_FOUND, {"message": "There is nothing here."}
        if not hmac.compare_digest(door[0].encode(), token.encode()):
            return HTTPStatus.FORBIDDEN, {"message": "The token is not the one that was given out."}
        try:
            return HTTPStatus.OK, told(door[1]())
        except GamedayError as error:
            return HTTPStatus.SERVICE_UNAVAILABLE, {"message": str(error)}

    def _started(self) -> ThreadingHTTPServer:
        if self._server is None:
            self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
            self._server.daemon_threads = True
            threading.Thread(target=self._server.serve_forever, name="credentials", daemon=True).start()
        return self._server


def told(credentials: Any) -> dict[str, str]:
    """As the container provider reads them. Asking botocore for them is what renews them."""
    frozen = credentials.get_frozen_credentials()
    ends = getattr(credentials, "_expiry_time", None) or datetime.now(UTC) + LASTS
    return {
        "AccessKeyId": frozen.access_key,
        "SecretAccessKey": frozen.secret_key,
        "Token": frozen.token or "",
        "Expiration": f"{ends.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }


def _handler(server: CredentialsServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = server.answer(self.path, self.headers.get("Authorization", ""))
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_words: object) -> None:
            """Nothing: what is asked for here is nobody's to read."""

    return Handler
