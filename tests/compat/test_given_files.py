"""`--var-file` and `--control-file`, of `chaos run` and of `gameday run`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.compat import cases
from tests.compat.cases import Outcome
from tests.compat.conftest import Pair

EXPERIMENT: Mapping[str, Any] = {
    "title": "given from files",
    "description": "What is given is told by its activities.",
    "configuration": {
        "text": "of the file",
        "number": 1,
        "env": {"type": "env", "key": "GIVEN_HERE", "default": "nowhere"},
    },
    "secrets": {
        "bank": {"pin": "of the file", "card": {"type": "env", "key": "COMPAT_CARD"}}
    },
    "method": [
        {"type": "probe", "name": "configuration", "provider": {"type": "python", "module": "pieces", "func": "told"}},
        {
            "type": "action", "name": "secrets", "secrets": ["bank"],
            "provider": {"type": "process", "path": "echo", "arguments": "${pin} ${card} ${text} ${number} ${env}"},
        },
    ],
}  # fmt: skip
YAML = "configuration: {text: of the YAML, number: 2}\nsecrets: {bank: {pin: secret of the YAML}}\n"
JSON = json.dumps({"configuration": {"number": 3.5, "env": {"type": "env", "key": "HOME"}}})
DOTENV = "# a comment\nGIVEN_HERE=of the env\n\nCOMPAT_CARD=card = of the env\n"
CONTROL = "{}: {{provider: {{type: python, module: {}, arguments: {{mark: {}}}}}}}\n"
MARKED, AGAIN = CONTROL.format("marked", "watching", "given"), CONTROL.format("again", "watching", "too")
Both = Callable[..., tuple[Outcome, Outcome]]


@pytest.fixture
def both(pair: Pair, server: str, tmp_path: Path) -> Both:
    """Of one experiment with these files beside it: what `chaos run` makes of it, and what `gameday run` does."""

    def play(files: Mapping[str, str], *words: str) -> tuple[Outcome, Outcome]:
        for name in ("chaos", "gameday"):
            (tmp_path / name).mkdir()
            for file, text in {**files, "e.json": json.dumps(EXPERIMENT)}.items():
                (tmp_path / name / file).write_text(text)
        theirs, ours = (tmp_path / "chaos", tmp_path / "gameday")
        same = dict(cases.environ(server, tmp_path))  # one HOME: it is told
        always = ("--rollback-strategy", "always", *words)
        return (
            cases.chaos_run(pair.chaos.run, theirs, "e.json", always, same),
            cases.gameday_run(pair.gameday.run, ours, "e.json", words, same, work=pair.work),
        )

    return play


def said(outcome: Outcome) -> str:
    assert outcome.journal
    text: str = outcome.journal["run"][1]["output"]["stdout"]
    return text.strip()


@pytest.mark.parametrize(
    ("files", "words", "told"),
    [
        ({"a.yaml": YAML}, (), "secret of the YAML of the YAML 2 nowhere"),
        ({"a.yml": YAML}, ("--var", "text=typed"), "secret of the YAML typed 2 nowhere"),
        ({"a.json": JSON}, (), "of the file 4000-1234-5678 of the file 3.5 {home}"),
        ({"a.env": DOTENV}, (), "of the file card = of the env of the file 1 of the env"),
        ({".env": DOTENV}, (), "of the file card = of the env of the file 1 of the env"),
        ({"a.yaml": YAML, "b.json": JSON, "c.env": DOTENV}, (),
         "secret of the YAML of the YAML 3.5 {home}"),
        ({"b.json": JSON, "a.yaml": YAML}, (), "secret of the YAML of the YAML 2 {home}"),
        ({"a.yaml": ""}, (), "of the file 4000-1234-5678 of the file 1 nowhere"),
        ({"a.yaml": "a: [unfinished"}, (), "of the file 4000-1234-5678 of the file 1 nowhere"),
        ({"a.json": "{unfinished"}, (), "of the file 4000-1234-5678 of the file 1 nowhere"),
        ({"a.yaml": "configuration: {unheard-of: 1}"}, (), "of the file 4000-1234-5678 of the file 1 nowhere"),
    ],
)  # fmt: skip
def test_variables_of_files_have_the_same_outcome(
    files: Mapping[str, str], words: tuple[str, ...], told: str, both: Both, tmp_path: Path
) -> None:
    theirs, ours = both(files, *(word for name in files for word in ("--var-file", name)), *words)
    assert ours.comparable == theirs.comparable, ours.said
    assert (theirs.code, ours.code) == (0, 0), ours.said
    assert said(ours) == told.format(home=tmp_path)


@pytest.mark.parametrize("text", ["a: [unfinished", "{unfinished"])
def test_what_can_not_be_parsed_is_told_in_chaos_toolkits_words(text: str, both: Both) -> None:
    for one in both({"a.yaml": text}, "--var-file", "a.yaml"):
        assert "Failed to parse variable file 'a.yaml'" in one.said


@pytest.mark.parametrize(
    ("name", "text"), [("a.env", "no variable"), ("a.yaml", "[a, list]"), ("a.json", "{}"), ("a.txt", "x")]
)
def test_what_is_no_file_of_variables_is_played_by_neither(name: str, text: str, both: Both) -> None:
    theirs, ours = both({name: text}, "--var-file", name)
    assert (theirs.journal, theirs.code, ours.journal, ours.code) == (None, 1, None, 2)
    assert f"--var-file {name}: Chaos Toolkit can not read it" in ours.said
    assert "Traceback" not in ours.said


@pytest.mark.parametrize(
    ("files", "marks"),
    [
        ({"c.yaml": MARKED}, ["before given"]),
        ({"c.json": json.dumps({"marked": {"provider": {
            "type": "python", "module": "watching", "arguments": {"mark": "given"}}}})}, ["before given"]),
        ({"c.yaml": MARKED, "d.yml": AGAIN}, ["before given", "before too"]),
        ({"c.yaml": MARKED + AGAIN}, ["before given", "before too"]),
        ({"c.yaml": ""}, None),
        ({"c.yaml": "a: [unfinished"}, None),
        ({"c.yaml": MARKED + "again: no object"}, None),
        ({"c.yaml": CONTROL.format("gone", "no_such_module", "x"), "d.yaml": MARKED}, ["before given"]),
    ],
)  # fmt: skip
def test_controls_of_files_have_the_same_outcome(
    files: Mapping[str, str], marks: list[str] | None, both: Both
) -> None:
    theirs, ours = both(files, *(word for name in files for word in ("--control-file", name)))
    assert ours.comparable == theirs.comparable, ours.said
    assert (theirs.code, ours.code) == (0, 0), ours.said
    assert ours.journal
    assert ours.journal["run"][0]["activity"].get("seen") == marks


@pytest.mark.parametrize(("name", "text"), [("c.yaml", "[a, list]"), ("c.txt", "a: b")])
def test_what_is_no_file_of_controls_is_played_by_neither(name: str, text: str, both: Both) -> None:
    theirs, ours = both({name: text}, "--control-file", name)
    assert (theirs.journal, theirs.code, ours.journal) == (None, 1, None)
    assert ours.code in (2, 6), ours.said
    assert "Traceback" not in ours.said


@pytest.mark.parametrize("option", ["--var-file", "--control-file"])
def test_a_file_that_is_not_there_is_a_mistake_of_both(option: str, both: Both) -> None:
    theirs, ours = both({}, option, "nowhere.yaml")
    assert (theirs.code, ours.code) == (2, 2)
    assert all("'nowhere.yaml' does not exist" in one.said for one in (theirs, ours))
