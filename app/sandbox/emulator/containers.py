"""Lambda's containers as they are on AWS: they outlive a handler's error, and share the function's code.

ministack ends a Node.js worker when its handler fails. On AWS the container lives on, and with it what
failure-lambda 0.4 leaves behind in it: a fault that sticks. And ministack unpacks the whole deployment
package for each worker, a third of a second in which it answers nobody; here they share one copy.
"""

# ruff: noqa: SLF001  ministack has no public name for the worker's script

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# The worker's answer for an error that the handler raised. An error of the worker itself stays as it is.
RAISED = 'status: "error", error: String(err.message || err), trace'
ANSWERED = 'status: "ok", raised: true, error: String(err.message || err), trace'


class SharedCode:
    """Deployment packages unpacked once each, and small packages that stand for them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def stub(self, config: Mapping[str, Any], package: bytes) -> bytes:
        """A package that only loads the handler from the shared copy; the package itself if that can not be."""
        module = str(config.get("Handler", "")).rpartition(".")[0]
        if not str(config.get("Runtime", "")).startswith("nodejs") or not module or not package:
            return package
        try:
            code = self._unpacked(package)
        except (OSError, zipfile.BadZipFile):
            return package  # ministack has the better words for a package that is broken
        if not (code / f"{module}.js").is_file() or _is_esm(code):
            return package
        return _zip({f"{module}.js": f"module.exports = require({json.dumps(str(code / module))});\n"})

    def _unpacked(self, package: bytes) -> Path:
        code = self._folder / hashlib.sha256(package).hexdigest()[:16]
        if not code.is_dir():
            partial = code.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            with zipfile.ZipFile(io.BytesIO(package)) as archive:
                archive.extractall(partial)
            partial.rename(code)
        return code


def install(runtime: Any, folder: Path) -> None:
    """Replace ministack's worker; `runtime` is its module `core.lambda_runtime`."""
    shared = SharedCode(folder)
    if RAISED not in runtime._NODEJS_WORKER_SCRIPT:
        raise RuntimeError("This version of ministack answers a handler's error in another way.")

    class Container(runtime.Worker):  # type: ignore[misc]  # ministack has no types
        def __init__(self, func_name: str, config: dict[str, Any], code_zip: bytes) -> None:
            super().__init__(func_name, config, shared.stub(config, code_zip))

        def invoke(self, *args: Any, **named: Any) -> dict[str, Any]:
            answer: dict[str, Any] = super().invoke(*args, **named)
            if answer.pop("raised", False):
                answer["status"] = "error"
            return answer

    runtime._NODEJS_WORKER_SCRIPT = runtime._NODEJS_WORKER_SCRIPT.replace(RAISED, ANSWERED)
    runtime.Worker = Container


def _is_esm(code: Path) -> bool:
    """Whether its files are ES modules, which a `require` does not load everywhere."""
    try:
        return bool(json.loads((code / "package.json").read_text()).get("type") == "module")
    except (OSError, ValueError):
        return False


def _zip(files: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()
