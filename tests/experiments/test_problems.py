"""Invalid files are listed with what is wrong and where, and break no other."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from chaoslib.experiment import ensure_experiment_is_valid, load_experiment

from app.errors import NotFound
from app.experiments import Catalog, read
from app.experiments.catalog import LINK
from app.experiments.document import parse

GOOD = {"title": "t", "description": "d", "method": []}
LS = {"type": "probe", "name": "ls", "provider": {"type": "process", "path": "ls", "arguments": ["-l"]}}
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
BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 30))
LONG_BOMB = f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 20)}]\n"


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
        ("a.json", '{\n\t"title": "t",\n\t"description": "d",\n\t"method": 5}', 4, "method", "list of activities"),
        ("a.json", '{"title": "\\ud800"}', 1, "title", "half a character"),
        ("a.json", '{"a": [0,\n Infinity]}', 2, "a[1]", "no infinity"),
        ("a.json", "1" * 5000, None, "", "not JSON"),
        ("a.json", '{"a": 1' + "0" * 400 + "}", 1, "a", "too large"),
        ("a.yaml", "title: t\nimage: !!binary aGk=\n", 2, "image", "type bytes"),
        ("a.yaml", "a: !!set {x, y}", 1, "a", "type set"),
        ("a.yaml", "2020-01-01: x", 1, "2020-01-01", "in quotes"),
        ("a.yaml", "a: .nan", 1, "a", "no infinity"),
        ("a.yaml", 'a: !!int ""', None, "", "not YAML"),
        ("a.yaml", "a: !!bool x", None, "", "not YAML"),
        ("a.yaml", "a: !!timestamp x", None, "", "not YAML"),
        ("a.yaml", "a: \x07", None, "", "not YAML"),
        ("a.yaml", "a: &a [*a]", None, "", "nested"),
        ("a.yaml", BOMB, None, "", "aliases"),
        ("a.yaml", LONG_BOMB, None, "", "aliases"),
        ("a.json", "[" * 100_000, None, "", "nested"),
        ("a.yaml", "- " * 60 + "x", None, "", "nested"),
        ("a.yaml", "x: " + "y" * 300_000, None, "", "larger"),
    ],
)  # fmt: skip
def test_it_says_what_is_wrong_and_where(tmp_path, name, text, line, path, says):
    told = problem(tmp_path, name, text)
    assert told[:2] == (line, path)
    assert says in told[2]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", {**GOOD, "tags": None}),
        ("a.json", {**GOOD, "extensions": None, "runtime": None}),
        ("a.json", {**GOOD, "method": [LS] * 300}),
        ("a.json", {**GOOD, "method": [LS, {"ref": "ls"}, {"ref": "probed"}], "rollbacks": [{"ref": "ls"}],
                    "steady-state-hypothesis": {"title": "t", "probes": [{**LS, "name": "probed", "tolerance": 0}]}}),
        ("a.json", {**GOOD, "method": [{**LS, "pauses": {"before": "${x}", "after": 0.5}, "background": False, "timeout": 3}]}),
        ("a.json", {**GOOD, "configuration": {"a": 1, "b": ["x"], "c": {"type": "env", "key": "K", "default": ""}, "d": {"e": 1}}}),
        ("a.json", {**GOOD, "secrets": {"a": {"b": "c", "d": {"type": "env", "key": "PATH"}}}}),
        ("a.json", {**GOOD, "controls": [{"name": "c", "provider": {"type": "python", "module": "json"}, "scope": "before"}]}),
        ("a.yaml", "title: t\ndescription: d\nmethod:\n- &ls {type: probe, name: n, provider: {type: process, path: ls}}\n- *ls\n"),
        ("a.yaml", "title: t\ndescription: d\nx: &x {title: u}\ny: {<<: *x}\nat: 2020-01-01\nmethod: []\n"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_chaos_toolkit_takes_is_taken(tmp_path, name, text):
    (tmp_path / name).write_text(text if isinstance(text, str) else json.dumps(text))
    found = Catalog(tmp_path).load("a")
    assert found.problems == ()
    ensure_experiment_is_valid(load_experiment(str(tmp_path / name)))
    read(found, {})


def test_a_file_of_one_long_name_and_many_places_is_read_at_once(tmp_path):
    """A path for each of its places would take gigabytes."""
    (tmp_path / "a.json").write_text(json.dumps({"k" * 1_000: [1] * 50_000}))
    assert [(p.path, p.line) for p in Catalog(tmp_path).load("a").problems[:1]] == [("title", 1)]
    assert max(map(len, parse(tmp_path / "a.json", "a.json").lines)) < 1000


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


@pytest.fixture
def linked(tmp_path):
    root = tmp_path / "experiments"
    (root / "folder").mkdir(parents=True)
    (root / "ok.json").write_text(json.dumps(GOOD))
    (root / "folder" / "in.json").write_text(json.dumps(GOOD))
    (root / "alias.json").symlink_to("ok.json")
    (root / "loop.json").symlink_to("loop.json")
    (root / "linked").symlink_to("folder")
    return root


def test_a_link_is_listed_as_one_and_can_not_be_run(linked):
    found = {e.id: [p.message for p in e.problems] for e in Catalog(linked).all()}
    assert found == {"alias": [LINK], "folder/in": [], "ok": []}
    assert Catalog(linked).load("linked/in").problems[0].message == LINK


@pytest.mark.parametrize(
    "asked", ["folder/../ok", "./ok", "ok.json", ".hidden/a", ".a", "loop", "", "folder"]
)
def test_an_experiment_has_one_id_only(linked, asked):
    (linked / ".hidden").mkdir()
    for name in (".hidden/a.json", ".a.json"):
        (linked / name).write_text(json.dumps(GOOD))
    with pytest.raises(NotFound):
        Catalog(linked).load(asked)


def test_of_two_files_with_the_same_id_the_second_is_told_and_can_be_opened(tmp_path):
    for name in ("a.json", "a.yaml", "a.yml", "data.yaml"):
        (tmp_path / name).write_text(json.dumps(GOOD))
    (tmp_path / "data.json").write_text("[]")
    catalog = Catalog(tmp_path)
    found = {e.id: [p.message for p in e.problems] for e in catalog.all()}
    twice = "a.json has the same id, “a”. Rename one of the two."
    assert found == {"a": [], "a.yaml": [twice], "a.yml": [twice], "data": []}
    assert [catalog.load(name).file for name in found] == ["a.json", "a.yaml", "a.yml", "data.yaml"]
    with pytest.raises(NotFound):
        catalog.load("data.yaml")


def test_a_name_that_is_no_text_is_listed_with_what_is_wrong(tmp_path):
    (tmp_path / os.fsdecode(b"\xff.json")).write_text(json.dumps(GOOD))
    (found,) = Catalog(tmp_path).all()
    assert "not UTF-8" in found.problems[0].message
    json.dumps([found.id, found.file, found.title], ensure_ascii=False).encode()


def test_a_file_that_nobody_thought_of_is_a_problem_and_breaks_no_other(tmp_path, monkeypatch):
    (tmp_path / "a.json").write_text(json.dumps(GOOD))
    (tmp_path / "b.json").write_text(json.dumps({**GOOD, "title": "unheard of"}))

    def surprised(document, file):
        if document.content["title"] == "unheard of":
            raise KeyError("surprise")
        return ()

    monkeypatch.setattr("app.experiments.catalog.problems", surprised)
    assert [(e.id, e.valid) for e in Catalog(tmp_path).all()] == [("a", True), ("b", False)]


def test_a_file_that_goes_while_it_is_listed_is_not_there(tmp_path, monkeypatch):
    catalog = Catalog(tmp_path)
    monkeypatch.setattr(catalog, "_files", lambda: [tmp_path / "gone.json"])
    assert catalog.all() == []


@pytest.mark.parametrize(
    ("asked", "meant"), [("strict", "lab/exp_2-strict"), ("lab/exp2-strict", "lab/exp_2-strict")]
)
def test_the_id_that_was_meant_is_named(tmp_path, asked, meant):
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "exp_2-strict.json").write_text(json.dumps(GOOD))
    with pytest.raises(NotFound, match=f"Did you mean {meant}"):
        Catalog(tmp_path).load(asked)
