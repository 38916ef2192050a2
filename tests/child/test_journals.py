"""The journal is the one that `chaos run` writes, but for times."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

CHAOS = str(Path(sys.executable).parent / "chaos")
DIFFERENT = ("start", "end", "duration", "node")


def act(name: str, func: str, kind: str = "action", **more: Any) -> dict[str, Any]:
    arguments = more.pop("arguments", {})
    provider = {"type": "python", "module": "pieces", "func": func, "arguments": arguments}
    return {"type": kind, "name": name, "provider": provider, **more}


def steady(*probes: Any) -> dict[str, Any]:
    return {"title": "steady", "probes": list(probes)}


def sh(name: str, line: str, kind: str = "probe", **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "name": name,
        "provider": {"type": "process", "path": "sh", "arguments": ["-c", line]},
        **more,
    }


GO = act("go", "answer")
CONTROL = {"name": "watch", "provider": {"type": "python", "module": "pieces"}}
OUTPUT = {"type": "jsonpath", "path": "$.a", "expect": [1], "target": "stdout"}
TOLERANCES = [
    act("number", "answer", "probe", tolerance=42),
    act("list", "answer", "probe", tolerance=[41, 42]),
    act("bool", "answer", "probe", arguments={"value": True}, tolerance=True),
    act("text", "answer", "probe", arguments={"value": "yes"}, tolerance="yes"),
    act("range", "answer", "probe", tolerance={"type": "range", "range": [0, 50]}),
    sh("exit code", "true", tolerance=0),
    sh("range of stdout", "echo 7", tolerance={"type": "range", "range": [0, 10], "target": "stdout"}),
    sh("regex", "echo hello", tolerance={"type": "regex", "pattern": "hel+o", "target": "stdout"}),
    sh("jsonpath", "echo '{\"a\": 1}'", tolerance=OUTPUT),
    act("probe as tolerance", "answer", "probe", tolerance=act("even", "even", "probe")),
]
SHAPES: dict[str, dict[str, Any]] = {
    "one action": {"method": [GO]},
    "no method": {"method": [], "steady-state-hypothesis": steady(TOLERANCES[0])},
    "every tolerance": {"method": [GO], "steady-state-hypothesis": steady(*TOLERANCES)},
    "failing before": {"method": [GO], "steady-state-hypothesis": steady({**TOLERANCES[0], "tolerance": 1})},
    "a probe that raises before": {
        "method": [GO], "steady-state-hypothesis": steady(act("b", "broken", "probe", tolerance=1)),
    },
    "failing after": {
        "method": [sh("touch", "touch moved", "action")],
        "steady-state-hypothesis": steady(sh("not moved", "test ! -e moved", tolerance=0)),
        "rollbacks": [sh("clean", "rm moved", "action")],
    },
    "failing activity": {"method": [act("b", "broken"), GO], "rollbacks": [GO]},
    "failing rollback": {"method": [GO], "rollbacks": [act("b", "broken"), sh("c", "exit 3", "action"), GO]},
    "background": {
        "method": [act("bg", "dawdle", arguments={"seconds": 0.1}, background=True), act("fg", "answer", pauses={"before": 0.3})],
        "rollbacks": [act("bgr", "dawdle", arguments={"seconds": 0.1}, background=True)],
    },
    "configuration from the environment, and found out at run time": {
        "configuration": {
            "colour": {"type": "env", "key": "COLOUR", "default": "none"},
            "found": {"name": "find", "type": "probe", "provider": GO["provider"] | {"arguments": {"value": "there"}}},
        },
        "title": "In ${colour}",
        "method": [act("say", "answer", arguments={"value": "${colour} ${found}"})],
    },
    "secrets": {
        "secrets": {"bank": {"pin": {"type": "env", "key": "PIN"}}},
        "method": [sh("use", "echo ${pin}", secrets=["bank"])],
    },
    "controls": {"controls": [CONTROL], "method": [GO, act("own", "answer", controls=[CONTROL])], "rollbacks": [GO]},
    "controls of an activity under controls of the experiment": {
        "controls": [CONTROL], "method": [act("own", "answer", controls=[{**CONTROL, "name": "other"}])],
    },
    "aborted by a control": {
        "controls": [CONTROL], "method": [GO, act("forbidden", "answer"), GO], "rollbacks": [act("back", "answer")],
    },
    "runtime of its own": {
        "runtime": {"hypothesis": {"strategy": "after-method-only"}},
        "steady-state-hypothesis": steady({**TOLERANCES[0], "tolerance": 1}), "method": [GO],
    },
    "the same activity twice": {"method": [GO, {"ref": "go"}]},
    "pauses": {"method": [act("p", "answer", pauses={"before": 0.05, "after": 0.05})]},
    "extensions and tags": {"tags": ["a"], "extensions": [{"name": "x", "y": 1}], "method": [GO]},
}  # fmt: skip


CASES = [(shape, "json") for shape in SHAPES] + [("every tolerance", "yaml"), ("failing after", "yaml")]


@pytest.mark.parametrize(("shape", "suffix"), CASES)
def test_it_equals_the_command_line_s(begin: Any, tmp_path: Path, shape: str, suffix: str) -> None:
    document = {"title": "T", "description": "d", **SHAPES[shape]}
    folder = tmp_path / "snapshot"
    folder.mkdir()
    file = folder / f"e.{suffix}"
    file.write_text(json.dumps(document) if suffix == "json" else yaml.safe_dump(document))
    variables = {"COLOUR": "green", "PIN": "1234"}
    ours = begin(file, environ=variables).finish()
    (folder / "moved").unlink(missing_ok=True)
    assert comparable(ours) == comparable(by_command_line(tmp_path, folder, file, variables))


def by_command_line(tmp_path: Path, folder: Path, file: Path, variables: dict[str, str]) -> Any:
    target = tmp_path / "theirs.json"
    words = [
        CHAOS,
        "--no-version-check",
        "run",
        "--rollback-strategy",
        "always",
        "--journal-path",
        str(target),
    ]
    environment = {
        "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PYTHONPATH": str(tmp_path / "lib"),
    }  # fmt: skip
    subprocess.run(
        [*words, file.name], cwd=folder, env={**environment, **variables}, capture_output=True, check=False
    )
    return json.loads(target.read_text())


def comparable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: comparable(inner) for key, inner in value.items() if key not in DIFFERENT}
    return [comparable(inner) for inner in value] if isinstance(value, list) else value


def test_a_dry_run_is_noted_as_the_command_line_does(begin: Any, experiment: Any, activity: Any) -> None:
    assert begin(experiment(activity("go", "answer"))).finish()["experiment"]["dry"] is None
    assert (
        begin(experiment(activity("go", "answer")), dry="actions").finish()["experiment"]["dry"] == "actions"
    )
