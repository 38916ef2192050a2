"""What a deployment package carries, with and without a server that knows ranges."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from app.aws.packages import of_layer, read_package

BALLAST = 2_000_000  # bytes that nobody needs to read


def package(*files: tuple[str, str], ballast: int = 0) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("ballast.bin", b"\0" * ballast)
        for name, text in files:
            archive.writestr(name, text)
    return made.getvalue()


def node(version: str, folder: str = "") -> tuple[str, str]:
    return f"{folder}node_modules/failure-lambda/package.json", json.dumps({"version": version})


class Served(BaseHTTPRequestHandler):
    body: ClassVar[bytes] = b""
    ranges: ClassVar[bool] = True
    sent: ClassVar[int] = 0

    def do_GET(self) -> None:
        part, status = self.body, 200
        if self.ranges and (wanted := self.headers.get("Range")):
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            part, status = self.body[int(first) : int(last) + 1], 206
        self.send_response(status)
        if status == 206:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(self.body)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)
        type(self).sent += len(part)

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def serve() -> Iterator[Any]:
    servers = []

    def serving(body: bytes, *, ranges: bool) -> tuple[str, type[Served]]:
        kind = type("Package", (Served,), {"body": body, "ranges": ranges, "sent": 0})
        server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/package.zip", kind

    yield serving
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize(
    ("files", "found"),
    [
        ([node("0.4.4")], ("failure-lambda", "0.4.4")),
        ([node("0.4.4", "src/"), node("9.9.9", "node_modules/other/")], ("failure-lambda", "0.4.4")),
        ([("chaos_lambda-0.3.0.dist-info/METADATA", "")], ("chaos_lambda", "0.3.0")),
        ([("python/chaos-lambda-0.2.4.dist-info/METADATA", "")], ("chaos_lambda", "0.2.4")),
        ([("index.js", "")], (None, None)),
        ([("node_modules/failure-lambda/package.json", '{"version": 4}')], (None, None)),
    ],
)
def test_the_library_is_found(serve: Any, files: list[Any], found: tuple[Any, Any], *, ranges: bool) -> None:
    location, _ = serve(package(*files), ranges=ranges)
    code, final = read_package(location)
    assert (code.library, code.version, final) == (*found, True)


def test_with_ranges_a_large_package_is_hardly_read(serve: Any) -> None:
    location, kind = serve(package(node("1.0.0"), ballast=BALLAST), ranges=True)
    assert read_package(location)[0].version == "1.0.0"
    assert kind.sent < BALLAST / 5


@pytest.mark.parametrize(("body", "why"), [(b"no zip file", "could not be read"), (b"", "could not be read")])
def test_what_is_no_package_is_said(serve: Any, body: bytes, why: str) -> None:
    location, _ = serve(body, ranges=False)
    code, final = read_package(location)
    assert (code.version, why in code.why, final) == (None, True, True)


def test_what_can_not_be_reached_is_tried_again_another_time() -> None:
    code, final = read_package("http://127.0.0.1:9/package.zip")
    assert ("could not be downloaded" in code.why, final) == (True, False)
    assert read_package("s3://bucket/key")[1] is True


@pytest.mark.parametrize(
    ("arns", "found"),
    [
        (("arn:aws:lambda:us-east-2:1:layer:failure-lambda-node:7",), ("failure-lambda", "1.0.0")),
        (("arn:aws:lambda:us-east-2:1:layer:chaos-lambda:2",), ("chaos_lambda", "0.3.0")),
        (("arn:aws:lambda:us-east-2:1:layer:insights:2",), None),
        ((), None),
    ],
)
def test_a_layer_is_known_by_its_name(arns: tuple[str, ...], found: Any) -> None:
    code = of_layer(arns)
    assert (None if code is None else (code.library, code.version)) == found
    assert code is None or code.by_name
