"""Who comes in, with what, and for how long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.access import Access, Kind, Need, Role, may
from app.access import access as module
from app.clock import FrozenClock
from app.errors import Invalid, NotFound
from app.storage import Storage
from app.storage.engine import sqlite_url

HOUR = 3600


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    made = Storage(sqlite_url(tmp_path / "access.sqlite"))
    made.migrate()
    yield made
    made.close()


@pytest.fixture
def access(storage: Storage, clock: FrozenClock) -> Access:
    return Access(storage, clock)


def token(access: Access, role: Role = Role.RUNNER, days: int = 1):
    return access.issue(Kind.TOKEN, name="ci", role=role, lifetime=timedelta(days=days), by="maria")


MATRIX = {
    #             viewer runner author admin
    Need.NOTHING: (True, True, True, True),
    Need.SEE: (True, True, True, True),
    Need.DISARM: (True, True, True, True),
    Need.RUN: (False, True, True, True),
    Need.ARM: (False, True, True, True),
    Need.SANDBOX: (False, True, True, True),
    Need.EDIT: (False, False, True, True),
    Need.ADMIT: (False, False, False, True),
}


def test_each_role_may_what_the_matrix_says():
    assert {need: tuple(may(role, need) for role in Role) for need in Need} == MATRIX


def test_the_first_link_makes_one_session_and_no_second(access):
    code = access.setup_link()
    session = access.sign_in(code)
    assert access.find(session.secret).role is Role.ADMIN
    with pytest.raises(Invalid, match="was used"):
        access.sign_in(code)


def test_a_new_first_link_takes_the_place_of_the_last_until_an_admin_is_in(access):
    first, second = access.setup_link(), access.setup_link()
    with pytest.raises(Invalid):
        access.sign_in(first)
    access.sign_in(second)
    assert access.setup_link() is None


def test_an_admin_who_was_shut_out_by_time_gets_a_new_link_at_the_next_start(access, clock):
    access.sign_in(access.setup_link())
    clock.advance(12 * HOUR)
    assert access.setup_link()


def test_a_first_link_is_good_for_an_hour(access, clock):
    code = access.setup_link()
    clock.advance(HOUR)
    with pytest.raises(Invalid, match="has expired"):
        access.sign_in(code)


def test_a_token_lets_in_until_its_day_and_its_sessions_no_longer(access, clock):
    made = token(access, days=1)
    clock.advance(20 * HOUR)
    session = access.sign_in(made.secret)
    assert access.find(made.secret).name == access.find(session.secret).name == "ci"
    clock.advance(4 * HOUR)
    assert access.find(made.secret) is None
    assert access.find(session.secret) is None


def test_revoking_a_token_ends_the_sessions_that_came_of_it(access):
    made = token(access)
    session = access.sign_in(made.secret)
    access.revoke(made.credential.id)
    assert access.find(made.secret) is None
    assert access.find(session.secret) is None
    with pytest.raises(NotFound):
        access.revoke(made.credential.id)


def meanwhile(monkeypatch: pytest.MonkeyPatch, deed: Callable[[], None]) -> threading.Thread:
    """What somebody else does right before the session is written: at once where that can be, else right after."""
    other, real = threading.Thread(target=deed), module.new_secret

    def between() -> str:
        monkeypatch.setattr(module, "new_secret", real)
        other.start()
        other.join(0.5)
        return real()

    monkeypatch.setattr(module, "new_secret", between)
    return other


def test_a_token_that_is_revoked_while_somebody_signs_in_with_it_leaves_no_session(access, monkeypatch):
    made = token(access)
    revoking = meanwhile(monkeypatch, lambda: access.revoke(made.credential.id))
    session = access.sign_in(made.secret)
    revoking.join()
    assert access.find(made.secret) is None
    assert access.find(session.secret) is None


def test_two_first_links_that_are_asked_for_at_once_are_one(access, monkeypatch):
    others: list[str | None] = []
    asking = meanwhile(monkeypatch, lambda: others.append(access.setup_link()))
    first = access.setup_link()
    asking.join()
    assert [one.kind for one in access.all()] == [Kind.LINK]
    with pytest.raises(Invalid):
        access.sign_in(first)
    access.sign_in(others[0])


def test_a_link_whose_session_can_not_be_written_is_not_spent(access, monkeypatch):
    def full(*_):
        raise OSError("No space left on device")

    code = access.setup_link()
    with monkeypatch.context() as patch, pytest.raises(OSError):
        patch.setattr(module.store, "insert", full)
        access.sign_in(code)
    assert access.sign_in(code)


def test_a_link_is_no_token_and_a_session_signs_nobody_in(access):
    code = access.setup_link()
    assert access.find(code) is None
    session = access.sign_in(code)
    with pytest.raises(Invalid):
        access.sign_in(session.secret)


def test_no_usable_secret_is_in_the_database(access, storage, tmp_path):
    made = token(access)
    session = access.sign_in(made.secret)
    storage.close()
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("access.sqlite*"))
    assert made.credential.name.encode() in kept
    for secret in (made.secret, session.secret):
        assert secret.encode() not in kept


@pytest.mark.parametrize(
    ("name", "days"), [("", 1), (" ", 1), ("x" * 101, 1), ("a\nb", 1), ("ci", 0), ("ci", 367)]
)
def test_a_name_can_be_printed_and_a_life_is_a_year_at_most(access, name, days):
    with pytest.raises(Invalid):
        access.issue(Kind.TOKEN, name=name, role=Role.VIEWER, lifetime=timedelta(days=days), by="maria")
