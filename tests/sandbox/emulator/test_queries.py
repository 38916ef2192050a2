import pytest

from app.sandbox.emulator.functions import with_metrics
from app.sandbox.emulator.points import Metric, Points
from app.sandbox.emulator.queries import (
    MetricStat,
    Result,
    ValidationError,
    metric_data,
    metric_statistics,
    paged,
    read_queries,
)
from app.sandbox.emulator.windows import Window

SCOPE = ("000000000000", "us-east-2")
START = 6_000  # seconds; a whole minute


def stat(one, name, period=300, statistic="Sum", **more):
    metric = {"Namespace": "N", "MetricName": name}
    return {"Id": one, "MetricStat": {"Metric": metric, "Period": period, "Stat": statistic}, **more}


def expression(one, text, **more):
    return {"Id": one, "Expression": text, **more}


@pytest.fixture
def points():
    """Ten minutes: 10 in and 9 out each; one error in the second minute."""
    kept = Points(minute=60, clock=lambda: START + 630)
    for minute in range(11):
        for name, value in (("In", 10), ("Out", 9)):
            kept.add(Metric(scope=SCOPE, namespace="N", name=name), value, at=START + 60 * minute)
    kept.add(Metric(scope=SCOPE, namespace="N", name="Errors"), 1, at=START + 60)
    return kept


WINDOW = Window.of(START + 30, START + 630, now=START + 630, speed=1)


def asked(points, *entries, **how):
    results = metric_data(read_queries(entries, SCOPE), points, WINDOW, **how)
    return {result.id: list(zip(result.timestamps, result.values, strict=True)) for result in results}


def test_values_come_newest_first(points):
    assert asked(points, stat("m1", "In")) == {"m1": [(START + 300, 50.0), (START, 50.0)]}


def test_or_oldest_first_when_asked(points):
    assert asked(points, stat("m1", "In"), newest_first=False)["m1"][0][0] == START


def test_what_is_not_returned_still_counts(points):
    found = asked(
        points,
        expression("e1", "(m1 - m2) / m1 * 100"),
        stat("m1", "In", ReturnData=False),
        stat("m2", "Out", ReturnData="false"),
    )
    assert found == {"e1": [(START + 300, 10.0), (START, 10.0)]}


def test_expressions_refer_to_expressions(points):
    found = asked(points, expression("e2", "e1 * 2"), expression("e1", "m1 + 1"), stat("m1", "In"))
    assert list(found) == ["e2", "e1", "m1"]
    assert found["e2"][0] == (START + 300, 102.0)


def test_no_data_is_an_empty_result_that_is_complete(points):
    assert asked(points, stat("m1", "Nothing")) == {"m1": []}


def test_fill_makes_zero_of_no_data(points):
    found = asked(points, expression("e1", "FILL(m1, 0)"), stat("m1", "Errors", ReturnData=False))
    assert found == {"e1": [(START + 300, 0.0), (START, 1.0)]}


def test_labels(points):
    entries = [stat("m1", "In"), stat("m2", "Out", Label="CSV out"), expression("e1", "m1")]
    results = metric_data(read_queries(entries, SCOPE), points, WINDOW)
    assert [result.label for result in results] == ["In", "CSV out", "e1"]


REFUSED = [
    ([], "The parameter MetricDataQueries is required."),
    ([{"Id": "m1"}], "Exactly one of MetricDataQueries.member.1.MetricStat"),
    ([stat("M1", "In")], "The value 'M1' for parameter MetricDataQueries.member.1.Id"),
    (
        [stat("m1", "In"), stat("m1", "Out")],
        "The values for parameter id in MetricDataQueries are not unique: m1.",
    ),
    (
        [stat("m1", "In", period=90)],
        "The parameter MetricDataQueries.member.1.MetricStat.Period must be a multiple of 60.",
    ),
    ([stat("m1", "In", statistic="Median")], "The value Median for parameter Stat is not supported."),
    ([stat("m1", "")], "The parameter MetricDataQueries.member.1.MetricStat.Metric.MetricName is required."),
    ([expression("e1", "m1 + 1")], "Error in expression 'e1': Unknown metric id 'm1'"),
    (
        [expression("e1", "ANOMALY(m1)"), stat("m1", "In")],
        "Error in expression 'e1': Function 'ANOMALY' not found",
    ),
    ([expression("e1", "SUM(m1)"), stat("m1", "In")], "Error in expression 'e1': The final result"),
    ([expression("e1", "e2"), expression("e2", "e1")], "Error in expression 'e"),
    (
        [stat(f"m{index}", "In") for index in range(501)],
        "The collection MetricDataQueries must not have a size",
    ),
]


@pytest.mark.parametrize(("entries", "message"), REFUSED)
def test_it_refuses_with_awss_validation_error(points, entries, message):
    with pytest.raises(ValidationError) as refused:
        asked(points, *entries)
    assert str(refused.value).startswith(message)


def test_statistics_have_the_same_buckets(points):
    source = MetricStat(metric=Metric(scope=SCOPE, namespace="N", name="In"), period=300, statistic="")
    found = metric_statistics(source, ["Sum", "p90"], points, WINDOW)
    assert [(point.timestamp, dict(point.statistics), dict(point.extended)) for point in found] == [
        (START, {"Sum": 50.0}, {"p90": 10.0}),
        (START + 300, {"Sum": 50.0}, {"p90": 10.0}),
    ]


RESULTS = [
    Result(id="a", label="a", timestamps=(60, 0), values=(2.0, 1.0)),
    Result(id="b", label="b", timestamps=(), values=()),
    Result(id="c", label="c", timestamps=(120, 60, 0), values=(5.0, 4.0, 3.0)),
]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 6, None])
def test_pages_hold_every_point_once_in_its_order(size):
    seen = {"a": [], "b": [], "c": []}
    token, pages = None, 0
    while True:
        page = paged(RESULTS, size=size, token=token)
        assert [result.id for result in page.results] == ["a", "b", "c"]
        assert sum(len(result.values) for result in page.results) <= (size or 100)
        for result in page.results:
            seen[result.id] += result.values
        pages, token = pages + 1, page.token
        if token is None:
            break
    assert seen == {"a": [2.0, 1.0], "b": [], "c": [5.0, 4.0, 3.0]}
    assert all(result.complete for result in page.results)
    assert pages == -(-5 // (size or 5))


def test_what_goes_on_says_so():
    page = paged(RESULTS, size=3, token=None)
    assert [(result.id, result.complete) for result in page.results] == [
        ("a", True),
        ("b", True),
        ("c", False),
    ]


@pytest.mark.parametrize(("size", "token"), [(0, None), (100_801, None), (5, "elsewhere")])
def test_a_page_that_can_not_be_is_refused(size, token):
    with pytest.raises(ValidationError):
        paged(RESULTS, size=size, token=token)


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("SUM(METRICS())", "SUM([m1, m2, errors])"),
        ('AVG(METRICS("m"))', "AVG([m1, m2])"),
        ("MAX(METRICS( 'err' ))", "MAX([errors])"),
        ("m1 + m2", "m1 + m2"),
    ],
)
def test_metrics_are_those_of_the_request(text, listed):
    assert with_metrics(text, ["m1", "m2", "errors"]) == listed
