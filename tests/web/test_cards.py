"""What a card says of a signal: pure, by tables of cases."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.faults import FaultState
from app.metrics import Sample
from app.queries import Judgement, Query, Tolerance
from app.runs import RunStatus
from app.settings import Environment
from app.web.boards import Boards
from app.web.cards import Moment, judge, signal_cards
from app.web.hypothesis import hypothesis
from app.web.marks import marks
from app.web.panels import Page, Panel, RunCard, panels
from tests.web.material import SIGNALS

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HERE = Environment(name="sandbox", endpoint_url="http://127.0.0.1:4566", poll_seconds=6)
BAND = Tolerance(low=-10, high=20)


@pytest.mark.parametrize(
    ("value", "age", "tolerance", "judged"),
    [
        (1.0, 5, BAND, Judgement.WITHIN),
        (20.0, 5, BAND, Judgement.WITHIN),
        (20.1, 5, BAND, Judgement.OUTSIDE),
        (-10.1, 5, BAND, Judgement.OUTSIDE),
        (None, 5, BAND, Judgement.NO_DATA),
        (1.0, 16, BAND, Judgement.WITHIN),
        (1.0, 17, BAND, Judgement.STALE),
        (99.0, 17, BAND, Judgement.STALE),
        (1.0, 5, None, None),
    ],
)
def test_a_sample_is_judged_and_never_trusted_when_old(
    value: float | None, age: float, tolerance: Tolerance | None, judged: Judgement | None
) -> None:
    sample = SimpleNamespace(value=value, at=NOW - timedelta(seconds=age))
    assert judge(tolerance, sample, Moment(now=NOW, environment=HERE)) == judged


def test_no_sample_is_no_data() -> None:
    assert judge(BAND, None, Moment(now=NOW, environment=HERE)) is Judgement.NO_DATA


def test_a_window_that_reaches_back_before_the_fault_says_until_when(console: Any) -> None:
    signals = console.read(None, HERE).signals
    armed = NOW - timedelta(seconds=100)
    cards = signal_cards(console, signals, Moment(now=NOW, environment=HERE, armed_at=armed))
    assert cards[0].past_until == armed + timedelta(seconds=300)
    late = Moment(now=NOW, environment=HERE, armed_at=NOW - timedelta(seconds=301))
    assert signal_cards(console, signals, late)[0].past_until is None


def test_the_window_and_the_chart_shrink_where_time_is_compressed(console: Any) -> None:
    fast = Environment(name="sandbox", endpoint_url="http://127.0.0.1:4566", speed=10)
    card = signal_cards(console, console.read(None, fast).signals, Moment(now=NOW, environment=fast))[0]
    assert (card.window, card.chart["span"], card.chart["settles"]) == (30.0, 180, 6.0)


def test_what_moved_is_said_and_what_did_not(console: Any) -> None:
    console.metrics.leave_tolerance()
    moment = Moment(now=NOW, environment=HERE, armed_at=NOW - timedelta(seconds=186))
    card = signal_cards(console, console.read(None, HERE).signals, moment)[0]
    assert card.key == "messages-in-flight"
    assert [part.moved for part in card.parts] == [False, False, True]
    assert card.reads == "DynamoDB writes are 41\u202f% of messages in"
    assert card.left.startswith("left the tolerance 2 min")
    assert "every other signal is within its tolerance" in card.supposes


def test_a_part_without_data_shows_the_0_that_the_query_reckons_with(console: Any) -> None:
    entries = [
        {"Id": "share", "Expression": "100-100*FILL(out, 0)/sent-0*lost"}, {"Id": "sent"}, {"Id": "out"}, {"Id": "lost"},
    ]  # fmt: skip
    query = Query(document=json.dumps(entries), result="share", window=300)
    signal = SimpleNamespace(**{**vars(SIGNALS[1]), "query": query, "terms": query.terms[1:]})
    sample = Sample(environment="sandbox", query=query.id, at=NOW, value=100.0, parts={"sent": 600.0})
    console.metrics.state = lambda *_: SimpleNamespace(sample=sample, error="", error_since=None)
    (card,) = signal_cards(console, [signal], Moment(now=NOW, environment=HERE))
    assert [part.value for part in card.parts] == [600.0, 0.0, None]


def test_before_the_first_sample_the_cards_stand_where_they_will_stand_after_it(console: Any) -> None:
    moment = Moment(now=NOW, environment=HERE)
    after = [card.key for card in signal_cards(console, SIGNALS, moment)]
    console.metrics.values = {}
    cards = signal_cards(console, SIGNALS, moment)
    assert (
        [card.key for card in cards]
        == after
        == ["messages-in-flight", "zero-sns-errors", "normal-error-rates"]
    )
    assert [(part.label, part.value) for part in cards[0].parts] == [
        ("messages in", None), ("CSV out", None), ("DynamoDB writes", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("since", "said"),
    [(60, "left the tolerance 40 s after arming"), (400, "outside before the fault was armed already")],
)
def test_what_was_outside_before_the_fault_has_not_left_its_tolerance_by_it(
    console: Any, since: float, said: str
) -> None:
    console.metrics.values = outside_since(since)
    moment = Moment(now=NOW, environment=HERE, armed_at=NOW - timedelta(seconds=100))
    assert signal_cards(console, SIGNALS, moment)[0].left == said


def outside_since(seconds: float) -> dict[str, Any]:
    return {SIGNALS[1].query.id: lambda ago: (50.0 if ago <= seconds else 1.0, {})}


def test_the_hypothesis_is_told_in_the_file_s_order_and_would_not_pass_what_nobody_knows(
    console: Any,
) -> None:
    health = SimpleNamespace(
        key="healthy", id="run-1", name="healthy", tolerance=None, tolerance_text="= 200", query=None, unit="", terms=(),
    )  # fmt: skip

    def told(*signals: Any) -> Any:
        cards = signal_cards(console, signals, Moment(now=NOW, environment=HERE))
        return hypothesis(cards, [signal.key for signal in signals])

    now = told(*SIGNALS)
    assert [(card.name, now.now(card)[:4]) for card in now.signals] == [
        ("zero-sns-errors", "now "), ("messages-in-flight", "now "), ("normal-error-rates", "now "),
    ]  # fmt: skip
    assert now.would == "would pass"
    with_runs = told(health, *SIGNALS)
    assert with_runs.now(with_runs.signals[0]) == ""
    assert with_runs.would == "only a run can tell for healthy"
    console.metrics.values.pop(SIGNALS[0].query.id)
    assert told(*SIGNALS).would == "there is no fresh data for zero-sns-errors"
    console.metrics.values = outside_since(60)
    assert told(health, *SIGNALS).would == "would not pass: messages-in-flight"


def test_what_would_fail_is_said_where_it_is_judged_next(console: Any) -> None:
    steps = tuple(SimpleNamespace(kind=kind, state=state) for kind, state in QUEUED)
    card = RunCard(run=console.runs.add(), steps=steps, would_fail=("messages-in-flight",))
    assert card.judged_next is steps[0]
    assert replace(card, steps=steps[1:]).judged_next is steps[-1]
    assert replace(card, steps=()).judged_next is None


QUEUED = (("before", "next"), ("activity", "next"), ("pause", "next"), ("after", "next"))


def test_marks_hold_what_was_armed_and_when_it_was_judged(console: Any) -> None:
    run = console.runs.add()
    console.runs.tell(run.id, "hypothesis-before", met=True)
    now = console.faults.armed(ago=100)
    told = marks([now], run, console.runs.events(run.id))
    assert told.armed == ((now.armed_at.timestamp(), None),)
    assert told.moments == ((NOW.timestamp(), "judged", "judged"),)


def test_the_page_of_an_old_run_marks_its_own_faults_and_reads_its_events_once(console: Any) -> None:
    run = console.runs.add()
    begun = console.clock.now() - timedelta(hours=9)
    run = replace(run, status=RunStatus.COMPLETED, created_at=begun, ended_at=begun + timedelta(minutes=5))
    console.runs.known[run.id], read, asked = run, console.runs.events, []
    console.runs.events = lambda run_id: asked.append(run_id) or read(run_id)
    armed = console.faults.armed(ago=9 * 3600 - 60, disarmed_at=run.ended_at, state=FaultState.DISARMED)
    built = {
        panel.name: panel.view
        for panel in panels(console, Page(name="run", environment="sandbox", subject=str(run.id)))
    }
    assert built["marks"]["armed"] == ((armed.armed_at.timestamp(), run.ended_at.timestamp()),)
    assert asked == [run.id]


def test_a_board_is_built_once_for_all_who_may_share_it() -> None:
    built, time = [], [0.0]

    def build(page: Page) -> list[Panel]:
        built.append(page)
        return [Panel(name="x", view=len(built))]

    boards = Boards(build, lambda panel: str(panel.view), lambda: time[0])
    page = Page(name="live", environment="sandbox")
    first = boards.board(page, not_before=0.0)
    assert boards.board(page, not_before=0.0) is first
    time[0] = 1.0
    assert boards.board(page, not_before=0.5) is not first
    assert len(built) == 2


@pytest.mark.parametrize(
    ("value", "met", "text", "judgement"),
    [(204.0, 1.0, "204", Judgement.WITHIN), (500.0, 0.0, "500", Judgement.OUTSIDE), (None, 1.0, "met", Judgement.WITHIN),
     (None, 0.0, "not met", Judgement.OUTSIDE)],
)  # fmt: skip
def test_what_only_runs_measure_shows_the_last_run_s_answer_and_its_judgement(
    console: Any, value: float | None, met: float, text: str, judgement: Judgement
) -> None:
    health = SimpleNamespace(
        key="healthy", id="run-1", name="healthy", tolerance=None, tolerance_text="= 200", query=None, unit="", terms=(),
    )  # fmt: skip
    moment = Moment(now=NOW, environment=HERE)
    before = signal_cards(console, [health], moment)[0]
    assert (before.at, before.judgement) == (None, None)
    at = NOW - timedelta(hours=3)
    console.metrics.by_runs["run-1"] = SimpleNamespace(value=value, at=at, parts={"met": met})
    card = signal_cards(console, [health], moment)[0]
    assert (card.text, card.judgement, card.at, card.by_runs) == (text, judgement, at, True)


def test_trouble_is_told_with_its_beginning(console: Any) -> None:
    console.metrics.error, console.metrics.error_since = (
        "AWS asks for fewer calls.",
        NOW - timedelta(seconds=90),
    )
    card = signal_cards(console, console.read(None, HERE).signals, Moment(now=NOW, environment=HERE))[0]
    assert (card.error, card.error_since) == ("AWS asks for fewer calls.", NOW - timedelta(seconds=90))
