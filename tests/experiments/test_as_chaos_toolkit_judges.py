"""What Chaos Toolkit's own validation refuses is refused here, before anything is imported or run."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chaoslib.experiment import ensure_experiment_is_valid

from app.errors import Invalid
from app.experiments import Experiment, read
from app.experiments.document import Document
from app.experiments.validate import problems
from app.runs.request import Request, Wish
from app.settings import Environment, Settings

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
PROCESS = {"type": "process", "path": "ls", "arguments": ["-l"]}
PYTHON = {"type": "python", "module": "json", "func": "dumps", "arguments": {"obj": 1}}
HTTP = {"type": "http", "url": "http://127.0.0.1/", "headers": {"a": "b"}}
PROBE = {"type": "probe", "name": "probe", "tolerance": 0, "provider": PROCESS}
CONTROL = {"name": "c", "scope": "before", "provider": {"type": "python", "module": "json"}}
JUNK = (None, True, 0, -1, 5, 0.5, 1e300, "", "x", "${x}", "$x", "\x00", [], [None], ["x"], [[]], {}, {"x": 1}, {"type": "probe"},
        {"type": "env"}, {"type": "python"}, {"name": "x"})  # fmt: skip
HYPOTHESIS = "steady-state-hypothesis"


def tolerated(tolerance: Any) -> dict[str, Any]:
    return {**PROBE, "name": str(tolerance), "tolerance": tolerance}


def full() -> dict[str, Any]:
    """An experiment that uses all there is."""
    tolerances = ({"type": "range", "range": [0, 1]}, {"type": "regex", "pattern": "^ok$"}, [1, 2], True, "ok",
                  {"type": "jsonpath", "path": "$.a"}, {"type": "probe", "name": "judge", "provider": PYTHON})  # fmt: skip
    return copy.deepcopy({
        "title": "t",
        "description": "d",
        "tags": ["a"],
        "configuration": {"a": "b", "c": {"type": "env", "key": "GAMEDAY_NO_SUCH", "default": "d"}},
        "secrets": {"group": {"a": "b", "c": {"type": "env", "key": "PATH"}}},
        "runtime": {"rollbacks": {"strategy": "always"}, "hypothesis": {"strategy": "default"}},
        "extensions": [{"name": "e"}],
        "controls": [CONTROL],
        HYPOTHESIS: {"title": "t", "controls": [CONTROL], "probes": [
            PROBE, *map(tolerated, tolerances), {"ref": "probe", "tolerance": 1},
        ]},
        "method": [
            {"type": "action", "name": "act", "background": True, "timeout": 5, "pauses": {"before": 1, "after": "${a}"},
             "provider": PYTHON, "controls": [CONTROL]},
            {"ref": "probe"},
        ],
        "rollbacks": [{"type": "action", "name": "back", "provider": HTTP}],
    })  # fmt: skip


def refused_by_chaos_toolkit(document: dict[str, Any]) -> bool:
    try:
        ensure_experiment_is_valid(copy.deepcopy(document))
    except Exception:  # noqa: BLE001  whatever it is
        return True  # a traceback is a refusal, too
    return False


def refused_here(document: dict[str, Any]) -> list[str]:
    return [problem.path for problem in problems(Document(content=document), "a.json")]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*path, key))


def changed(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    document = full()
    inside: Any = document
    for step in path[:-1]:
        inside = inside[step]
    if value is ...:
        del inside[path[-1]]
    else:
        inside[path[-1]] = copy.deepcopy(value)
    return document


def depends_on_the_machine(path: tuple[Any, ...], value: Any) -> bool:
    """A path, a module, an environment variable that is not there; arguments that a function does not have."""
    if path[-1] in {"obj", "default"}:
        return True
    if path[-1] == "arguments":
        return value is ... or isinstance(value, dict)
    return isinstance(value, str) and (
        path[-1] == "key" or (path[-1] in {"path", "module", "func"} and value != "")
    )


def test_the_experiment_that_uses_all_there_is_is_taken_by_both():
    assert refused_here(full()) == []
    assert not refused_by_chaos_toolkit(full())


@pytest.mark.parametrize("value", [..., *JUNK], ids=repr)
def test_whatever_stands_in_whichever_place_what_chaos_toolkit_refuses_is_refused(value):
    let_through = [
        path
        for path in places(full())
        if not depends_on_the_machine(path, value)
        and not refused_here(document := changed(path, value))
        and refused_by_chaos_toolkit(document)
    ]
    assert let_through == []


@pytest.mark.parametrize("value", [..., *JUNK], ids=repr)
def test_whatever_is_let_through_can_be_read_and_asked_for(value):
    settings = Settings(folder=Path(), environments={"e": Environment(name="e")}, default_environment="e")
    for path in places(full()):
        document = changed(path, value)
        if not refused_here(document):
            experiment = Experiment(id="a", file="a.json", path=Path("a.json"), title="t", document=document)
            for given in ({}, {"a": 10**400, "c": [1]}):
                read(experiment, {"GAMEDAY_NO_SUCH": "x"}, given)
            try:
                Request.check(settings, document, Wish())
            except Invalid:
                assert path[0] == "runtime"


PROBES = f"{HYPOTHESIS}.probes[0]"


def with_probe(**over: Any) -> dict[str, Any]:
    return {HYPOTHESIS: {"title": "t", "probes": [{**PROBE, **over}]}}


def with_action(**over: Any) -> dict[str, Any]:
    return {"method": [{"type": "action", "name": "a", "provider": PROCESS, **over}]}


@pytest.mark.parametrize(
    ("over", "path"),
    [
        (with_probe(tolerance=None), f"{PROBES}.tolerance"),
        (with_probe(tolerance=0.5), f"{PROBES}.tolerance"),
        (with_probe(tolerance={"type": "regex"}), f"{PROBES}.tolerance"),
        (with_probe(tolerance={"type": "regex", "pattern": "("}), f"{PROBES}.tolerance"),
        (with_probe(tolerance={"type": "jsonpath"}), f"{PROBES}.tolerance"),
        (with_probe(tolerance={"type": "jsonpath", "path": " "}), f"{PROBES}.tolerance"),
        (with_probe(tolerance={"type": "jsonpath", "path": "$.a[?("}), f"{PROBES}.tolerance"),
        (with_probe(tolerance={"type": "between"}), f"{PROBES}.tolerance"),
        (with_probe(tolerance={"type": "range", "range": [0]}), f"{PROBES}.tolerance"),
        (with_probe(tolerance={"type": "probe", "name": "x"}), f"{PROBES}.tolerance"),
        ({"controls": [{"name": "c"}]}, "controls[0]"),
        ({"controls": [{"provider": {}}]}, "controls[0]"),
        ({"controls": [{**CONTROL, "scope": "never"}]}, "controls[0].scope"),
        ({"controls": [{**CONTROL, "provider": {"type": "python"}}]}, "controls[0].provider"),
        ({"controls": [{**CONTROL, "ref": "other"}]}, "controls[0].ref"),
        (with_action(controls=[{"name": "c"}]), "method[0].controls[0]"),
        ({"extensions": [{}]}, "extensions[0]"),
        ({"extensions": [{"name": " "}]}, "extensions[0]"),
        ({"method": [{"ref": "nowhere"}]}, "method[0].ref"),
        ({"method": [{"ref": ""}]}, "method[0].ref"),
        (with_action(pauses={"after": "5 min"}), "method[0].pauses.after"),
        (with_action(pauses=[1]), "method[0].pauses"),
        (with_action(background="yes"), "method[0].background"),
        (with_action(timeout="5"), "method[0].timeout"),
        (with_action(provider={"type": "process"}), "method[0].provider"),
        (with_action(provider={**HTTP, "headers": "x"}), "method[0].provider.headers"),
        (with_action(provider={**PYTHON, "arguments": [1]}), "method[0].provider.arguments"),
        (with_action(provider={"type": ["python"]}), "method[0].provider.type"),
        ({"configuration": [1]}, "configuration"),
        ({"configuration": {"a": {"type": "env"}}}, "configuration.a"),
        ({"secrets": [1]}, "secrets"),
        ({"secrets": {"a": "b"}}, "secrets.a"),
        ({"secrets": {"a": {"b": {"type": "env"}}}}, "secrets.a.b"),
        ({"configuration": {"a": {"type": "env", "key": "PATH", "env_var_type": "roman"}}}, "configuration.a.env_var_type"),
        ({"rollbacks": None}, "rollbacks"),
        ({"tags": [""]}, "tags"),
    ],
)  # fmt: skip
def test_both_refuse_it_and_here_it_has_its_place(over, path):
    document = {"title": "t", "description": "d", "method": [], **over}
    assert refused_by_chaos_toolkit(document)
    assert path in refused_here(document)


@pytest.mark.parametrize(
    ("over", "path"),
    [
        ({"runtime": "always"}, "runtime"),
        ({"runtime": {"rollbacks": "always"}}, "runtime.rollbacks"),
        ({"runtime": {"hypothesis": [1]}}, "runtime.hypothesis"),
        ({"runtime": {"rollbacks": {"strategy": ["always"]}}}, "runtime.rollbacks.strategy"),
        ({"runtime": {"rollbacks": {"strategy": "sometimes"}}}, "runtime.rollbacks.strategy"),
        ({"runtime": {"rollbacks": None}}, "runtime.rollbacks"),
        ({"runtime": {"hypothesis": {"strategy": "now and then"}}}, "runtime.hypothesis.strategy"),
        ({"runtime": {"hypothesis": {"strategy": None}}}, "runtime.hypothesis.strategy"),
        ({"rollbacks": [{"ref": "nowhere"}]}, "rollbacks[0].ref"),
        ({"configuration": {"a": {"type": "probe"}}}, "configuration.a.provider.type"),
        (with_action(pauses=None), "method[0].pauses"),
        (with_action(pauses={"before": -1}), "method[0].pauses.before"),
        (with_action(pauses={"before": [1]}), "method[0].pauses.before"),
        (with_action(pauses={"before": 1e300}), "method[0].pauses.before"),
        (with_action(provider={**PROCESS, "arguments": 5}), "method[0].provider.arguments"),
        (with_action(name=5), "method[0].name"),
        ({"title": " "}, "title"),
    ],
)  # fmt: skip
def test_what_only_the_run_would_break_on_is_refused_beforehand(over, path):
    document = {"title": "t", "description": "d", "method": [], **over}
    assert not refused_by_chaos_toolkit(document)
    assert path in refused_here(document)
