"""The whole sandbox: emulator, stack, handler, traffic, all real, at speed 10.

Each module has its own: one that lived on would take half a processor from all tests after these.
"""

import os
import shutil
import sys
from pathlib import Path

import pytest

from app.sandbox.clients import Clients, isolate
from app.sandbox.lifecycle import FOLDER, Plan, Sandbox
from app.sandbox.package import deployment_package
from tests.ports import free_port

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def package():
    """The function's package, from the checkout's cache where a sandbox was started before."""
    return deployment_package(ROOT / FOLDER / "packages")


@pytest.fixture(scope="module")
def plan(tmp_path_factory, package):
    folder = tmp_path_factory.mktemp("sandbox")
    shutil.copytree(ROOT / "experiments", folder / "experiments")
    plan = Plan(folder=folder, port=free_port(), aws_port=free_port(), speed=10)
    packages = plan.data / "packages"
    packages.mkdir(parents=True)
    shutil.copy(package, packages)
    return plan


@pytest.fixture(scope="module")
def sandbox(plan):
    with Sandbox(plan, say=lambda line: None) as sandbox:
        sandbox.start()
        yield sandbox


@pytest.fixture(scope="module")
def control(sandbox):
    return sandbox.control


@pytest.fixture(scope="module")
def clients(sandbox):
    return Clients(sandbox.emulator.endpoint)


@pytest.fixture(scope="module")
def shell(sandbox, plan):
    """The variables of a terminal in which somebody does the lab by hand."""
    variables = dict(os.environ)
    isolate(variables)
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    return {
        **variables,
        **sandbox.settings().environment(None).variables,
        "AWS_ENDPOINT_URL": sandbox.emulator.endpoint,
        "PATH": path,
    }
