"""Secrets stay in the child: no event and no line of its log has them."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
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


KEY = "-----BEGIN PRIVATE KEY-----\nMII'\\\\\n-----END PRIVATE KEY-----\n"
WORDS = "p ss/w+rd=&ü"
PRINTING = """
import logging, sys
from urllib.parse import quote, urlencode
from base64 import b64encode

def speak(key, words):
    print("key", key, repr(key), [key])
    sys.stderr.write(f"{key} {key.strip()}")
    logging.getLogger("urllib3").warning("retrying %s", urlencode({"t": words}))
    return {"key": key, "url": "http://x/" + quote(words), "long": "x" * 3950 + words * 5,
            "header": b64encode(words.encode()).decode()}

def fail(key, words):
    raise ValueError(f"no answer from /?t={quote(words, safe='')} {key} " + "x" * 3800 + words * 20)
"""


def test_it_is_in_nothing_that_code_prints_answers_or_raises_escaped_or_cut(
    begin: Any, experiment: Any, tmp_path: Path
) -> None:
    (tmp_path / "talking.py").write_text(PRINTING)
    says, raises = (
        {
            "type": "action", "name": func, "secrets": ["vault"],
            "provider": {
                "type": "python", "module": "talking", "func": func, "secrets": ["vault"],
                "arguments": {"key": "${key}", "words": "${words}"},
            },
        }
        for func in ("speak", "fail")
    )  # fmt: skip
    document = experiment(says, raises)
    document["secrets"] = {
        "vault": {"key": {"type": "env", "key": "KEY"}, "words": {"type": "env", "key": "WORDS"}}
    }
    told = begin(document, environ={"KEY": KEY, "WORDS": WORDS, "PYTHONPATH": str(tmp_path)})
    assert told.finish() is not None
    everything = str(told.messages) + (told.folder / "console.log").read_text()
    assert everything.count(HIDDEN) >= 8
    for part in ("MII", "p ss", "p+ss", "p%20ss", b64encode(WORDS.encode()).decode()[:8]):
        assert part not in everything


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
