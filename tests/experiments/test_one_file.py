"""An experiment file from anywhere, for a run right here: what of it has to be known, or it does not run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.errors import Invalid
from app.experiments import open_file
from app.runs.reading import FromFiles
from app.settings import Environment

OPAQUE = {"type": "action", "name": "break it", "provider": {"type": "python", "module": "m", "func": "f"}}
DECLARED = {"activity": "break it", "store": "ssm:orders", "value": {"isEnabled": True}}
OURS = {"name": "gameday", "faults": [DECLARED], "stop": [{"alarm": "payments"}]}
DOCUMENT = {"title": "t", "description": "d", "method": [OPAQUE], "extensions": [OURS]}


def opened(folder: Path, document: Any) -> Any:
    path = folder / "e.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return open_file(path, name="e.json", workdir=folder)


def read(experiment: Any, **variables: str) -> Any:
    return FromFiles({"STORE": "orders", **variables}).read(experiment, Environment(name="e"), {})


@pytest.mark.parametrize("over", [{"title": " "}, {"method": [OPAQUE | {"pauses": {"before": -1}}]}])
def test_faults_of_a_file_are_known_whatever_else_is_wrong_with_it(tmp_path, over):
    experiment = opened(tmp_path, {**DOCUMENT, **over})
    reading = read(experiment)
    assert experiment.problems
    assert [intent.store for intent in reading.intents] == [("ssm", "orders")]
    assert [one.alarm for one in reading.stop_conditions] == ["payments"]


def test_a_store_is_named_by_the_caller_s_own_environment(tmp_path):
    aws = "ssm put-parameter --name ${store} --overwrite --value '{\"isEnabled\": true}'"
    action = {**OPAQUE, "provider": {"type": "process", "path": "aws", "arguments": aws}}
    store = {"store": {"type": "env", "key": "STORE"}}
    experiment = opened(tmp_path, {**DOCUMENT, "configuration": store, "method": [action], "extensions": []})
    assert [intent.store for intent in read(experiment).intents] == [("ssm", "orders")]


@pytest.mark.parametrize(
    ("over", "place"),
    [
        ({"extensions": [{**OURS, "stopp": []}]}, "extensions[0].stopp"),
        ({"extensions": [{**OURS, "faults": [{**DECLARED, "activity": "mend it"}]}]}, "extensions[0].faults[0].activity"),
        ({"method": 5}, "extensions[0].faults[0].activity"),
        ({"threshold": float("inf")}, "threshold"),
    ],
)  # fmt: skip
def test_a_file_whose_faults_or_stop_conditions_would_not_be_known_is_refused(tmp_path, over, place):
    with pytest.raises(Invalid) as refused:
        opened(tmp_path, {**DOCUMENT, **over})
    also = ["method"] if over.get("method") else []  # whatever else is wrong is told with it
    assert [problem.path for problem in refused.value.problems] == [place, *also]
    assert all(problem.line == 1 for problem in refused.value.problems)


@pytest.mark.parametrize(
    "text",
    ["{", "", '\ufeff{"title": "t"}', '{"title": "\\ud83d"}', json.dumps(DOCUMENT).ljust(300_000)],
)
def test_a_file_that_can_not_be_read_is_refused(tmp_path, text):
    with pytest.raises(Invalid):
        opened(tmp_path, text)


def test_a_file_that_nobody_thought_of_is_refused_with_what_is_wrong(tmp_path):
    experiment = opened(tmp_path, {**DOCUMENT, "extensions": [], "method": [1, [OPAQUE]]})
    with pytest.raises(Invalid) as refused:
        read(experiment)
    assert "method[0]" in [problem.path for problem in refused.value.problems]
