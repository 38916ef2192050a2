"""--server as it is typed: with and without a scheme, for every command that has it."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.typed import typed

COMMANDS = (
    ("run", "held"), ("runs", "list"), ("experiments", "list"), ("faults", "list"), ("schedules", "list"), ("stop-all",)
)  # fmt: skip


class Refuses(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        told = json.dumps({"detail": "It is this console that answers."}).encode()
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("content-length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    do_POST = do_PUT = do_GET  # noqa: N815  the names that http.server looks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuses) as server:
        server.status = getattr(request, "param", 409)  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("words", COMMANDS)
def test_an_address_needs_no_scheme(tmp_path: Path, address: str, words: tuple[str, ...]) -> None:
    done = typed(tmp_path, *words, "--server", address)
    assert (done.returncode, "It is this console that answers." in done.stderr) == (3, True), done.stderr


@pytest.mark.parametrize("words", COMMANDS)
@pytest.mark.parametrize("given", ["ftp://127.0.0.1:8000", "unix:///x", "http://", "127.0.0.1:many"])
def test_what_is_no_address_is_a_mistake_at_once(tmp_path: Path, words: tuple[str, ...], given: str) -> None:
    done = typed(tmp_path, *words, "--server", given)
    assert (done.returncode, "is no address of a console" in done.stderr) == (2, True), done.stderr


def test_https_stays_https(tmp_path: Path, address: str) -> None:
    done = typed(tmp_path, "runs", "list", "--server", f"https://{address}")
    assert f"https://{address} does not answer" in done.stderr


@pytest.mark.parametrize("words", COMMANDS)
@pytest.mark.parametrize("address", [401], indirect=True)
def test_no_token_and_one_that_is_not_good_are_told_apart(
    tmp_path: Path, address: str, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GAMEDAY_TOKEN", raising=False)
    done = typed(tmp_path, *words, "--server", address)
    assert done.returncode == 2
    assert "Set GAMEDAY_TOKEN (gameday token create NAME --role runner)" in done.stderr
    monkeypatch.setenv("GAMEDAY_TOKEN", "gd_old")
    done = typed(tmp_path, *words, "--server", address)
    assert "does not know the token in GAMEDAY_TOKEN: it is mistyped, expired" in done.stderr
    assert "gd_old" not in done.stderr
