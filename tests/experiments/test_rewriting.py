"""Another value for a fault store in an activity's arguments."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from app.experiments.rewriting import with_value

NEW = '{"a": "it\'s"}'
LINE = "ssm put-parameter --name x --type String --overwrite --value "


@pytest.mark.parametrize(
    "old", ["'{\"isEnabled\": true}'", '"{\\"isEnabled\\": true}"', "plain", "file://value.json"]
)
@pytest.mark.parametrize("rest", ["", " --region us-east-2"])
def test_in_a_shell_s_line(old: str, rest: str) -> None:
    changed = with_value({"arguments": LINE + old + rest}, NEW)
    assert changed is not None
    assert shlex.split(changed["arguments"])[7] == "--value"
    assert shlex.split(changed["arguments"])[8:] == [NEW, *rest.split()]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["ssm", "--value", "old", "--name", "x"], ["ssm", "--value", NEW, "--name", "x"]),
        (["ssm", "--value=old"], ["ssm", f"--value={NEW}"]),
        ({"--name": "x", "--value": "old"}, {"--name": "x", "--value": NEW}),
        ({"name": "x", "value": "old"}, {"name": "x", "value": NEW}),
    ],
)
def test_in_a_list_or_a_mapping(arguments: Any, expected: Any) -> None:
    assert with_value({"arguments": arguments}, NEW) == {"arguments": expected}


@pytest.mark.parametrize("arguments", [None, "", LINE + "a --value b", ["ssm"], {"name": "x"}])
def test_where_its_place_is_not_certain_nothing_is_changed(arguments: Any) -> None:
    assert with_value({"arguments": arguments}, NEW) is None
