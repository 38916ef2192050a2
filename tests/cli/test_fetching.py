"""An experiment from an address, by the kinds and the signs that `chaos run` knows."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from app.cli.run import fetching
from app.errors import Invalid
from tests.cli.test_run import experiment, process
from tests.cli.test_run_here import gameday

DOCUMENT = experiment("true", process("do", "true"))


class Handler(BaseHTTPRequestHandler):
    kind: ClassVar[str] = "application/json"
    body: ClassVar[str] = json.dumps(DOCUMENT)
    signs: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        self.signs.append(self.headers["Authorization"])
        self.send_response(404 if self.path == "/gone" else 200)
        self.send_header("Content-Type", self.kind)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body.encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def served() -> Iterator[tuple[str, type[Handler]]]:
    handler = type("Own", (Handler,), {"signs": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("kind", "body", "suffix"),
    [
        ("application/json", "{}", ".json"),
        ("application/json; charset=utf-8", "{}", ".json"),
        ("application/x-yaml", "a: 1", ".yaml"),
        ("text/yaml", "a: 1", ".yaml"),
        ("text/plain", ' {"a": 1}', ".json"),
        ("text/plain", "a: 1", ".yaml"),
    ],
)
def test_its_kind_says_how_it_is_read(
    served: tuple[str, type[Handler]], tmp_path: Path, kind: str, body: str, suffix: str
) -> None:
    url, handler = served
    handler.kind, handler.body = kind, body
    path = fetching.fetch(f"{url}/x", tmp_path)
    assert (path.suffix, path.read_text()) == (suffix, body)


def test_what_is_no_experiment_is_refused(served: tuple[str, type[Handler]], tmp_path: Path) -> None:
    url, handler = served
    with pytest.raises(Invalid, match="it answers 404"):
        fetching.fetch(f"{url}/gone", tmp_path)
    handler.kind = "text/html"
    with pytest.raises(Invalid, match="is text/html"):
        fetching.fetch(f"{url}/x", tmp_path)
    with pytest.raises(Invalid, match="can not be fetched"):
        fetching.fetch("http://127.0.0.1:9/x", tmp_path)


def test_it_signs_as_chaos_toolkits_settings_say(
    served: tuple[str, type[Handler]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, handler = served
    settings = tmp_path / "settings.yaml"
    settings.write_text(f"auths:\n  {url.removeprefix('http://')}:\n    type: basic\n    value: XYZ\n")
    monkeypatch.setattr(fetching, "SETTINGS", settings)
    fetching.fetch(f"{url}/x", tmp_path)
    monkeypatch.setenv(fetching.TOKEN, "abc")
    fetching.fetch(f"{url}/x", tmp_path)
    assert handler.signs == ["basic XYZ", "bearer abc"]


def test_no_more_is_read_than_may_be_kept_nor_for_longer_than_patience_lasts(
    served: tuple[str, type[Handler]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, handler = served
    handler.body = "x" * (fetching.LARGEST + 1)
    with pytest.raises(Invalid, match="larger than 10 MB"):
        fetching.fetch(f"{url}/x", tmp_path)
    answer = httpx.Response(200, content=iter([b"x"] * 20))
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr(fetching.time, "monotonic", lambda: next(clock))
    with pytest.raises(Invalid, match="takes longer than 30 s"):
        fetching._read(answer, url)
    assert next(clock) == 50, "it stopped reading at once"


def test_it_runs(served: tuple[str, type[Handler]], tmp_path: Path) -> None:
    url, _ = served
    done = gameday(tmp_path, f"{url}/experiment", "--journal", "j.json")
    assert (done.returncode, "held: " in done.stdout) == (0, True), done.stdout + done.stderr
    assert json.loads((tmp_path / "j.json").read_text())["experiment"]["title"] == "T"
