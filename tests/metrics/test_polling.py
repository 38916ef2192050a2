"""The poller: one call for all, samples as the probe would see them, and what it says when AWS does not answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from app.aws.problems import Refused, Throttled
from app.clock import FrozenClock
from app.errors import Unavailable
from app.live import Live
from app.metrics import Metrics, Poller
from app.queries import Fold, Query
from app.settings import Environment
from app.storage import Storage
from app.storage.engine import sqlite_url
from tests.waiting import PATIENCE, until

PLACE = Environment(name="staging")


def query(name: str, window: int = 300) -> Query:
    metric = {"Namespace": "AWS/SQS", "MetricName": name, "Dimensions": []}
    entries = [
        {"Id": "share", "Label": "share", "Expression": "FILL(sent,0)*100"},
        {"Id": "sent", "Label": "messages in", "ReturnData": False,
         "MetricStat": {"Metric": metric, "Period": window, "Stat": "Sum"}},
    ]  # fmt: skip
    return Query(document=json.dumps(entries), result="share", window=window)


class CloudWatch:
    """Answers every query with `value` in each whole bucket; remembers what it was asked."""

    def __init__(self, clock: FrozenClock) -> None:
        self.clock, self.asked, self.value, self.down = clock, [], 7.0, False
        self.refused, self.status = "SEARCH", "Complete"
        self.may_answer = threading.Event()
        self.may_answer.set()

    def client(self, environment: str, service: str) -> CloudWatch:
        assert (environment, service) == ("staging", "cloudwatch")
        return self

    def get_metric_data(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        self.may_answer.wait(PATIENCE)
        if self.down:
            raise Unavailable("CloudWatch does not answer.")
        if any(self.refused in entry.get("Expression", "") for entry in asked["MetricDataQueries"]):
            raise Refused("Reading metrics failed: ValidationError: no such function")
        return {"MetricDataResults": [self._result(entry, asked) for entry in asked["MetricDataQueries"]]}

    def _result(self, entry: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        at, times = asked["StartTime"], []
        while self.value is not None and at + timedelta(minutes=5) <= asked["EndTime"]:
            times.append(at)
            at += timedelta(minutes=5)
        return {
            "Id": entry["Id"],
            "Timestamps": times[::-1],
            "Values": [self.value] * len(times),
            "StatusCode": self.status,
        }


@pytest.fixture
def cloudwatch(clock) -> CloudWatch:
    return CloudWatch(clock)


@pytest.fixture
def metrics(tmp_path, clock, cloudwatch) -> Iterator[Metrics]:
    storage = Storage(sqlite_url(tmp_path / "metrics.sqlite"))
    storage.migrate()
    yield Metrics(storage=storage, aws=cloudwatch, clock=clock, live=Live(), environments={"staging": PLACE})
    storage.close()


def test_nothing_is_asked_while_nobody_watches(metrics, cloudwatch):
    Poller(metrics).step()
    assert cloudwatch.asked == []


def test_what_is_newly_watched_is_asked_for_at_once_with_its_last_hour(metrics, cloudwatch, clock):
    metrics.watch("page", "staging", [query("in")])
    Poller(metrics).step()
    samples = metrics.samples("staging", query("in").id, clock.now() - timedelta(hours=2))
    assert [asked["EndTime"] - asked["StartTime"] for asked in cloudwatch.asked] == [
        timedelta(minutes=5),
        timedelta(hours=1),
    ]
    assert len(samples) == 12
    assert samples[-1].parts == {"messages in": 7.0}


def test_fifty_pages_cost_what_one_costs(metrics, cloudwatch):
    for page in range(50):
        metrics.watch(f"page:{page}", "staging", [query("in"), query("out")])
    metrics.poll(PLACE)
    ids = [entry["Id"] for entry in cloudwatch.asked[0]["MetricDataQueries"]]
    assert ids == ["q0_share", "q0_sent", "q1_share", "q1_sent"]


def test_expressions_follow_their_renamed_terms_and_functions_stay(metrics, cloudwatch):
    metrics.watch("page", "staging", [query("in")])
    metrics.poll(PLACE)
    assert cloudwatch.asked[0]["MetricDataQueries"][0]["Expression"] == "FILL(q0_sent,0)*100"


def test_no_data_is_a_sample_without_a_value_and_never_zero(metrics, cloudwatch):
    cloudwatch.value = None
    metrics.watch("page", "staging", [query("in")])
    metrics.poll(PLACE)
    assert metrics.latest("staging", query("in").id).value is None


def test_the_next_sample_comes_a_minute_later_and_not_before(metrics, cloudwatch, clock):
    metrics.watch("page", "staging", [query("in")])
    poller = Poller(metrics)
    poller.step()
    asked = len(cloudwatch.asked)
    clock.advance(59)
    poller.step()
    assert len(cloudwatch.asked) == asked
    clock.advance(1)
    poller.step()
    assert len(cloudwatch.asked) == asked + 1


def test_trouble_is_told_with_its_age_and_backed_off_from(metrics, cloudwatch, clock):
    cloudwatch.down = True
    metrics.watch("page", "staging", [query("in")])
    metrics.poll(PLACE)
    clock.advance(90)
    state = metrics.state("staging", query("in").id)
    assert (state.sample, state.error) == (None, "CloudWatch does not answer.")
    assert state.error_since == clock.now() - timedelta(seconds=90)
    assert metrics.next_due("staging") - clock.now() == timedelta(seconds=30)
    metrics.poll(PLACE)
    assert metrics.next_due("staging") - clock.now() == timedelta(seconds=240)
    cloudwatch.down = False
    metrics.poll(PLACE)
    assert metrics.state("staging", query("in").id).error is None


def test_queries_of_different_windows_do_not_share_a_call(metrics, cloudwatch):
    metrics.watch("page", "staging", [query("in"), query("out", window=900)])
    metrics.poll(PLACE)
    spans = {asked["EndTime"] - asked["StartTime"] for asked in cloudwatch.asked}
    assert {timedelta(minutes=5), timedelta(minutes=15)} <= spans


def searching() -> Query:
    entries = [{"Id": "share", "Expression": "SEARCH('x', 'Sum')"}]
    return Query(document=json.dumps(entries), result="share", window=300)


def test_a_query_that_cloudwatch_refuses_takes_no_other_with_it(metrics, cloudwatch, clock):
    metrics.watch("page", "staging", [searching(), query("in")])
    metrics.poll(PLACE)
    assert metrics.latest("staging", query("in").id).value == 7.0
    assert metrics.state("staging", query("in").id).error is None
    assert "ValidationError" in metrics.state("staging", searching().id).error
    assert metrics.next_due("staging") - clock.now() == timedelta(seconds=PLACE.poll_seconds)


def test_throttling_is_not_answered_with_more_calls(metrics, cloudwatch, monkeypatch):
    def throttle(**asked: Any) -> Any:
        cloudwatch.asked.append(asked)
        raise Throttled("AWS asks for fewer calls.")

    monkeypatch.setattr(cloudwatch, "get_metric_data", throttle)
    metrics.watch("page", "staging", [query("in"), query("out"), query("long", window=900)])
    metrics.poll(PLACE)
    assert len(cloudwatch.asked) == 1
    assert metrics.state("staging", query("long", window=900).id).error == "AWS asks for fewer calls."


@pytest.mark.parametrize("status", ["Forbidden", "InternalError", "PartialData"])
def test_an_incomplete_answer_is_trouble_and_no_sample(metrics, cloudwatch, status):
    cloudwatch.status = status
    metrics.watch("page", "staging", [query("in")])
    metrics.poll(PLACE)
    assert metrics.latest("staging", query("in").id) is None
    assert status in metrics.state("staging", query("in").id).error


def test_the_last_hour_of_short_periods_is_fetched_too(metrics, clock):
    entries = json.loads(query("in").document)
    entries[1]["MetricStat"]["Period"] = 60
    short = Query(document=json.dumps(entries), result="share", window=300)
    metrics.watch("page", "staging", [short])
    metrics.poll(PLACE)
    assert len(metrics.samples("staging", short.id, clock.now() - timedelta(hours=2))) == 13


def test_what_nobody_looked_at_is_fetched_once_somebody_looks_again(metrics, cloudwatch, clock):
    metrics.watch("page", "staging", [query("in")])
    metrics.poll(PLACE)
    left = clock.now()
    clock.advance(30 * 60)
    metrics.poll(PLACE)
    clock.advance(60)
    metrics.poll(PLACE)
    since = [sample.at for sample in metrics.samples("staging", query("in").id, left + timedelta(seconds=1))]
    assert len(since) == 5 + 2  # the ends of the buckets in between, and each poll its own
    assert len(cloudwatch.asked) == 2 + 2 + 1


def test_a_sample_that_came_late_leaves_nothing_to_fetch(metrics, cloudwatch, clock):
    metrics.watch("page", "staging", [query("in")])
    metrics.poll(PLACE)
    clock.advance(140)
    metrics.poll(PLACE)
    assert len(cloudwatch.asked) == 2 + 1


def test_terms_of_one_label_stay_apart():
    entries = [{"Id": "a", "Label": "x", "Expression": "b+c"}, *({"Id": i, "Label": "sent"} for i in "bc")]
    labels = [term.label for term in Query(document=json.dumps(entries), result="a", window=300).terms]
    assert labels == ["x", "sent (b)", "sent (c)"]


@pytest.mark.parametrize(
    ("fold", "value"),
    [(Fold.SUM, 6.67), (Fold.MINIMUM, 1.11), (Fold.MAXIMUM, 3.33), (Fold.MEAN, 2.22), (None, 3.33)],
)
def test_a_window_of_many_values_is_folded_as_chaosaws_does(fold, value):
    values = [3.333, 2.222, 1.111]
    folded = Query(document="[]", result="a", window=300, fold=fold).folded(values)
    assert round(folded, 2) == value


def test_what_an_armed_fault_needs_is_polled_with_no_page_open_and_no_longer_than_that(
    metrics, cloudwatch, clock
):
    metrics.also = lambda environment: [query("in")] if environment == "staging" else []
    poller = Poller(metrics)
    poller.step()
    assert metrics.latest("staging", query("in").id).value == 7.0
    metrics.also = lambda _environment: []
    asked = len(cloudwatch.asked)
    clock.advance(61)
    poller.step()
    assert len(cloudwatch.asked) == asked


def test_how_late_the_newest_data_point_was_is_observed(metrics, cloudwatch, clock, monkeypatch):
    assert metrics.observed_delay("staging") is None
    whole = cloudwatch._result

    def late(entry: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        asked = {
            **asked,
            "StartTime": asked["StartTime"] - timedelta(seconds=90),
            "EndTime": asked["EndTime"] - timedelta(seconds=90),
        }
        return whole(entry, asked)

    monkeypatch.setattr(cloudwatch, "_result", late)
    metrics.watch("page", "staging", [query("sent")])
    metrics.poll(PLACE)
    assert metrics.observed_delay("staging") == 90
    assert metrics.observed_delay("elsewhere") is None


def minutes(poller: Poller, clock: FrozenClock, count: int) -> None:
    """Let so many minutes pass, a look a second."""
    for _ in range(count * 60):
        clock.advance(1)
        poller.step()


@pytest.mark.parametrize("subject", ["page:staging:a", "run:12"])
def test_it_is_one_sample_a_minute_and_none_once_nobody_is_there(metrics, cloudwatch, clock, subject):
    poller = Poller(metrics)
    minutes(poller, clock, 2)
    assert cloudwatch.asked == []  # no run, no armed fault, no open page
    metrics.watch(subject, "staging", [query("in"), query("out")])
    minutes(poller, clock, 10)
    samples = [
        asked for asked in cloudwatch.asked if asked["EndTime"] - asked["StartTime"] == timedelta(minutes=5)
    ]
    assert (len(samples), len(cloudwatch.asked)) == (10, 11)  # and the last hour, once
    metrics.unwatch(subject)
    minutes(poller, clock, 10)
    assert len(cloudwatch.asked) == 11


def test_a_page_that_is_opened_again_and_again_costs_nothing_more(metrics, cloudwatch, clock):
    poller = Poller(metrics)
    for _ in range(50):
        metrics.watch("page:staging:a", "staging", [query("in")])
        poller.step()
        metrics.unwatch("page:staging:a")
        clock.advance(1)
        poller.step()
    assert len(cloudwatch.asked) == 2  # one sample, and the last hour


def test_a_page_that_is_opened_beside_a_run_asks_for_its_own_queries_only(metrics, cloudwatch, clock):
    poller = Poller(metrics)
    metrics.watch("run:12", "staging", [query("in")])
    poller.step()
    clock.advance(30)
    cloudwatch.asked.clear()
    metrics.watch("page:staging:a", "staging", [query("in"), query("out")])
    poller.step()
    assert {len(asked["MetricDataQueries"]) for asked in cloudwatch.asked} == {2}  # `out`, with its term
    assert metrics.next_due("staging") - clock.now() == timedelta(seconds=30)  # then all of them in one call


def test_at_the_cap_open_pages_go_without_and_runs_and_armed_faults_do_not(metrics, cloudwatch, clock):
    poller, reason = Poller(metrics), "The cap of $5.00 a month is reached in staging."
    armed = query("armed")
    metrics.also = lambda _environment: [armed]
    metrics.watch("run:12", "staging", [query("in")])
    metrics.watch("page:staging:a", "staging", [query("in"), query("out")])
    poller.step()
    before = metrics.latest("staging", query("out").id)
    metrics.stopped = lambda _environment: reason
    minutes(poller, clock, 5)
    assert metrics.latest("staging", query("in").id).at == clock.now()
    assert metrics.latest("staging", armed.id).at == clock.now()
    assert metrics.latest("staging", query("out").id) == before
    assert metrics.state("staging", query("in").id).error is None
    told = metrics.state("staging", query("out").id)
    assert (told.error, told.sample) == (reason, before)
    metrics.unwatch("run:12")
    metrics.also = lambda _environment: []
    asked = len(cloudwatch.asked)
    minutes(poller, clock, 5)
    assert len(cloudwatch.asked) == asked
    metrics.stopped = lambda _environment: ""
    minutes(poller, clock, 2)
    assert metrics.state("staging", query("out").id).error is None


def test_the_pollers_lag_grows_while_aws_does_not_answer_and_is_none_while_nobody_asks(
    metrics, cloudwatch, clock
):
    poller = Poller(metrics)
    assert metrics.lag("staging") == 0
    metrics.watch("page:staging:a", "staging", [query("in")])
    minutes(poller, clock, 3)
    assert metrics.lag("staging") == 0
    cloudwatch.down = True
    minutes(poller, clock, 10)
    assert 480 <= metrics.lag("staging") <= 600
    metrics.unwatch("page:staging:a")
    poller.step()
    assert metrics.lag("staging") == 0


def test_who_can_not_wait_for_a_turn_is_told_at_once_and_asks_once(metrics, cloudwatch, clock):
    """Nobody watches: a run's preflight, or a page that was just opened."""
    assert metrics.look_at(PLACE, [query("in")]) == ""
    assert metrics.latest("staging", query("in").id).value == 7.0
    asked = len(cloudwatch.asked)
    clock.advance(PLACE.poll_seconds)
    assert metrics.look_at(PLACE, [query("in")]) == ""
    assert len(cloudwatch.asked) == asked


def test_that_there_is_no_data_is_an_answer_too(metrics, cloudwatch):
    cloudwatch.value = None
    metrics.look_at(PLACE, [query("in")])
    asked = len(cloudwatch.asked)
    assert metrics.look_at(PLACE, [query("in")]) == ""
    assert len(cloudwatch.asked) == asked


def test_who_can_not_wait_is_told_why_there_is_nothing_and_leaves_a_silent_aws_alone(metrics, cloudwatch):
    cloudwatch.down = True
    assert metrics.look_at(PLACE, [query("in")]) == "CloudWatch does not answer."
    assert metrics.look_at(PLACE, [query("in"), query("out")]) == "CloudWatch does not answer."
    assert len(cloudwatch.asked) == 1


def test_once_the_cap_is_reached_nobody_looks_out_of_turn(metrics, cloudwatch):
    metrics.stopped = lambda _environment: "The cap is reached."
    assert metrics.look_at(PLACE, [query("in")]) == "The cap is reached."
    assert cloudwatch.asked == []


def test_a_slow_cloudwatch_holds_up_nobody_who_is_about_to_start(metrics, cloudwatch, monkeypatch):
    monkeypatch.setattr("app.metrics.metrics.LOOK_WITHIN", 0.05)
    cloudwatch.may_answer.clear()
    assert "has not answered within" in metrics.look_at(PLACE, [query("in")])
    cloudwatch.may_answer.set()
    until(lambda: metrics.latest("staging", query("in").id), "its answer is kept all the same")
