"""Secrets stay in the child: no event and no line of its log has them."""

from __future__ import annotations

from typing import Any

import pytest

from app.child.redacting import HIDDEN, Redacting

SECRET = 'hunter"2"ü'


def test_what_a_secret_resolves_to_is_in_no_event_and_not_in_the_log(
    begin: Any, experiment: Any, activity: Any
) -> None:
    speaks = {
        "type": "action", "name": "speaks", "secrets": ["vault"],
        "provider": {"type": "process", "path": "printf", "arguments": ["%s", "the password is ${password}"]},
    }  # fmt: skip
    dawdles = {**speaks, "name": "fails"}
    dawdles["provider"] = {"type": "process", "path": "sleep", "arguments": ["${password}"]}
    document = experiment(speaks, dawdles)
    document["secrets"] = {"vault": {"password": {"type": "env", "key": "PASSWORD"}}}
    told = begin(document, environ={"PASSWORD": SECRET})
    journal = told.finish()
    assert journal is not None
    assert SECRET not in str(told.messages)
    assert HIDDEN in str(told.messages)
    assert SECRET not in (told.folder / "console.log").read_text()


@pytest.mark.parametrize(
    ("secrets", "text", "shown"),
    [
        ({"a": {"b": "token-1"}}, "x token-1 y", f"x {HIDDEN} y"),
        ({"a": {"b": ["token-1", {"c": "token-12"}]}}, "token-12 token-1", f"{HIDDEN} {HIDDEN}"),
        ({"a": {"b": "abc"}}, "abc", "abc"),  # too short to be hidden without hiding every other word
        ({}, "token-1", "token-1"),
        ({"a": {"b": 'q"t'}}, 'q\\"t', 'q\\"t'),
        ({"a": {"b": 'q"quote'}}, '"q\\"quote"', f'"{HIDDEN}"'),  # as JSON has it
    ],
)
def test_values_are_hidden_wherever_they_stand(secrets: Any, text: str, shown: str) -> None:
    redacting = Redacting()
    redacting.learn(secrets)
    assert redacting.hide(text) == shown
