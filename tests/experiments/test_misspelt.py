"""A key that Chaos Toolkit passes by is told, and such a file is refused by nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.experiments import Catalog
from app.experiments.document import Document
from app.experiments.misspelt import misspelt
from app.experiments.validate import problems
from tests.experiments.test_as_chaos_toolkit_judges import (
    CONTROL,
    HTTP,
    HYPOTHESIS,
    PROBE,
    full,
    refused_by_chaos_toolkit,
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
ACT = {"type": "action", "name": "a", "provider": HTTP}
NEAR = [
    ("rollback", {"rollback": [ACT]}, "rollbacks"),
    ("Rollbacks", {"Rollbacks": [ACT]}, "rollbacks"),
    ("steady_state_hypothesis", {"steady_state_hypothesis": {}}, HYPOTHESIS),
    ("method[0].pauses.afterr", {"method": [{**ACT, "pauses": {"afterr": 3}}]}, "after"),
    ("method[0].pause", {"method": [{**ACT, "pause": {"after": 3}}]}, "pauses"),
    ("method[0].provider.argument", {"method": [{**ACT, "provider": {**HTTP, "argument": {}}}]}, "arguments"),
    ("method[0].provider.verify-tls", {"method": [{**ACT, "provider": {**HTTP, "verify-tls": 0}}]}, "verify_tls"),
    ("rollbacks[0].backgroud", {"rollbacks": [{**ACT, "backgroud": True}]}, "background"),
    ("controls[0].scop", {"controls": [{**CONTROL, "scop": "before"}]}, "scope"),
    ("runtime.rollback", {"runtime": {"rollback": {"strategy": "always"}}}, "rollbacks"),
    ("runtime.rollbacks.stategy", {"runtime": {"rollbacks": {"stategy": "always"}}}, "strategy"),
    (f"{HYPOTHESIS}.probe", {HYPOTHESIS: {"title": "t", "probe": []}}, "probes"),
    (
        f"{HYPOTHESIS}.probes[0].tolerance.tarjet",
        {HYPOTHESIS: {"title": "t", "probes": [{**PROBE, "tolerance": {"type": "range", "range": [0, 1], "tarjet": "x"}}]}},
        "target",
    ),
    (
        f"{HYPOTHESIS}.probes[0].tolerance.provider.methd",
        {HYPOTHESIS: {"title": "t", "probes": [{**PROBE, "tolerance": {**ACT, "type": "probe", "provider": {**HTTP, "methd": "GET"}}}]}},
        "method",
    ),
]  # fmt: skip
SILENT: list[dict[str, Any]] = [
    {"author": "me", "owner": {"team": "x"}, "metadata": {}, "conditions": []},
    {"extensions": [{"name": "theirs", "rollback": 1, "titel": 2}]},
    {"configuration": {"rollback": 1, "c": {"typ": 1}}, "secrets": {"g": {"ke": 1}}},
    {"method": [{**ACT, "comment": "why", "x-owner": "me", "provider": {**HTTP, "arguments": {"urll": 1}}}]},
    {"method": ["x", None, {"provider": 5}], "rollbacks": 3, "runtime": 5, "controls": "x", HYPOTHESIS: []},
    {"method": [{**ACT, "dry": True}], "dry": "probes", "version": "1", "contributions": {}},
]


def of(more: dict[str, Any]) -> dict[str, Any]:
    return {"title": "t", "description": "d", "method": [], **more}


@pytest.mark.parametrize(("path", "more", "meant"), NEAR)
def test_it_is_told_with_what_was_meant_and_refused_by_nobody(path, more, meant):
    found = list(misspelt(of(more)))
    assert [place for place, _ in found] == [path]
    assert found[0][1].endswith(f"Did you mean {meant}?")
    assert not refused_by_chaos_toolkit(of(more))
    assert not problems(Document(content=of(more)), "a.json")


def test_where_no_other_key_is_near_those_that_are_read_are_told():
    odd = of({"method": [{**ACT, "provider": {"type": "process", "path": "ls", "env": {"A": "b"}}}]})
    [(path, sentence)] = misspelt(odd)
    assert path == "method[0].provider.env"
    assert sentence.endswith("It reads: type, path, arguments, timeout, secrets.")


@pytest.mark.parametrize("more", SILENT)
def test_what_is_its_authors_own_is_left_alone(more):
    assert list(misspelt(of(more))) == []


@pytest.mark.parametrize("content", [full(), None, [], "x", {5: 6}])
def test_what_is_read_or_is_no_experiment_is_left_alone(content):
    assert list(misspelt(content)) == []


def test_the_labs_files_are_spelt_right():
    root = Path(__file__).parents[2] / "experiments"
    assert [str(one) for experiment in Catalog(root).all() for one in experiment.warnings] == []
