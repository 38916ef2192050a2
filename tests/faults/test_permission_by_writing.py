"""A store is written over itself, to see whether it may be: what somebody writes at that moment stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.errors import Conflict

THEIRS = '{"isEnabled": false, "table": "orders-v2"}'


def just_before_the_write(desk: Any, meanwhile: Callable[[], object]) -> None:
    def before(call: str, name: str) -> None:
        if (call, name) == ("put", desk.NAME):
            desk.parameters.before = lambda _call, _name: None
            meanwhile()

    desk.parameters.before = before


def test_nothing_changes_but_the_version(desk: Any) -> None:
    assert desk.console().write_over_itself(desk.STORE) is True
    assert (desk.stored, desk.parameters.peek(desk.NAME).version) == (desk.OFF, 2)
    assert [call for call, _ in desk.parameters.calls] == ["describe", "put"]


def test_what_somebody_wrote_just_before_is_put_back_and_told(desk: Any, caplog: Any) -> None:
    just_before_the_write(desk, lambda: desk.parameters.write(desk.NAME, THEIRS))
    assert desk.console().write_over_itself(desk.STORE) is True
    assert desk.stored == THEIRS
    assert f"{desk.STORE} was written by somebody else at the same moment" in caplog.text


def test_of_several_writes_just_before_the_last_one_is_put_back(desk: Any) -> None:
    def twice() -> None:
        desk.parameters.write(desk.NAME, '{"isEnabled": false, "table": "orders-v1"}')
        desk.parameters.write(desk.NAME, THEIRS)

    just_before_the_write(desk, twice)
    assert desk.console().write_over_itself(desk.STORE) is True
    assert desk.stored == THEIRS


def test_a_parameter_of_another_type_is_put_back_as_it_was(desk: Any) -> None:
    just_before_the_write(
        desk, lambda: desk.parameters.put(desk.NAME, THEIRS.encode(), kind="SecureString", key_id="k")
    )
    assert desk.console().write_over_itself(desk.STORE) is True
    after = desk.parameters.peek(desk.NAME)
    assert (after.value.decode(), after.type) == (THEIRS, "SecureString")


def test_what_somebody_deleted_just_before_stays_deleted(desk: Any) -> None:
    desk.parameters.write(desk.NAME, desk.OFF)
    just_before_the_write(desk, lambda: desk.parameters.delete(desk.NAME))
    assert desk.console().write_over_itself(desk.STORE) is True
    assert desk.stored is None


def test_what_somebody_deleted_and_made_anew_just_before_is_put_back(desk: Any) -> None:
    def anew() -> None:
        desk.parameters.delete(desk.NAME)
        desk.parameters.write(desk.NAME, THEIRS)

    desk.parameters.write(desk.NAME, desk.OFF)
    just_before_the_write(desk, anew)
    assert desk.console().write_over_itself(desk.STORE) is True
    assert desk.stored == THEIRS


def test_a_fault_that_another_console_armed_just_before_is_not_brought_back(desk: Any) -> None:
    """Its owner may have disarmed it by then, and would not look again."""
    just_before_the_write(desk, lambda: desk.parameters.write(desk.NAME, desk.ARMED))
    with pytest.raises(Conflict, match="somebody armed it at the same moment"):
        desk.console().write_over_itself(desk.STORE)
    assert desk.stored == desk.OFF
