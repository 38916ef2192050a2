"""Links that end one thing: signed, for a time, and good for nothing else."""

from __future__ import annotations

import base64
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from app.errors import NotFound
from app.notifications.stop_links import Expired, StopLink, StopLinks, key_of
from tests.conftest import NOON

LINK = StopLink(noun="fault", id=3, channel="ops", until=NOON + timedelta(minutes=10))
LINKS = StopLinks(b"k" * 32)


@pytest.mark.parametrize(
    "link", [LINK, replace(LINK, noun="run", id=10**12), replace(LINK, channel="on-call_2")]
)
def test_a_link_says_what_it_ends_and_who_was_sent_it(link):
    assert LINKS.read(LINKS.token(link), NOON) == link
    assert link.channel in link.by


def test_the_same_link_is_written_again_at_every_attempt():
    assert LINKS.token(LINK) == LINKS.token(LINK)


def test_it_ends_with_its_time():
    token = LINKS.token(LINK)
    assert LINKS.read(token, LINK.until - timedelta(seconds=1))
    with pytest.raises(Expired, match="Sign in"):
        LINKS.read(token, LINK.until)


def changed(token: str) -> list[str]:
    words, signature = token.split(".")
    raw = base64.urlsafe_b64decode(words + "==")
    forged = [raw.replace(b":3|", b":4|"), raw.replace(b"fault", b"run"), raw.replace(b"|ops", b"|all")]
    return [f"{base64.urlsafe_b64encode(one).rstrip(b'=').decode()}.{signature}" for one in forged]


@pytest.mark.parametrize(
    "token",
    [*changed(LINKS.token(LINK)), StopLinks(b"other").token(LINK), "", ".", "a.b", "a.b.c", "é.é", "x" * 5000,
     LINKS.token(LINK).partition(".")[0], f"{LINKS.token(LINK)}\n", LINKS.token(replace(LINK, noun="user")),
     LINKS.token(replace(LINK, id=0))],
)  # fmt: skip
def test_what_this_console_did_not_sign_is_none_of_its_links(token):
    with pytest.raises(NotFound, match="no stop link"):
        LINKS.read(token, NOON)


def test_the_key_stays_where_only_its_owner_reads_it_and_is_made_once(tmp_path):
    keys: list[bytes] = []
    threads = [threading.Thread(target=lambda: keys.append(key_of(tmp_path / "data"))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys)) == 1
    assert len(keys[0]) == 32
    (file,) = (tmp_path / "data").iterdir()
    assert file.stat().st_mode & 0o077 == 0
