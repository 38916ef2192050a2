"""What a change is made of: ETags that name what was read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from starlette.requests import Request

from app.errors import GamedayError
from app.web.etags import etag_of, require_match, unchanged

TAG = etag_of({"a": 1})


def asked(*values: str) -> Request:
    headers = [(b"if-match", value.encode()) for value in values]
    return Request({"type": "http", "headers": headers})


def test_equal_values_have_equal_etags_whatever_their_order() -> None:
    at = datetime(2026, 11, 26, tzinfo=UTC)
    assert etag_of({"a": at, "b": [1]}) == etag_of({"b": [1], "a": at})
    assert etag_of({"a": 1}) != etag_of({"a": 2})
    assert TAG.startswith('"')
    assert TAG.endswith('"')


@pytest.mark.parametrize("values", [(TAG,), ("*",), (f'"x", {TAG}',), ('"x"', TAG)])
def test_a_change_of_what_was_read_goes_through(values: tuple[str, ...]) -> None:
    require_match(asked(*values), TAG)


@pytest.mark.parametrize(("values", "status"), [((), 428), (('"old"',), 412), ((f"W/{TAG}",), 412)])
def test_a_change_of_anything_else_is_refused(values: tuple[str, ...], status: int) -> None:
    with pytest.raises(GamedayError) as refused:
        require_match(asked(*values), TAG)
    assert refused.value.status == status


def test_a_client_that_knows_no_etags_may_be_let_through_but_not_with_an_old_one() -> None:
    require_match(asked(), TAG, needed=False)
    with pytest.raises(GamedayError):
        require_match(asked('"old"'), TAG, needed=False)


@pytest.mark.parametrize(
    ("value", "same"),
    [(TAG, True), (f"W/{TAG}", True), (f'"x", {TAG}', True), ("*", True), ('"x"', False), (TAG[:-3], False)],
)
def test_what_has_not_changed_is_known_even_where_a_proxy_has_weakened_its_etag(
    value: str, same: bool
) -> None:
    request = Request({"type": "http", "headers": [(b"if-none-match", value.encode())]})
    assert unchanged(request, TAG) is same
