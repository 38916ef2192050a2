"""How a run is asked for: everything that is wrong with it is told at once."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import Invalid
from app.runs import Wish
from app.runs.request import Request
from app.settings import Settings, load


@pytest.fixture
def settings(tmp_path: Any) -> Settings:
    return load(tmp_path)


STRATEGY = "“maybe” is no rollback strategy: always, default, never or deviated."
DRY = "“run” is no kind of dry run: probes, actions, activities or pause."


@pytest.mark.parametrize(
    ("asked", "document", "said"),
    [
        ({"rollback_strategy": "maybe"}, {}, STRATEGY),
        ({"rollback_strategy": "maybe", "dry": "run"}, {}, f"rollback_strategy: {STRATEGY} dry: {DRY}"),
        ({"dry": "run"}, {"runtime": {"rollbacks": {"strategy": "maybe"}}}, f"rollback_strategy: {STRATEGY} dry: {DRY}"),
        ({"stop": [{"signal": "x", "above": "y"}]}, {}, "stop[0].above: above is a number."),
        ({"environment": "mars"}, {}, "There is no environment “mars”. There are: default."),
    ],
)  # fmt: skip
def test_mistakes_are_told_together(
    settings: Settings, asked: dict[str, Any], document: dict[str, Any], said: str
) -> None:
    with pytest.raises(Invalid) as refused:
        Request.check(settings, document, Wish(**asked))
    assert str(refused.value) == said
    assert all(problem.message in said for problem in refused.value.problems)
