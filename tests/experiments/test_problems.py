"""Invalid files are listed with what is wrong and where, and break no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.errors import NotFound
from app.experiments import Catalog

GOOD = {"title": "t", "description": "d", "method": []}
NO_TOLERANCE = """title: Checkout
description: d
steady-state-hypothesis:
  title: works
  probes:
    - type: probe
      name: queue-depth
      provider: {type: python, module: m, func: f}
method: []
"""


def problem(tmp_path: Path, name: str, text: str) -> tuple[int | None, str, str]:
    (tmp_path / name).write_text(text)
    found = Catalog(tmp_path).load(name.rpartition(".")[0]).problems[0]
    return found.line, found.path, found.message


@pytest.mark.parametrize(
    ("name", "text", "line", "path", "says"),
    [
        ("a.json", '{"title": "t",\n  oops}', 2, "", "not JSON"),
        ("a.json", '{"title": "t",\n "method": []}', 1, "description", "no description"),
        ("a.json", '{"title": "t", "description": "d",\n "method": [\n {"type": "action", "name": "n"}]}', 3, "method[0]", "no provider"),
        ("a.yaml", NO_TOLERANCE, 6, "steady-state-hypothesis.probes[0]", "“queue-depth” has no tolerance"),
        ("a.yaml", "title: [", 1, "", "not YAML"),
        ("a.yaml", "", 1, "", "empty"),
        ("a.yaml", "a: &a [1]\nb: *a\n", None, "", "aliases"),
        ("a.json", "[" * 100_000, None, "", "nested"),
        ("a.yaml", "- " * 60 + "x", None, "", "nested"),
        ("a.yaml", "x: " + "y" * 300_000, None, "", "larger"),
    ],
)  # fmt: skip
def test_it_says_what_is_wrong_and_where(tmp_path, name, text, line, path, says):
    told = problem(tmp_path, name, text)
    assert told[:2] == (line, path)
    assert says in told[2]


def test_an_invalid_file_breaks_no_other(tmp_path):
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "good.json").write_text(json.dumps(GOOD))
    assert [(e.id, e.valid) for e in Catalog(tmp_path).all()] == [("bad", False), ("deep/er/good", True)]


def test_a_changed_file_is_read_again(tmp_path):
    file = tmp_path / "a.json"
    file.write_text(json.dumps(GOOD))
    catalog = Catalog(tmp_path)
    assert catalog.load("a").title == "t"
    file.write_text(json.dumps({**GOOD, "title": "another"}))
    assert catalog.load("a").title == "another"


@pytest.mark.parametrize("asked", ["../secret", "nothing", "a\0b", "x" * 5000, "/etc/passwd"])
def test_nothing_outside_the_folder_is_found(tmp_path, asked):
    root = tmp_path / "experiments"
    root.mkdir()
    (tmp_path / "secret.json").write_text(json.dumps(GOOD))
    with pytest.raises(NotFound):
        Catalog(root).load(asked)


def test_a_link_that_leads_outside_is_not_followed(tmp_path):
    root = tmp_path / "experiments"
    root.mkdir()
    (tmp_path / "secret.json").write_text(json.dumps(GOOD))
    (root / "link.json").symlink_to(tmp_path / "secret.json")
    assert Catalog(root).all() == []
