"""Whom the console ends: its runs' processes, and by no number anybody else's."""

from __future__ import annotations

import os
from typing import Any

import pytest

from app.runs import processes


@pytest.mark.parametrize("number", [-1, 0, 1])
def test_no_number_that_means_everybody_is_signalled(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    signalled: list[Any] = []
    for name in ("kill", "killpg"):
        monkeypatch.setattr(os, name, lambda *words: signalled.append(words))
    processes.kill(number)
    processes.kill_group(number)
    assert signalled == []
