"""CloudWatch's API against a really started emulator."""

import http.client
import json
import os
import subprocess
import sys
import time
import urllib.parse
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.waiting import PATIENCE

pytestmark = pytest.mark.sandbox

# The lab's probe, word for word.
PROBE = (
    "aws cloudwatch get-metric-data --metric-data-queries file://steadyStateFlight.json"
    " --start-time `date --date '5 min ago' -u '+%Y-%m-%dT%H:%M:%SZ'`"
    " --end-time `date -u '+%Y-%m-%dT%H:%M:%SZ'` --query 'MetricDataResults[0].Values[0]'"
)
XML = {"": "http://monitoring.amazonaws.com/doc/2010-08-01/"}


def metric(one, name, **more):
    stat = {"Metric": {"Namespace": "Lab", "MetricName": name}, "Period": 300, "Stat": "Sum"}
    return {"Id": one, "MetricStat": stat, **more}


IN_FLIGHT = [
    {"Id": "e1", "Expression": "((2*m1-(m2+m3))/(2*m1))*100", "Label": "Percent in Flight"},
    metric("m1", "In", ReturnData=False),
    metric("m2", "Out", ReturnData=False),
    metric("m3", "Writes", ReturnData=False),
]
UNKNOWN = [{"Id": "e1", "Expression": "ANOMALY(m1)"}, metric("m1", "In")]
REFUSAL = "Error in expression 'e1': Function 'ANOMALY' not found"


def last(minutes):
    now = datetime.now(UTC)
    return {"StartTime": now - timedelta(minutes=minutes), "EndTime": now}


@pytest.fixture(autouse=True)
def measured(client):
    """100 in, 98 out, 48 written in the last minute that is over. Returns the second it began."""
    minute = int(time.time()) // 6 * 6 - 6
    for name, value in (("In", 100), ("Out", 98), ("Writes", 48)):
        point = {"MetricName": name, "Value": value, "Timestamp": minute, "Unit": "Count"}
        client("cloudwatch").put_metric_data(Namespace="Lab", MetricData=[point])
    return minute


def posted(emulator, headers, body):
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=PATIENCE)
    try:
        connection.request("POST", "/", body=body, headers={**headers, "Authorization": AUTHORIZATION})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-2/monitoring/aws4_request, SignedHeaders=host, Signature=0"


def in_json(emulator, queries):
    window = {name: when.timestamp() for name, when in last(5).items()}
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "GraniteServiceVersion20100801.GetMetricData",
    }
    status, body = posted(emulator, headers, json.dumps({"MetricDataQueries": queries, **window}))
    return status, json.loads(body)


def in_query(emulator, queries):
    window = {name: when.isoformat() for name, when in last(5).items()}
    members = {"Action": "GetMetricData", "Version": "2010-08-01", **window}
    for number, query in enumerate(queries, 1):
        place = f"MetricDataQueries.member.{number}"
        members |= flat(place, query)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    status, body = posted(emulator, headers, urllib.parse.urlencode(members))
    return status, ET.fromstring(body)


def flat(place, value):
    if not isinstance(value, dict):
        return {place: str(value).lower() if isinstance(value, bool) else value}
    members = {}
    for name, child in value.items():
        members |= flat(f"{place}.{name}", child)
    return members


def test_metric_math_in_json(emulator):
    status, answer = in_json(emulator, IN_FLIGHT)
    assert status == 200
    (result,) = answer["MetricDataResults"]
    assert (result["Id"], result["Label"], result["StatusCode"]) == ("e1", "Percent in Flight", "Complete")
    assert result["Values"] == [pytest.approx(27.0)]


def test_a_refusal_in_json(emulator):
    status, answer = in_json(emulator, UNKNOWN)
    assert (status, answer["__type"], answer["message"]) == (400, "ValidationError", REFUSAL)


def test_metric_math_in_query(emulator):
    status, answer = in_query(emulator, IN_FLIGHT)
    assert status == 200
    members = answer.findall("GetMetricDataResult/MetricDataResults/member", XML)
    assert [member.findtext("Id", namespaces=XML) for member in members] == ["e1"]
    assert [float(value.text) for value in members[0].findall("Values/member", XML)] == [pytest.approx(27.0)]


def test_a_refusal_in_query(emulator):
    status, answer = in_query(emulator, UNKNOWN)
    assert status == 400
    assert answer.findtext("Error/Code", namespaces=XML) == "ValidationError"
    assert answer.findtext("Error/Message", namespaces=XML) == REFUSAL


def test_metric_math_with_boto3(client, measured):
    answer = client("cloudwatch").get_metric_data(MetricDataQueries=IN_FLIGHT, **last(5))
    (result,) = answer["MetricDataResults"]
    assert result["Values"] == [pytest.approx(27.0)]
    (at,) = result["Timestamps"]
    assert measured - 30 <= at.timestamp() <= measured


def test_a_refusal_with_boto3(client):
    with pytest.raises(ClientError) as refused:
        client("cloudwatch").get_metric_data(MetricDataQueries=UNKNOWN, **last(5))
    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("ValidationError", REFUSAL)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_division_by_zero_gives_no_point(client):
    queries = [{"Id": "e1", "Expression": "m1/(m1-m1)"}, metric("m1", "In", ReturnData=False)]
    answer = client("cloudwatch").get_metric_data(MetricDataQueries=queries, **last(5))
    (result,) = answer["MetricDataResults"]
    assert (result["Values"], result["Timestamps"], result["StatusCode"]) == ([], [], "Complete")


def test_values_come_newest_first_unless_asked_otherwise(client, measured):
    cloudwatch = client("cloudwatch")
    older = {"MetricName": "Twice", "Value": 1, "Timestamp": measured - 60}
    newer = {"MetricName": "Twice", "Value": 2, "Timestamp": measured}
    cloudwatch.put_metric_data(Namespace="Lab", MetricData=[older, newer])
    for scan, values in (("TimestampDescending", [2, 1]), ("TimestampAscending", [1, 2])):
        answer = cloudwatch.get_metric_data(
            MetricDataQueries=[metric("m1", "Twice")], ScanBy=scan, **last(15)
        )
        assert answer["MetricDataResults"][0]["Values"] == values


def test_pages_and_metrics_of_the_request_with_boto3(client, measured):
    cloudwatch = client("cloudwatch")
    rows = [{"MetricName": name, "Value": value, "Timestamp": measured - at}
            for name, value in (("PageA", 1), ("PageB", 2)) for at in (0, 30, 60)]  # fmt: skip
    cloudwatch.put_metric_data(Namespace="Lab", MetricData=rows)
    queries = [
        metric("m1", "PageA", ReturnData=False), metric("m2", "PageB", ReturnData=False),
        {"Id": "e1", "Expression": "IF(SUM(METRICS()) > 0, m2 * 10, 0)"},
    ]  # fmt: skip
    asked = {"MetricDataQueries": queries, "MaxDatapoints": 2, **last(15)}
    first = cloudwatch.get_metric_data(**asked)
    second = cloudwatch.get_metric_data(**asked, NextToken=first["NextToken"])
    told = [
        (page["MetricDataResults"][0]["Values"], page["MetricDataResults"][0]["StatusCode"])
        for page in (first, second)
    ]
    assert told == [([20, 20], "PartialData"), ([20], "Complete")]
    assert "NextToken" not in second


def test_statistics_as_chaosaws_asks_for_them(client):
    answer = client("cloudwatch").get_metric_statistics(
        Namespace="Lab", MetricName="In", Period=900, Statistics=["Sum", "Maximum"], **last(15)
    )
    (point,) = answer["Datapoints"]
    assert point["Sum"] >= point["Maximum"] == 100
    assert point["Unit"] == "Count"


def test_statistic_sets_and_counts(client, measured):
    cloudwatch = client("cloudwatch")
    data = [
        {"MetricName": "Sets", "Timestamp": measured, "Values": [1.0, 2.0], "Counts": [3.0, 1.0]},
        {
            "MetricName": "Sets",
            "Timestamp": measured,
            "StatisticValues": {"SampleCount": 2, "Sum": 10, "Minimum": 4, "Maximum": 6},
        },
    ]
    cloudwatch.put_metric_data(Namespace="Lab", MetricData=data)
    names = ["SampleCount", "Sum", "Minimum", "Maximum"]
    answer = cloudwatch.get_metric_statistics(
        Namespace="Lab", MetricName="Sets", Period=300, Statistics=names, **last(5)
    )
    assert [answer["Datapoints"][0][name] for name in names] == [6, 15, 1, 6]


def test_metrics_are_listed(client):
    listed = client("cloudwatch").list_metrics(Namespace="Lab")["Metrics"]
    assert {row["MetricName"] for row in listed} >= {"In", "Out", "Writes"}


def test_an_alarm_still_sees_its_metric(client, measured):
    cloudwatch = client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="many",
        Namespace="Lab",
        MetricName="In",
        Period=60,
        EvaluationPeriods=1,
        Statistic="Sum",
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["many"])["MetricAlarms"]
    cloudwatch.delete_alarms(AlarmNames=["many"])
    assert alarm["StateValue"] == "ALARM"


def test_the_labs_own_command(emulator, tmp_path):
    (tmp_path / "steadyStateFlight.json").write_text(json.dumps(IN_FLIGHT))
    environment = {
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": emulator.endpoint,
        "AWS_DEFAULT_REGION": "us-east-2",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    done = subprocess.run(
        ["sh", "-c", PROBE],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert float(done.stdout) == pytest.approx(27.0)
