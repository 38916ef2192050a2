"""Values of names: an environment's variables by key, a run's by name, as the run's own process sees them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from chaoslib import substitute as chaos_toolkit_substitutes
from chaoslib.configuration import load_configuration

from app.errors import Invalid
from app.experiments import Catalog, Experiment, read, shell_lines, snapshot
from app.experiments.commands import file_or_text, seconds_ago
from app.experiments.substitution import configuration, substitute

ENV = {"type": "env", "key": "KEY", "default": "default"}


@pytest.mark.parametrize(
    ("written", "variables", "given"),
    [
        ({"a": "literal"}, {}, {}),
        ({"a": 5, "b": True, "c": ["x"]}, {}, {}),
        ({"a": {"type": "other", "b": 1}, "b": {"c": 1}}, {}, {}),
        ({"a": ENV}, {}, {}),
        ({"a": ENV}, {"KEY": "environment"}, {}),
        ({"a": ENV}, {"KEY": "environment"}, {"a": "given"}),
        ({"a": ENV}, {"KEY": "environment"}, {"KEY": "given by the key, which is no name"}),
        ({"a": ENV}, {"a": "a variable with the name of an entry"}, {}),
        ({"a": "literal"}, {"a": "a variable with the name of an entry"}, {}),
        ({"a": "literal", "KEY": "another"}, {"KEY": "environment"}, {"a": 7}),
        ({"a": "literal"}, {}, {"a": ENV}),
    ],
)
def test_configuration_is_what_chaos_toolkit_makes_of_it(written, variables, given, monkeypatch):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    known = configuration({"configuration": written}, variables, given)
    assert known == load_configuration(written, dict(given))


@pytest.mark.parametrize(
    "text", ["${a}", "$a", "${a}${b}", "n = ${n}", "${n}", "${ a }", "$$a", "`date`", "$(date)", "${unknown} ${a}", "${l}"]
)  # fmt: skip
def test_a_name_is_replaced_as_chaos_toolkit_replaces_it(text):
    known = {"a": "A", "b": "B", "n": 300, "l": [1]}
    for value in (text, [text], {"x": [text, 1]}):
        assert substitute(value, known) == chaos_toolkit_substitutes(value, known, {})


def written(tmp_path: Path, **over: object) -> Experiment:
    document = {"title": "t", "description": "d", "method": [], **over}
    (tmp_path / "a.json").write_text(json.dumps(document))
    return Catalog(tmp_path).load("a")


PUT = {"type": "process", "path": "aws", "arguments": "ssm put-parameter --name ${store} --value off"}


def test_an_intent_names_the_store_that_the_run_will_write(tmp_path):
    action = {"type": "action", "name": "${store}", "provider": PUT}
    experiment = written(tmp_path, configuration={"store": {**ENV, "key": "K"}}, method=[action])
    found = [read(experiment, *told).intents[0].store[1] for told in (
        ({},), ({"K": "by-key"},), ({"store": "no"},), ({"K": "by-key"}, {"store": "given"}), ({}, {"K": "no"}),
    )]  # fmt: skip
    assert found == ["default", "by-key", "default", "given", "default"]
    assert (
        read(experiment, {}).intents[0].activity == "${store}"
    )  # names stay as they are: the journal has them so


def test_a_tolerance_by_name_can_be_drawn(tmp_path):
    probe = {
        "type": "probe",
        "name": "p",
        "tolerance": "${most}",
        "provider": {"type": "process", "path": "ls"},
    }
    hypothesis = {"title": "t", "probes": [probe]}
    experiment = written(tmp_path, configuration={"most": 5}, **{"steady-state-hypothesis": hypothesis})
    assert read(experiment, {}).signals[0].tolerance.high == 5


def test_what_nobody_thought_of_is_refused_in_a_sentence():
    experiment = Experiment(id="a", file="a.json", path=Path("a.json"), title="t", document={"method": 5})
    with pytest.raises(Invalid, match=r"a\.json can not be read"):
        read(experiment, {})


@pytest.mark.parametrize(("time", "ago"), [
    ("`date --date '5 min ago' -u`", 300), ("`date -u`", 0), ("2020-01-01", None),
    ("`date --date '455 days ago'`", 455 * 86400), ("`date --date '456 days ago'`", None),
    (f"`date --date '{'9' * 5000} days ago'`", None),
])  # fmt: skip
def test_a_time_ago_is_one_that_cloudwatch_still_has(time, ago):
    assert seconds_ago(time) == ago


def test_a_value_out_of_a_file_is_read_beside_the_experiment_only(tmp_path):
    (tmp_path / "value.json").write_text("on")
    (tmp_path / "loop").symlink_to("loop")
    names = ("value.json", "loop", "a\0b", "x" * 5000, "../etc/passwd", "/etc/passwd")
    told = [file_or_text(f"file://{name}", tmp_path) for name in names]
    assert told == ["on", None, None, None, None, None]


LINE, WORDS = (
    {"type": "process", "path": "aws", "arguments": "s3 ls"},
    {"type": "process", "path": "aws", "arguments": ["s3"]},
)


@pytest.mark.parametrize(("document", "names"), [
    ({"method": [{"name": "a", "provider": LINE}, {"name": "b", "provider": WORDS}]}, ("a",)),
    ({"steady-state-hypothesis": {"probes": [{"name": "a", "provider": LINE}]}, "rollbacks": [{"name": "b", "provider": LINE}]}, ("a", "b")),
    ({"configuration": {"x": {"name": "a", "type": "probe", "provider": LINE}}}, ("a",)),
    ({"steady-state-hypothesis": {"probes": [{"name": "a", "tolerance": {"name": "b", "provider": LINE}}]}}, ("b",)),
    ({"method": [{"name": "a", "provider": {"type": "http", "arguments": "x"}}]}, ()),
])  # fmt: skip
def test_arguments_of_one_text_are_a_shells(document, names):
    assert shell_lines(document) == names


def test_a_run_copies_the_whole_folder_but_what_git_and_the_console_keep(tmp_path):
    (tmp_path / "from").mkdir()
    experiment = written(tmp_path / "from")
    for name in (".aws/config", ".env", "deep/.hidden/x", ".git/HEAD", "deep/.git", ".gameday/runs/x"):
        (tmp_path / "from" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "from" / name).write_text(name)
    (tmp_path / "from" / "link").symlink_to("a.json")
    (tmp_path / "from" / ".env").chmod(0o600)
    taken = snapshot(experiment, tmp_path / "to")
    copied = {str(p.relative_to(tmp_path / "to")) for p in (tmp_path / "to").rglob("*") if p.is_file()}
    assert copied == {"a.json", ".aws/config", ".env", "deep/.hidden/x"}
    assert (tmp_path / "to" / ".env").stat().st_mode & 0o777 == 0o600
    assert taken.sha256 == hashlib.sha256((tmp_path / "from" / "a.json").read_bytes()).hexdigest()


def test_a_file_that_can_not_be_copied_is_named(tmp_path, monkeypatch):
    def closed(path, target):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("shutil.copy", closed)
    with pytest.raises(Invalid, match=r"a\.json can not be copied for the run: Permission denied"):
        snapshot(written(tmp_path), tmp_path / "to")
