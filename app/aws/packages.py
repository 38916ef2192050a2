"""Which fault library a deployment package carries, read from as little of it as the server allows.

A zip file has its directory at its end: where ranges are served, a few kilobytes tell what a package of 50 MB holds.
"""

from __future__ import annotations

import io
import json
import re
import urllib.request
import zipfile
import zlib
from dataclasses import dataclass
from http.client import HTTPException
from urllib.error import URLError
from urllib.parse import urlsplit

NODE, PYTHON = "failure-lambda", "chaos_lambda"
DESCRIPTION = f"node_modules/{NODE}/package.json"
# pip's folder of what is known of a distribution; its name may be written with `-` or `_`.
DIST_INFO = re.compile(r"(?:^|/)chaos[-_]lambda-(?P<version>\d[^/]*)\.dist-info/METADATA$")
LARGEST_PACKAGE = 64 * 1024 * 1024  # bytes downloaded where ranges are not served
LARGEST_DESCRIPTION = 256 * 1024  # bytes of a package.json
DOWNLOAD_WITHIN = 20  # seconds
BLOCK = 64 * 1024  # bytes asked for at once


@dataclass(frozen=True, kw_only=True)
class Code:
    """What a function's layers or its deployment package say about the fault library."""

    version: str | None  # None: it is not there, or could not be read
    why: str  # half a sentence
    library: str | None = None  # failure-lambda or chaos_lambda
    by_name: bool = False  # a layer's, whose content was not looked at


def carried(archive: zipfile.ZipFile) -> tuple[str, str] | None:
    """Library and version; None where there is none. Of several copies the one nearest to the top."""
    names = archive.namelist()
    described = [name for name in names if name == DESCRIPTION or name.endswith("/" + DESCRIPTION)]
    if described:
        with archive.open(min(described, key=len)) as member:
            version = json.loads(member.read(LARGEST_DESCRIPTION)).get("version")
        return (NODE, version) if isinstance(version, str) else None
    installed = (found for name in sorted(names, key=len) if (found := DIST_INFO.search(name)))
    first = next(installed, None)
    return (PYTHON, first["version"]) if first else None


def read_package(location: str) -> tuple[Code, bool]:
    """What the package at that address says, and whether that holds for as long as the package does. Never raises."""
    if urlsplit(location).scheme not in ("http", "https"):
        return Code(version=None, why="AWS gives no package to download"), True
    try:
        with zipfile.ZipFile(_opened(location)) as archive:
            found = carried(archive)
    except TooLargeError:
        return Code(version=None, why="the package is larger than 64 MB"), True
    except (URLError, OSError, HTTPException) as error:
        return Code(version=None, why=f"the package could not be downloaded ({type(error).__name__})"), False
    except (
        zipfile.BadZipFile,
        zlib.error,
        ValueError,
        AttributeError,
        RuntimeError,
    ):  # encrypted, unknown, broken
        return Code(version=None, why="the package could not be read"), True
    if found is None:
        return Code(version=None, why="not in the package"), True
    return Code(library=found[0], version=found[1], why="read from the deployment package"), True


def of_layer(arns: tuple[str, ...]) -> Code | None:
    """What the layers' names say; None where none of them is a fault library's.

    A layer's own content may not be ours to read. There is one line of failure-lambda that comes as a layer: 1.x.
    """
    for arn in arns:
        name = arn.split(":")[6] if arn.count(":") >= 6 else arn  # noqa: PLR2004  arn:aws:lambda:r:a:layer:NAME:v
        if NODE in name:
            return Code(
                library=NODE, version="1.0.0", why=f"of the layer {name}, by its name: at least", by_name=True
            )
        if PYTHON in name.replace("-", "_"):
            return Code(
                library=PYTHON,
                version="0.3.0",
                why=f"of the layer {name}, by its name: at least",
                by_name=True,
            )
    return None


class TooLargeError(OSError):
    """A package that would have to be downloaded whole."""


def _opened(location: str) -> io.BufferedIOBase:
    """The file as something that can be read anywhere in it."""
    ranged = _ask(location, "bytes=0-0")
    if ranged[0] == 206 and (size := _size(ranged[1])) is not None:  # noqa: PLR2004  Partial Content
        return io.BufferedReader(Ranged(location, size), BLOCK)
    body = ranged[2]
    if len(body) > LARGEST_PACKAGE:
        raise TooLargeError
    return io.BytesIO(body)


def _ask(location: str, wanted: str) -> tuple[int, str, bytes]:
    """Status, Content-Range and body, of which not more than a whole package is read."""
    request = urllib.request.Request(location, headers={"Range": wanted})  # noqa: S310  its scheme was checked
    with urllib.request.urlopen(request, timeout=DOWNLOAD_WITHIN) as answer:  # noqa: S310
        return answer.status, answer.headers.get("Content-Range", ""), answer.read(LARGEST_PACKAGE + 1)


def _size(content_range: str) -> int | None:
    total = content_range.rpartition("/")[2]
    return int(total) if total.isdecimal() else None


class Ranged(io.RawIOBase):
    """A file behind HTTP ranges."""

    def __init__(self, location: str, size: int) -> None:
        super().__init__()
        self._location, self._size, self._at = location, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence] + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # typeshed: any buffer
        end = min(self._at + len(buffer), self._size)
        if end <= self._at:
            return 0
        status, _, body = _ask(self._location, f"bytes={self._at}-{end - 1}")
        if status != 206 or len(body) != end - self._at:  # noqa: PLR2004  Partial Content
            raise OSError("the server stopped to serve ranges")
        buffer[: len(body)] = body
        self._at += len(body)
        return len(body)
