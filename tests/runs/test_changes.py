"""Which changes of a function take the ground from under a run, and which are the console's own."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from app.aws.functions import FunctionReader
from app.runs.changes import as_they_are, changed

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Lambda:
    """One function, which takes changes as Lambda does: each is another revision."""

    def __init__(self) -> None:
        self.row: dict[str, Any] = {
            "FunctionName": "f", "CodeSha256": "a", "RevisionId": "1", "LastModified": "2026-11-24T12:00:01.000+0000",
            "Timeout": 3, "Environment": {"Variables": {"STAGE": "test"}},
        }  # fmt: skip

    def get_function_configuration(self, **_asked: Any) -> dict[str, Any]:
        return copy.deepcopy(self.row)

    def update_function_configuration(self, **given: Any) -> None:
        number = int(self.row["RevisionId"]) + 1
        moved = {"RevisionId": str(number), "LastModified": f"2026-11-24T12:00:0{number}.000+0000"}
        self.row |= {key: value for key, value in given.items() if key in self.row} | moved

    def get_paginator(self, _listing: str) -> Any:
        return SimpleNamespace(paginate=lambda **_asked: [{"Aliases": []}])


@pytest.fixture
def of() -> Any:
    return Lambda()


def seen(of: Lambda) -> dict[str, dict[str, str]]:
    reader = FunctionReader(of)
    return as_they_are(SimpleNamespace(functions=lambda _environment: reader), "test", ["f"])  # type: ignore[arg-type]


def test_containers_that_the_console_has_replaced_are_no_change(of: Lambda) -> None:
    before = seen(of)
    FunctionReader(of).recycle("f")
    assert of.row["RevisionId"] == "2"
    assert changed(before, seen(of), at=AT) == []


@pytest.mark.parametrize(
    "given", [{"Timeout": 9}, {"CodeSha256": "b"}, {"Environment": {"Variables": {"STAGE": "other"}}}]
)
def test_what_somebody_else_changes_is_told_though_containers_were_replaced(of: Lambda, given: Any) -> None:
    before = seen(of)
    of.update_function_configuration(**given)
    assert "was deployed or reconfigured" in changed(before, seen(of), at=AT)[0]
    FunctionReader(of).recycle("f")
    assert "was deployed or reconfigured" in changed(before, seen(of), at=AT)[0]


def test_a_run_that_an_earlier_version_began_is_compared_by_what_that_looked_at(of: Lambda) -> None:
    before = {"f": {part: seen(of)["f"][part] for part in ("code_sha256", "revision", "last_modified")}}
    assert changed(before, seen(of), at=AT) == []
    of.update_function_configuration(Timeout=9)
    assert "was deployed or reconfigured" in changed(before, seen(of), at=AT)[0]
