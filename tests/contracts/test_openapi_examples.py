"""Examples of the API's description: there for every answer and parameter, of the shapes that are described, and true."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from app.web.openapi import ANSWERS_FILE
from tests.contracts.record import answers, bare

DOCUMENT = bare()
OPERATIONS = [
    pytest.param(told, id=f"{method.upper()} {path}")
    for path, methods in DOCUMENT["paths"].items()
    for method, told in methods.items()
]
ANEW = "write them anew: python -m tests.contracts.record"


def wrong(schema: dict[str, Any], example: Any) -> list[str]:
    """What is wrong with an example of that schema, whose references are into the description."""
    whole = {**schema, "components": DOCUMENT["components"]}
    return [error.message for error in Draft202012Validator(whole).iter_errors(example)]


@pytest.mark.parametrize("told", OPERATIONS)
def test_every_answer_of_success_has_an_example_of_its_shape(told: dict[str, Any]) -> None:
    good = {status: answer for status, answer in told["responses"].items() if status < "3"}
    assert good
    assert all(answer.get("content") for status, answer in good.items() if status != "204")
    for answer in good.values():
        for media, content in answer.get("content", {}).items():
            assert content.get("example") not in (None, "", [], {}), f"{media}: {ANEW}"
            if "schema" in content:  # a stream has one of its items instead
                assert wrong(content["schema"], content["example"]) == [], ANEW


@pytest.mark.parametrize("told", OPERATIONS)
def test_every_parameter_has_an_example_that_is_valid(told: dict[str, Any]) -> None:
    for one in told.get("parameters", ()):
        assert "example" in one, one["name"]
        assert wrong(one["schema"], one["example"]) == [], one["name"]


@pytest.mark.parametrize("told", OPERATIONS)
def test_every_body_has_an_example_that_is_valid(told: dict[str, Any]) -> None:
    for content in told.get("requestBody", {}).get("content", {}).values():
        assert wrong(content["schema"], content["example"]) == []


def test_what_is_no_example_of_its_shape_would_be_found() -> None:
    answer = DOCUMENT["paths"]["/api/faults/{entry_id}"]["get"]["responses"]["200"]
    fault = answer["content"]["application/json"]["schema"]
    kept = json.loads(ANSWERS_FILE.read_text())["GET /api/faults/{entry_id}"]["200"]["application/json"]
    assert wrong(fault, kept) == []
    assert wrong(fault, {**kept, "state": "asleep"})
    assert wrong(fault, {**kept, "more": 1})
    assert wrong(fault, {key: value for key, value in kept.items() if key != "phase"})


def test_a_console_answers_like_its_examples(tmp_path: Path) -> None:
    kept = json.loads(ANSWERS_FILE.read_text())
    now = answers(tmp_path, DOCUMENT)
    assert kept.keys() == now.keys(), ANEW
    assert [name for name in kept if skeleton(kept[name]) != skeleton(now[name])] == [], ANEW


def skeleton(value: Any) -> Any:
    """Names and kinds, without what differs from one answer to the next."""
    if isinstance(value, dict):
        return {key: skeleton(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [skeleton(inner) for inner in value]
    return "a number" if isinstance(value, int | float) else type(value).__name__
