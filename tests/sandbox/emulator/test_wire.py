import pytest

from app.sandbox.emulator.wire import unflattened, xml


def test_query_parameters_become_members():
    asked = {
        "Action": ["GetMetricData"],
        "MetricDataQueries.member.1.Id": ["m1"],
        "MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Name": ["QueueName"],
        "MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Value": ["json"],
        "MetricDataQueries.member.10.Id": ["m10"],
        "MetricDataQueries.member.2.Expression": ["m1 * 2"],
        "ScanBy": "TimestampAscending",
    }
    assert unflattened(asked) == {
        "Action": "GetMetricData",
        "MetricDataQueries": [
            {"Id": "m1", "MetricStat": {"Metric": {"Dimensions": [{"Name": "QueueName", "Value": "json"}]}}},
            {"Expression": "m1 * 2"},
            {"Id": "m10"},
        ],
        "ScanBy": "TimestampAscending",
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Label": "a < b & c"}, "<Label>a &lt; b &amp; c</Label>"),
        ({"Values": [1.0, 2.5]}, "<Values><member>1.0</member><member>2.5</member></Values>"),
        ({"Messages": []}, "<Messages></Messages>"),
    ],
)
def test_answers_in_xml(value, expected):
    assert xml(value) == expected
