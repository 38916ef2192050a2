"""A notice is a row until each of its channels has taken it, or three days have passed."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.errors import NotFound
from app.notifications import DeliveryState, Kind, Sender
from app.notifications.delivery import (
    FIRST_WAIT,
    GIVE_UP_AFTER,
    LONGEST_WAIT,
    LOST_AFTER,
    after_failure,
    retry_at,
)
from app.notifications.notifications import LATER_TEST
from app.notifications.sender import NOBODY
from app.notifications.target import NotSent
from app.settings import Environment
from app.storage.tables import NoticeRow
from tests.conftest import NOON
from tests.notifications.conftest import Office
from tests.waiting import PATIENCE


class Post:
    """The network as a list; an address that is `down` refuses, one that `hangs` does not answer until it may."""

    def __init__(self):
        self.sent: list[tuple[str, str, str]] = []  # address, key, title
        self.down: set[str] = set()
        self.hanging: set[str] = set()
        self.may = threading.Event()
        self.held = threading.Event()

    def __call__(self, target, message, *, now):
        if target.address in self.hanging:
            self.held.set()
            self.may.wait(PATIENCE)
        if target.address in self.down:
            raise NotSent("The receiver answered 503.")
        self.sent.append((target.address, message.key, message.title))

    def to(self, address):
        return [title for where, _, title in self.sent if where == address]


@pytest.fixture
def post(office: Office) -> Post:
    office.post = Post()
    office.channel("ops", url="json://ops")
    office.channel("night", url="json://night", kinds=("stuck",))
    return office.post


def test_a_notice_goes_to_each_channel_that_hears_of_its_kind(office, post):
    office.tell(Kind.ARMED)
    office.tell(Kind.STUCK)
    office.carry()
    assert len(post.to("json://ops")) == 2
    assert [title[:24] for title in post.to("json://night")] == ["prod: A FAULT NEEDS A PE"]
    assert {one.state for one in office.deliveries} == {DeliveryState.SENT}


@pytest.mark.parametrize(
    ("tell", "named", "expected"),
    [(None, None, {"ops", "night"}), (("ops",), None, {"ops"}), ((), None, set()), (("ops",), ("night",), {"ops", "night"}),
     (("ops",), ("ops",), {"ops"}), ((), ("night",), {"night"}), (None, ("nobody",), {"ops", "night"})],
)  # fmt: skip
def test_an_environment_chooses_whom_it_tells_and_a_notice_may_name_others_besides(
    office, post, tell, named, expected
):
    office.environments = {"prod": Environment(name="prod", tell=tell)}
    office.tell(Kind.STUCK, channels=named)
    office.carry()
    assert {one.channel for one in office.deliveries} == expected


def test_what_concerns_every_environment_is_told_to_every_channel(office, post):
    office.environments = {"prod": Environment(name="prod", tell=())}
    office.tell(Kind.LEVER, "lever", environment="")
    office.carry()
    assert [one.channel for one in office.deliveries] == ["ops"]


def test_without_channels_there_are_no_deliveries_and_old_notices_are_not_sent_to_new_ones(office, post):
    channels, office.channels = office.channels, {}
    office.tell()
    office.carry()
    assert office.deliveries == []
    office.channels = channels
    office.carry()
    assert post.sent == []


def test_what_is_not_taken_is_tried_again_under_the_same_key(office, post):
    post.down = {"json://ops"}
    office.tell()
    office.carry()
    (one,) = office.deliveries
    assert (one.state, one.attempts, one.last_error) == (
        DeliveryState.PENDING,
        1,
        "The receiver answered 503.",
    )
    assert one.next_attempt_at == NOON + timedelta(seconds=FIRST_WAIT)
    assert [channel.failing for channel in office.room.channels() if channel.name == "ops"] == [1]
    office.carry()
    assert office.deliveries[0].attempts == 1  # not before its time
    post.down = set()
    office.clock.advance(FIRST_WAIT)
    office.carry()
    assert [key for _, key, _ in post.sent] == [one.key]
    assert office.deliveries[0].last_error is None
    assert not any(channel.failing for channel in office.room.channels())


def test_after_three_days_it_is_given_up_and_that_is_said(office, post):
    post.down = {"json://ops"}
    office.tell()
    office.carry()
    while not office.deliveries[0].over:
        office.clock.advance(LONGEST_WAIT)
        office.carry()
    (one,) = office.deliveries
    assert one.state is DeliveryState.GIVEN_UP
    assert office.clock.now() - one.created_at >= GIVE_UP_AFTER
    assert 70 < one.attempts < 90
    assert office.room.channels()[0].given_up == 1


def test_the_wait_doubles_up_to_an_hour_and_is_spread():
    waits = [(retry_at(n, NOON, dice=1.0) - NOON).total_seconds() for n in (1, 2, 3, 4, 30)]
    assert waits == [5, 10, 20, 40, 3600]
    assert (retry_at(3, NOON, dice=0.0) - NOON).total_seconds() == 10
    assert after_failure(1, NOON, NOON + GIVE_UP_AFTER, dice=0.5) == (DeliveryState.GIVEN_UP, None)


def test_two_senders_take_a_delivery_once(office, post):
    office.tell()
    one, other = office.sender, office.sender
    one.route()
    assert other.route() == 0
    assert [one.step("ops"), other.step("ops")] == [True, False]
    assert len(post.sent) == 1


def test_what_a_killed_console_had_in_hand_is_sent_again_by_the_next(office, post):
    office.tell()
    post.hanging = {"json://ops"}
    dying = office.sender
    dying.route()
    threading.Thread(target=dying.step, args=("ops",), daemon=True).start()
    assert post.held.wait(PATIENCE)
    assert office.deliveries[0].state is DeliveryState.SENDING
    post.hanging = set()
    heir = office.sender
    assert heir.step("ops") is False  # somebody may have it in hand
    heir.recover()
    assert heir.step("ops") is True
    assert len(post.sent) == 1
    post.may.set()


def test_without_a_restart_it_counts_as_lost_after_a_while(office, post):
    office.tell()
    post.hanging = {"json://ops"}
    dying = office.sender
    dying.route()
    threading.Thread(target=dying.step, args=("ops",), daemon=True).start()
    assert post.held.wait(PATIENCE)
    post.hanging = set()
    office.clock.advance(LOST_AFTER.total_seconds())
    assert office.sender.step("ops") is True
    post.may.set()


def test_a_channel_that_hangs_holds_up_no_other(office, post):
    office.channel("bot", url="json://bot")
    post.hanging = {"json://ops"}
    sender = office.sender
    sender.start()
    arrived = threading.Event()
    deliver = post.__call__

    def watched(target, message, *, now):
        deliver(target, message, now=now)
        if target.address == "json://bot" and len(post.to("json://bot")) == 3:
            arrived.set()

    sender._notifications._post = watched
    for _ in range(3):
        office.tell()
    assert post.held.wait(PATIENCE)
    assert arrived.wait(PATIENCE)
    assert post.to("json://ops") == []
    sender.stop()  # does not wait for it
    assert not post.may.is_set()
    post.may.set()


def test_at_its_end_it_sends_what_was_written_last(office, post):
    sender = office.sender
    sender.start()
    office.tell(Kind.DISARMED)
    sender.stop()
    assert len(post.to("json://ops")) == 1


def test_deliveries_to_a_channel_that_is_gone_are_given_up_with_the_reason(office, post):
    post.down = {"json://ops"}
    office.tell()
    office.carry()
    del office.channels["ops"]
    office.sender.recover()
    assert (office.deliveries[0].state, office.deliveries[0].last_error) == (DeliveryState.GIVEN_UP, NOBODY)


def test_a_notice_of_long_ago_is_forgotten_once_its_deliveries_are_over(office, post):
    office.tell()
    office.carry()
    office.sender.prune()
    office.clock.advance(91 * 86400)
    post.down = {"json://ops"}
    office.tell()
    office.carry()
    office.sender.prune()  # of the same console, for as long as it runs
    assert [one.notice_id for one in office.deliveries] == [2]


def test_a_test_goes_to_one_channel_whatever_it_hears_of(office, post):
    office.room.test("night", by="maria")
    office.carry()
    assert post.sent[0][0] == "json://night"
    assert len(post.sent) == 1
    with pytest.raises(NotFound, match="There are: ops, night"):
        office.room.test("nobody", by="maria")


def test_a_later_test_takes_the_place_of_one_that_did_not_arrive(office, post):
    post.down = {"json://ops"}
    first = office.room.test("ops", by="maria")
    office.tell()
    office.carry()
    post.down = set()
    office.room.test("ops", by="maria")
    office.clock.advance(FIRST_WAIT)
    office.carry()
    states = {one.notice_id: (one.state, one.last_error) for one in office.deliveries if one.channel == "ops"}
    assert states.pop(first) == (DeliveryState.GIVEN_UP, LATER_TEST)
    assert set(states.values()) == {(DeliveryState.SENT, None)}


def test_a_broken_channel_is_said_once_until_something_arrives(office, post, caplog):
    def said() -> int:
        found = [
            one for one in caplog.records if one.levelno == logging.WARNING and "Delivery" in one.message
        ]
        caplog.clear()
        return len(found)

    sender = office.sender
    post.down = {"json://ops"}
    for _ in range(3):
        office.tell()
    sender.route()
    while sender.step("ops"):
        pass
    assert said() == 1
    post.down = set()
    office.clock.advance(2 * FIRST_WAIT)
    while sender.step("ops"):
        pass
    post.down = {"json://ops"}
    office.tell()
    sender.route()
    sender.step("ops")
    assert said() == 1


def test_a_mistake_in_the_console_costs_an_attempt_and_not_the_notice(office, post, caplog):
    office.tell()
    sender: Sender = office.sender
    sender.route()
    sender._notifications._place = lambda _: 1 / 0
    assert sender.step("ops") is True
    assert office.deliveries[0].state is DeliveryState.PENDING
    assert "made a mistake" in office.deliveries[0].last_error
    assert "ZeroDivisionError" in caplog.text


def test_a_kind_that_only_a_newer_release_knows_waits_for_it_and_holds_up_no_other(office, post):
    office.tell(Kind.ARMED)
    with office.storage.writing() as session:
        session.execute(update(NoticeRow).values(kind="of tomorrow"))
    office.tell(Kind.STUCK)
    office.carry()
    assert len(post.to("json://ops")) == len(post.to("json://night")) == 1
    with office.storage.reading() as session:
        (waiting,) = session.scalars(select(NoticeRow).where(NoticeRow.routed_at.is_(None)))
    assert waiting.kind == "of tomorrow"
