"""Whatever happens in whatever order: nothing stays armed, and nothing of somebody else's is lost."""

from __future__ import annotations

import contextlib
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.aws import InMemoryParameters
from app.clock import FrozenClock
from app.dialects import any_armed
from app.errors import Conflict, Unavailable

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
THEIR_FAULT = '{"isEnabled": true, "mine": 1}'
WRITES = ("arm", "child writes", "child rolls back", "a write lands late")
LANDS_WITHIN = timedelta(seconds=55)  # of a disarm: what was sent and is not answered has landed by then
CALLS = ("get", "put", "create", "describe", "delete", "history")

happenings = st.lists(
    st.one_of(
        st.just(("arm",)),
        st.just(("child writes",)),
        st.just(("child rolls back",)),
        st.just(("a write lands late",)),
        st.just(("disarm",)),
        st.just(("guardian",)),
        st.tuples(st.just("time passes"), st.integers(1, 40)),
        st.tuples(st.just("dies"), st.sampled_from(CALLS), st.booleans()),
        st.tuples(st.just("aws fails"), st.sampled_from(CALLS)),
        st.just(("aws works",)),
    ),
    max_size=14,
)
QUIET = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUIET
@given(story=happenings)
def test_the_value_before_is_back_after_any_story(desk: Any, story: list[tuple[Any, ...]]) -> None:
    with told(desk, story) as console:
        assert desk.stored == desk.OFF
        assert console.active() == []


@QUIET
@given(before=happenings, after=happenings, theirs=st.sampled_from(["theirs", THEIR_FAULT]))
def test_what_somebody_else_wrote_last_stands_after_any_story(
    desk: Any, before: list[tuple[Any, ...]], after: list[tuple[Any, ...]], theirs: str
) -> None:
    quiet = [happened for happened in after if happened[0] not in WRITES]
    with told(desk, [*before, ("aws works",), ("somebody writes", theirs), *quiet]) as console:
        assert desk.stored == theirs
        assert console.active() == []


@QUIET
@given(
    before=happenings, between=happenings, after=happenings, theirs=st.sampled_from(["theirs", THEIR_FAULT])
)
def test_what_somebody_else_wrote_stands_again_after_a_late_write_unless_it_was_a_fault(
    desk: Any,
    before: list[tuple[Any, ...]],
    between: list[tuple[Any, ...]],
    after: list[tuple[Any, ...]],
    theirs: str,
) -> None:
    quiet = [
        [one for one in part if one[0] not in WRITES and one != ("aws fails", "history")]
        for part in (between, after)
    ]
    somebody = [("aws works",), ("somebody writes", theirs), *quiet[0], ("a write lands late",), *quiet[1]]
    with told(desk, [*before, *somebody]) as console:
        assert desk.stored == theirs or (theirs == THEIR_FAULT and not any_armed(desk.stored))
        assert console.active() == []


@contextlib.contextmanager
def told(desk: Any, story: list[tuple[Any, ...]]) -> Any:
    """Live through the story, then let time pass on a console that works; the store is as it ends up."""
    with tempfile.TemporaryDirectory(dir=desk.folder) as folder:
        # The fixture is one for all examples: give each a world of its own.
        desk.folder, outer = Path(folder), desk.folder
        desk.clock, desk.parameters = FrozenClock(NOON), InMemoryParameters({desk.NAME: desk.OFF})
        teller = Teller(desk)
        for happened in story:
            teller.happens(*happened)
        desk.parameters.before = desk.parameters.after = lambda _call, _name: None
        console = desk.console()
        for _ in range(25):
            desk.clock.advance(30)
            desk.guardian(console).step()
        desk.folder = outer
        yield console
        for faults in desk.started:
            faults.close()
        desk.started.clear()


class Teller:
    def __init__(self, desk: Any) -> None:
        self.desk = desk
        self.console = desk.console()
        self.on_its_way = False  # a child was told to go on, and has not been seen to write
        self.may_write = False  # the child was told to go on, and its console has not outlived it

    def happens(self, what: str, *details: Any) -> None:
        try:
            getattr(self, what.replace(" ", "_"))(*details)
        except (Conflict, Unavailable):
            pass
        except self.desk.Died:
            self.console, self.may_write = self.desk.console(), False
            for entry in self.console.active():
                self.console.disarm_run(entry.run_id, by="start-up", why="the console crashed")

    def arm(self) -> None:
        entry = self.desk.intend(self.console)
        self.may_write = self.on_its_way = entry.active

    def child_writes(self) -> None:
        if self.may_write and self.console.active():
            self.on_its_way = False
            self.desk.parameters.write(self.desk.NAME, self.desk.ARMED)
            self.console.confirm(self.console.active()[0].id)

    def child_rolls_back(self) -> None:
        if self.may_write and self.console.active():
            self.desk.parameters.write(self.desk.NAME, self.desk.ROLLBACK)

    def a_write_lands_late(self) -> None:
        """Whatever has become of its run, its console and its entry."""
        since = self.desk.clock.now() - LANDS_WITHIN
        last = self.console.last(self.desk.STORE)
        if self.on_its_way and (self.console.active() or (last and last.disarmed_at > since)):
            self.on_its_way = False
            self.desk.parameters.write(self.desk.NAME, self.desk.ARMED)

    def disarm(self) -> None:
        self.may_write = False
        self.console.disarm_run("42", by="operator", why="asked")

    def guardian(self) -> None:
        self.desk.guardian(self.console).step()

    def time_passes(self, seconds: int) -> None:
        self.desk.clock.advance(seconds)

    def dies(self, call: str, after: bool) -> None:
        self.desk.die(call, after=after)

    def aws_fails(self, call: str) -> None:
        self.desk.failing(Unavailable("no"), call)

    def aws_works(self) -> None:
        self.desk.parameters.before = self.desk.parameters.after = lambda _call, _name: None

    def somebody_writes(self, value: str) -> None:
        self.desk.parameters.write(self.desk.NAME, value)
