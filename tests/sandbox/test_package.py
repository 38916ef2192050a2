"""The deployment package: what goes in, and that it is made once."""

import stat
import zipfile
from pathlib import Path

import pytest

from app.errors import Unavailable
from app.sandbox import package as packaging
from app.sandbox.package import WORKLOAD, deployment_package, fingerprint, left_out, reason, unread

OFFLINE = """npm error code EAI_AGAIN
npm error syscall getaddrinfo
npm error request to the registry failed, reason: getaddrinfo EAI_AGAIN
npm error A complete log of this run can be found in: somewhere
"""


@pytest.fixture
def fake_npm(tmp_path, monkeypatch):
    """An `npm` first on PATH that does what the given shell lines do."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def write(lines):
        npm = folder / "npm"
        npm.write_text(f"#!/bin/sh\n{lines}\n")
        npm.chmod(npm.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(packaging, "node_path", lambda: f"{folder}:/usr/bin:/bin")

    return write


@pytest.mark.parametrize(
    ("inside", "name", "out"),
    [
        (("@aws-sdk", "client-s3"), "dist-es", True),
        (("@aws-sdk", "client-s3"), "dist-cjs", False),
        (("aws-sdk",), "dist", True),
        (("mnemonist",), "dist", False),
        (("aws-sdk",), "vendor", False),
        (("aws-sdk",), "lib", False),
    ],
)
def test_it_leaves_out_folders_that_node_never_loads(inside, name, out):
    assert left_out(inside, name) is out


@pytest.mark.parametrize(
    ("inside", "name", "out"),
    [
        (("aws-sdk", "apis"), "ssm-2014-11-06.min.json", False),
        (("aws-sdk", "apis"), "ec2-2016-11-15.min.json", True),
        (("failure-lambda",), "README.md", True),
        (("failure-lambda",), "LICENSE", False),
        (("uuid",), "index.d.ts", True),
        (("uuid",), "package.json", False),
    ],
)
def test_it_leaves_out_files_that_node_never_reads(inside, name, out):
    assert unread(inside, name) is out


def test_it_quotes_the_line_of_npm_that_says_most():
    assert reason(OFFLINE) == "request to the registry failed, reason: getaddrinfo EAI_AGAIN"
    assert reason("") == "it gave no reason."


def test_without_a_network_the_first_start_says_so_and_leaves_nothing_behind(tmp_path, fake_npm):
    fake_npm(f"cat >&2 <<'END'\n{OFFLINE}END\nexit 1")
    with pytest.raises(Unavailable, match=r"EAI_AGAIN The sandbox's first start needs a network"):
        deployment_package(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_second_start_does_without_npm(tmp_path, fake_npm):
    fake_npm("mkdir -p node_modules/one && echo '1' > node_modules/one/index.js")
    made = deployment_package(tmp_path / "cache")
    fake_npm("exit 1")
    assert deployment_package(tmp_path / "cache") == made
    with zipfile.ZipFile(made) as archive:
        assert {"package.json", "src/index.js", "node_modules/one/index.js"} <= set(archive.namelist())


def test_other_sources_make_another_package(tmp_path):
    workload = tmp_path / "workload"
    (workload / "src").mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        (workload / name).write_text("{}")
    before = fingerprint(workload)
    (workload / "src" / "index.js").write_text("1")
    assert fingerprint(workload) != before


@pytest.mark.sandbox
def test_the_package_is_small_and_carries_failure_lambda_with_its_licence(package):
    assert package.stat().st_size < 5_000_000
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
    assert "node_modules/failure-lambda/package.json" in names
    assert "node_modules/failure-lambda/LICENSE" in names
    assert not any("sandbox" in Path(name).parts[:1] for name in names)


def test_the_lock_file_names_no_host():
    assert '"resolved"' not in (WORKLOAD / "package-lock.json").read_text()
