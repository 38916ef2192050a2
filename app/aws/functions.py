"""Which functions read a fault's parameter, and which version of the library their package carries."""

from __future__ import annotations

import io
import json
import threading
import time
import urllib.request
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.error import URLError
from urllib.parse import urlsplit

from app.aws.problems import told
from app.errors import GamedayError

PARAMETER_VARIABLE = "FAILURE_INJECTION_PARAM"
LIBRARY = "node_modules/failure-lambda/package.json"
LARGEST_PACKAGE = 64 * 1024 * 1024  # bytes downloaded
LARGEST_DESCRIPTION = 256 * 1024  # bytes of a package.json
LISTED_FOR = 60.0  # seconds: a function that is added is seen a minute later
DOWNLOAD_WITHIN = 20  # seconds


@dataclass(frozen=True, kw_only=True)
class Function:
    name: str
    code_sha256: str
    runtime: str
    parameter: str | None = None  # the SSM parameter that its fault library reads


@dataclass(frozen=True, kw_only=True)
class Code:
    """What a deployment package says about the fault library."""

    version: str | None  # None: it is not in the package, or the package could not be read
    why: str  # half a sentence


class Functions(Protocol):
    def reading(self, parameter: str) -> Sequence[Function]:
        """Functions whose environment names `parameter`. Unavailable where they can not be listed."""
        ...

    def library(self, function: Function) -> Code:
        """Never raises: where the package can not be read, `why` says so."""
        ...


class FunctionReader:
    """Functions on a boto3 client of `lambda`; lists kept for a minute, versions for the package's life."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._listed: tuple[float, tuple[Function, ...]] | None = None
        self._versions: dict[str, Code] = {}

    def reading(self, parameter: str) -> Sequence[Function]:
        with self._lock:
            if self._listed is None or time.monotonic() - self._listed[0] > LISTED_FOR:
                self._listed = (time.monotonic(), self._list())
            found = self._listed[1]
        return tuple(function for function in found if function.parameter == parameter)

    def library(self, function: Function) -> Code:
        # Whoever deploys must be seen at once: a listing may be a minute old, and so may its hash.
        try:
            with told(f"Reading the package of {function.name}"):
                answer = self._client.get_function(FunctionName=function.name)
        except GamedayError as error:
            return Code(version=None, why=str(error))
        sha = answer["Configuration"].get("CodeSha256") or function.code_sha256
        if sha not in self._versions:
            code, final = _read_package(answer.get("Code", {}).get("Location", ""))
            if not final:
                return code
            self._versions[sha] = code
        return self._versions[sha]

    def _list(self) -> tuple[Function, ...]:
        with told("Listing functions"):
            pages = self._client.get_paginator("list_functions").paginate()
            return tuple(_function(row) for page in pages for row in page["Functions"])


def library_version(package: bytes) -> str | None:
    """The version of failure-lambda in a zip file; None where it is not in there."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        names = [name for name in archive.namelist() if name == LIBRARY or name.endswith("/" + LIBRARY)]
        if not names:
            return None
        with archive.open(min(names, key=len)) as member:
            version = json.loads(member.read(LARGEST_DESCRIPTION)).get("version")
    return version if isinstance(version, str) else None


def _read_package(location: str) -> tuple[Code, bool]:
    """What the package says, and whether that holds for as long as the package does."""
    if urlsplit(location).scheme not in ("http", "https"):
        return Code(version=None, why="AWS gives no package to download"), True
    try:
        with urllib.request.urlopen(location, timeout=DOWNLOAD_WITHIN) as answer:  # noqa: S310  checked above
            package = answer.read(LARGEST_PACKAGE + 1)
    except (URLError, OSError, ValueError) as error:
        return Code(version=None, why=f"the package could not be downloaded ({type(error).__name__})"), False
    if len(package) > LARGEST_PACKAGE:
        return Code(version=None, why="the package is larger than 64 MB"), True
    try:
        version = library_version(package)
    except (zipfile.BadZipFile, ValueError, AttributeError):
        return Code(version=None, why="the package could not be read"), True
    return Code(
        version=version, why="read from the deployment package" if version else "not in the package"
    ), True


def _function(row: dict[str, Any]) -> Function:
    return Function(
        name=row["FunctionName"],
        code_sha256=row.get("CodeSha256", ""),
        runtime=row.get("Runtime", ""),
        parameter=row.get("Environment", {}).get("Variables", {}).get(PARAMETER_VARIABLE),
    )
