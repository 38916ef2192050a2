"""Change freezes from iCalendar files and addresses; and that nothing fires while one can not be read."""

from __future__ import annotations

import contextlib
import http.server
import itertools
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.clock import FrozenClock
from app.schedules import Calendars
from app.schedules.fetching import LARGEST, fetched
from app.schedules.ical import freezes
from app.schedules.unreadable import UnreadableError
from app.settings import Environment
from tests.conftest import NOON
from tests.schedules.conftest import World
from tests.waiting import PATIENCE

UTC_ZONE, BERLIN = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")


def calendar(*events: str, head: str = "") -> str:
    body = "".join(
        f"BEGIN:VEVENT\nUID:{n}\nDTSTAMP:20260101T000000Z\n{event}\nEND:VEVENT\n"
        for n, event in enumerate(events)
    )
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n{head}{body}END:VCALENDAR\n".replace(
        "\n", "\r\n"
    )


RELEASE = "SUMMARY:Big release\nDTSTART:20261125T000000Z\nDTEND:20261126T000000Z"


def told(text: str, zone: ZoneInfo = UTC_ZONE) -> list[tuple[str, str, str]]:
    return [
        (f"{one.begin:%m-%d %H:%M}", f"{one.end:%m-%d %H:%M}", one.summary)
        for one in freezes(text.encode(), NOON, zone)
    ]


@pytest.mark.parametrize(
    ("event", "zone", "expected"),
    [
        (RELEASE, UTC_ZONE, [("11-25 00:00", "11-26 00:00", "Big release")]),
        ("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227", BERLIN, [("12-23 23:00", "12-26 23:00", "")]),
        ("DTSTART;VALUE=DATE:20261224", UTC_ZONE, [("12-24 00:00", "12-25 00:00", "")]),
        ("DTSTART:20261124T180000\nDTEND:20261124T200000", BERLIN, [("11-24 17:00", "11-24 19:00", "")]),
        ("DTSTART;TZID=America/New_York:20261124T180000\nDURATION:PT1H", BERLIN, [("11-24 23:00", "11-25 00:00", "")]),
        (f"{RELEASE}\nSTATUS:CANCELLED", UTC_ZONE, []),
        ("DTSTART;VALUE=DATE:20261101\nDTEND;VALUE=DATE:20261102\nRRULE:FREQ=MONTHLY;COUNT=3", UTC_ZONE,
         [(f"{day} 00:00", f"{end} 00:00", "") for day, end in (("11-01", "11-02"), ("12-01", "12-02"), ("01-01", "01-02"))]),
    ],
)  # fmt: skip
def test_events_are_intervals(event: str, zone: ZoneInfo, expected: list[tuple[str, str, str]]) -> None:
    assert told(calendar(event), zone) == expected


def test_a_calendar_s_own_zone_is_what_its_days_are_read_in() -> None:
    text = calendar("DTSTART;VALUE=DATE:20261224", head="X-WR-TIMEZONE:America/New_York\n")
    assert told(text, BERLIN) == [("12-24 05:00", "12-25 05:00", "")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<html>Sign in</html>", "no iCalendar"),
        ("", "no iCalendar"),
        (
            calendar("DTSTART:19700101T000000Z\nRRULE:FREQ=SECONDLY\nSUMMARY:x"),
            "repeats more often than daily",
        ),
        (calendar("DTSTART:yesterday"), "iCalendar"),
        (calendar(*["DTSTART:20261124T180000Z"] * 5001), "more than 5000 events"),
    ],
)
def test_what_can_not_be_understood_is_refused(text: str, says: str) -> None:
    with pytest.raises(UnreadableError, match=says):
        freezes(text.encode(), NOON, UTC_ZONE)


DAILY = "DTSTART:20260101T000000Z\nRRULE:FREQ=DAILY"
ZONED = "BEGIN:VTIMEZONE\nTZID:Mine\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n{}\nEND:STANDARD\nEND:VTIMEZONE\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (calendar(f"{DAILY};BYHOUR=1,2"), "by hour, minute or second"),
        (calendar(f"{DAILY};BYHOUR=1;BYMINUTE={','.join(map(str, range(60)))}"), "by hour, minute or second"),
        (calendar(f"{DAILY};BYSECOND=0,1"), "by hour, minute or second"),
        (calendar("DTSTART:20260101T000000Z\nRRULE:FREQ=HOURLY;INTERVAL=9999"), "more often than daily"),
        (calendar(f"{DAILY}\nEXRULE:FREQ=DAILY"), "EXRULE"),
        (calendar(*["DTSTART:20260101T000000Z\nRDATE:" + ",".join(["20261201T000000Z"] * 300)] * 2), "500 RDATEs"),
        (calendar("DTSTART:20260101T000000Z\n" + "RDATE:20261201T000000Z\n" * 500 + "RDATE:20261202T000000Z"), "500 RDATEs"),
        (calendar("DTSTART:00010101T000000Z\nRRULE:FREQ=DAILY"), "begins before 1970"),
        (calendar("DTSTART:19691231T000000Z"), "begins before 1970"),
        (calendar(*[DAILY] * 500), "repeat too often, all together"),
        (calendar(*["DTSTART:20260101T000000Z\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"] * 100), "repeat too often"),
        (calendar(*["DTSTART:19700101T000000Z\nRRULE:FREQ=DAILY;UNTIL=20260901T000000Z"] * 10), "repeat too often"),
        (calendar(DAILY, head=ZONED.format("RRULE:FREQ=SECONDLY")), "changes too often"),
        (calendar(DAILY, head=ZONED.format("RRULE:FREQ=YEARLY;BYMO\n NTH=1;BYSEC\n OND=1,2,3")), "changes too often"),
    ],
)  # fmt: skip
def test_a_bomb_is_refused_before_it_is_written_out(
    text: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> None:
        pytest.fail("it was written out")

    monkeypatch.setattr("recurring_ical_events.of", never)
    with pytest.raises(UnreadableError, match=says):
        freezes(text.encode(), NOON, UTC_ZONE)


@pytest.mark.parametrize(
    ("event", "number"),
    [
        (DAILY, 462),
        (f"{DAILY};UNTIL=20261126T000000Z", 64),
        (f"{DAILY};UNTIL=99991231T000000Z", 462),
        ("DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY", 463),
        ("DTSTART:20260101T000000\nRRULE:FREQ=DAILY", 462),
        ("DTSTART;TZID=Europe/Berlin:20260101T000000\nRRULE:FREQ=DAILY", 462),
        ("DTSTART;VALUE=DATE:20251127\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", 2),
        ("DTSTART:20261120T000000Z\nDTEND:20270620T000000Z", 1),
        ("DTSTART:20260131T000000Z\nRRULE:FREQ=MONTHLY", 8),
        ("DTSTART:20260131T000000Z\nRRULE:FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=1", 5),
        ("DTSTART:20260130T000000Z\nRRULE:FREQ=MONTHLY;BYDAY=-1FR", 15),
        ("DTSTART:20260130T000000Z\nRRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", 15),
        ("DTSTART:20260101T000000Z\nRRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU", 66),
        ("DTSTART:20240229T000000Z\nRRULE:FREQ=YEARLY;INTERVAL=4", 0),
        ("DTSTART:20251224T000000Z\nRRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24,31", 3),
    ],
)
def test_the_rules_that_people_write_are_written_out(event: str, number: int) -> None:
    assert len(told(calendar(event))) == number


@pytest.mark.parametrize(
    "rule",
    [
        "MONTHLY;BYMONTH=2;BYMONTHDAY=30",
        "DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=9",
        "YEARLY;BYMONTH=2;UNTIL=99991231T000000Z",
        "DAILY;INTERVAL=7;BYDAY=MO",
        "WEEKLY;BYDAY=2MO;BYSETPOS=9",
        "MONTHLY;BYDAY=MO;BYSETPOS=6",
        "MONTHLY;BYDAY=6MO",
        "MONTHLY;BYDAY=5FR;BYMONTHDAY=1",
        "MONTHLY;INTERVAL=12;BYMONTH=3",
        "YEARLY;BYYEARDAY=400",
        "YEARLY;BYWEEKNO=2;BYMONTH=7",
        "YEARLY;BYMONTH=13",
        "YEARLY;BYEASTER=300",
    ],
)
def test_a_rule_of_days_that_may_never_come_is_refused_before_they_are_looked_for(
    rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> None:
        pytest.fail("it was written out")

    monkeypatch.setattr("recurring_ical_events.of", never)
    with pytest.raises(UnreadableError, match=r"may never come|no iCalendar"):
        freezes(calendar(f"DTSTART:20260131T000000Z\nRRULE:FREQ={rule}").encode(), NOON, UTC_ZONE)


def test_a_calendar_that_takes_too_long_is_given_up_at_the_next_piece() -> None:
    seconds = itertools.count(0, 3)
    with pytest.raises(UnreadableError, match="take too long"):
        freezes(calendar(DAILY).encode(), NOON, UTC_ZONE, clock=lambda: float(next(seconds)))
    assert next(seconds) == 9  # two pieces of five


def test_a_freeze_from_a_file_refuses_by_its_sentence_and_a_change_of_it_is_seen(world: World) -> None:
    world.environment = replace(world.environment, freeze_calendars=("freeze.ics",))
    (world.folder / "freeze.ics").write_text(calendar(RELEASE))
    world.restart()
    one = world.create()
    assert [bool(u.hindered) for u in world.schedules.upcoming(one, most=2)] == [True, False]
    world.at("2026-11-25 03:00:00")
    world.scheduler.step()
    assert (
        world.fires(one)[0].sentence == "test is in a change freeze (Big release) until 2026-11-26 00:00 UTC."
    )
    assert world.notices()[0]["sentence"] == world.fires(one)[0].sentence
    (world.folder / "freeze.ics").write_text(calendar())
    assert world.schedules.calendars.blackout(world.environment, world.clock.now()) == ""


def test_a_file_that_is_not_there_refuses_and_says_so(world: World) -> None:
    world.environment = replace(world.environment, freeze_calendars=("freeze.ics",))
    world.restart()
    one = world.create()
    world.at("2026-11-25 03:00:00")
    world.scheduler.step()
    assert (
        "The freeze calendar freeze.ics can not be read: there is no such file"
        in world.fires(one)[0].sentence
    )
    assert "nothing starts until it can be read" in world.fires(one)[0].sentence
    assert world.runs.asked == []
    assert world.schedules.calendars.troubles(world.environment)
    (world.folder / "freeze.ics").write_text(calendar())
    world.at("2026-11-26 03:00:00")
    world.scheduler.step()
    assert world.told(one)[-1] == ("11-26 03:00", "started")


ADDRESS = "https://calendar.example/freeze.ics"
PLACE = Environment(name="test", freeze_calendars=(ADDRESS,))


class Address:
    """A calendar on the web that a test takes away."""

    def __init__(self) -> None:
        self.text: bytes | None = calendar(RELEASE).encode()
        self.asked = 0

    def __call__(self, address: str) -> bytes:
        assert address == ADDRESS
        self.asked += 1
        if self.text is None:
            raise UnreadableError("no route to host")
        return self.text


@pytest.fixture
def address() -> Address:
    return Address()


def kept(tmp_path: Path, clock: FrozenClock, address: Address) -> Calendars:
    return Calendars({"test": PLACE}, folder=tmp_path, cache=tmp_path / "kept", clock=clock, fetch=address)


def test_an_address_is_asked_once_an_hour_and_its_copy_holds_for_a_day(
    tmp_path: Path, clock: FrozenClock, address: Address
) -> None:
    calendars = kept(tmp_path, clock, address)
    during = datetime(2026, 11, 25, 12, tzinfo=UTC)
    for _ in range(5):
        assert "Big release" in calendars.blackout(PLACE, during)
    assert address.asked == 1
    address.text = None
    clock.advance(3600)
    calendars.refresh()
    assert address.asked == 2
    assert "Big release" in calendars.blackout(PLACE, during)
    assert "Its copy of 2026-11-24 12:00 UTC holds for a day" in calendars.troubles(PLACE)[0]
    clock.advance(timedelta(hours=30).total_seconds())
    now = clock.now()  # the freeze is over, and nobody knows whether another one has begun
    assert "can not be read since 2026-11-24 12:00 UTC: no route to host" in calendars.blackout(PLACE, now)
    address.text = calendar().encode()
    clock.advance(120)
    calendars.refresh()
    assert calendars.blackout(PLACE, clock.now()) == ""
    assert calendars.troubles(PLACE) == []


def test_the_copy_on_disk_outlives_the_console_and_a_broken_one_is_no_calendar(
    tmp_path: Path, clock: FrozenClock, address: Address
) -> None:
    during = datetime(2026, 11, 25, 12, tzinfo=UTC)
    kept(tmp_path, clock, address).refresh()
    address.text = None
    clock.advance(2 * 3600)
    later = kept(tmp_path, clock, address)
    later.refresh()
    assert "Big release" in later.blackout(PLACE, during)
    assert address.asked == 2
    for copy in (tmp_path / "kept").iterdir():
        copy.write_text("half a cal")
    assert "can not be read: no route to host" in kept(tmp_path, clock, address).blackout(PLACE, during)


def test_an_address_that_never_answered_is_not_asked_at_every_page(
    tmp_path: Path, clock: FrozenClock, address: Address
) -> None:
    address.text = None
    calendars = kept(tmp_path, clock, address)
    for _ in range(5):
        assert "can not be read" in calendars.blackout(PLACE, clock.now())
    assert address.asked == 1


@pytest.fixture
def web() -> Iterator[Any]:
    """A server on this machine that answers as it is told."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.paths.append(self.path)
            code, body, *location = server.answer
            self.send_response(code)
            for one in location:
                self.send_header("Location", one)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    server: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.paths = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_real_address_is_read_and_one_that_is_too_large_or_answers_badly_is_not(
    tmp_path: Path, clock: FrozenClock, web: Any
) -> None:
    place = Environment(name="test", freeze_calendars=(f"http://127.0.0.1:{web.server_port}/freeze.ics",))
    calendars = Calendars({"test": place}, folder=tmp_path, cache=tmp_path / "kept", clock=clock)
    web.answer = (200, b"x" * (LARGEST + 1))
    assert "larger than 1024 KiB" in calendars.blackout(place, clock.now())
    web.answer = (503, b"")
    clock.advance(60)
    assert "503" in calendars.blackout(place, clock.now())
    web.answer = (200, calendar(RELEASE).encode())
    clock.advance(60)
    assert calendars.blackout(place, clock.now()) == ""
    assert "Big release" in calendars.blackout(place, datetime(2026, 11, 25, 12, tzinfo=UTC))


def test_a_page_asks_no_address_and_says_how_old_what_it_shows_is(
    tmp_path: Path, clock: FrozenClock, address: Address
) -> None:
    calendars, begin = kept(tmp_path, clock, address), datetime(2026, 11, 25, tzinfo=UTC)
    for _ in range(3):
        assert calendars.freezes(PLACE, begin, begin + timedelta(days=1)) == []
        assert calendars.planned(PLACE, begin) == ""
        assert "was not read yet" in calendars.troubles(PLACE)[0]
    assert address.asked == 0
    calendars.refresh()
    assert calendars.planned(PLACE, begin) == "in a Big release"
    assert calendars.troubles(PLACE) == []
    clock.advance(2 * 3600)
    assert "as it was read on 2026-11-24 12:00 UTC" in calendars.troubles(PLACE)[0]
    assert address.asked == 1


def test_a_page_does_not_wait_for_a_thread_that_reads_and_what_arms_not_for_ever(
    tmp_path: Path, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.schedules.calendars.WAITS", 0.05)
    asked, go_on = threading.Event(), threading.Event()

    def slow(_: str) -> bytes:
        asked.set()
        assert go_on.wait(PATIENCE)
        return calendar().encode()

    calendars = Calendars({"test": PLACE}, folder=tmp_path, cache=tmp_path / "kept", clock=clock, fetch=slow)
    calendars.refresh_behind()
    try:
        assert asked.wait(PATIENCE)
        assert "was not read yet" in calendars.troubles(PLACE)[0]
        assert "it is being read, and that takes long" in calendars.blackout(PLACE, clock.now())
    finally:
        go_on.set()


@pytest.fixture
def drip() -> Iterator[Any]:
    """A server that sends one byte of its answer, or of its headers, now and then, and never ends."""
    over = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/body":
                self.send_response(200)
                self.end_headers()
            else:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            with contextlib.suppress(OSError):
                while not over.wait(0.05):
                    self.wfile.write(b"x")

        def log_message(self, *_: Any) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    over.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("part", ["body", "headers"])
def test_an_address_that_drips_is_given_up_and_its_connection_ends(drip: Any, part: str) -> None:
    with pytest.raises(UnreadableError, match=r"not answered whole within 0\.5 seconds"):
        fetched(f"http://127.0.0.1:{drip.server_port}/{part}", patience=0.5)


def test_a_process_that_ends_does_not_wait_for_a_calendar_that_is_read(tmp_path: Path, drip: Any) -> None:
    program = f"""
from pathlib import Path
from app.clock import SystemClock
from app.schedules import Calendars
from app.schedules.fetching import fetched
from app.settings import Environment
place = Environment(name="test", freeze_calendars=("http://127.0.0.1:{drip.server_port}/body",))
Calendars(
    dict(test=place), folder=Path("."), cache=Path({str(tmp_path)!r}), clock=SystemClock(),
    fetch=lambda address: fetched(address, patience=3600),
).refresh_behind()
"""
    ended = subprocess.run([sys.executable, "-c", program], timeout=PATIENCE, check=False)
    assert ended.returncode == 0


SECRET = "private-0123456789"


def answered_by(web: Any, path: str = f"/{SECRET}/basic.ics?key={SECRET}") -> str:
    with pytest.raises(UnreadableError) as refused:
        fetched(f"http://me:{SECRET}@127.0.0.1:{web.server_port}{path}")
    return str(refused.value)


@pytest.mark.parametrize(
    "there",
    [
        "http://localhost:{}/internal",
        "https://127.0.0.1:{}/internal",
        "http://127.0.0.1:1/internal",
        "//localhost/internal",
    ],
)
def test_a_redirect_to_another_host_port_or_scheme_is_not_followed(web: Any, there: str) -> None:
    web.answer = (302, b"", there.format(web.server_port))
    assert answered_by(web) == "it redirects to another host, which is not followed: write the new address"
    assert len(web.paths) == 1


def test_a_redirect_on_the_same_host_is_followed_three_times(web: Any) -> None:
    web.answer = (301, b"", "/again")
    assert answered_by(web) == "it redirects more than 3 times"
    assert web.paths[1:] == ["/again"] * 3


def test_nothing_of_an_answer_or_of_a_secret_address_is_told(
    tmp_path: Path, clock: FrozenClock, web: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="app")
    at = f"127.0.0.1:{web.server_port}"
    place = Environment(name="test", freeze_calendars=(f"http://me:{SECRET}@{at}/{SECRET}.ics?key={SECRET}",))
    calendars = Calendars({"test": place}, folder=tmp_path, cache=tmp_path / "kept", clock=clock)
    said = calendars.troubles(place)
    for answer in (
        (200, f"{SECRET}: of another console".encode()), (200, calendar(f"DTSTART:{SECRET}").encode()), (404, SECRET.encode()),
        (302, b"", f"http://elsewhere.example/{SECRET}"),
    ):  # fmt: skip
        web.answer = answer
        clock.advance(60)
        said += [calendars.blackout(place, clock.now()), *calendars.troubles(place)]
    web.answer = (200, calendar().encode())
    clock.advance(60)
    calendars.refresh()
    clock.advance(2 * 3600)
    said += calendars.troubles(place)
    assert len(said) == 10
    assert all(f"The freeze calendar http://{at} " in one for one in said)
    assert SECRET not in "".join(said)
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("app.")]
    assert len(ours) >= 4
    assert SECRET not in "".join(ours)


def test_an_address_that_is_not_there_is_told_by_its_kind_only() -> None:
    with pytest.raises(UnreadableError, match=r"^it does not answer \(ConnectError\)$"):
        fetched(f"http://127.0.0.1:1/{SECRET}")
