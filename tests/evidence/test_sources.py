"""Where a function's lines are, whether they can be seen, and CloudWatch's own count of invocations."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from app.aws import InMemoryAws, InMemoryFunctions
from app.evidence import Evidence, Proof
from app.settings import Environment

DIALECT = "failure-lambda/0.x"
INTERCEPTED = "Intercepted network connection to dynamodb.us-east-2.amazonaws.com"
ONE = "00000001-0e0c-5c3c-83e7-6c2de114e600"
WHERE = {"region_name": "us-east-2", "aws_access_key_id": "x", "aws_secret_access_key": "x"}


class Watch:
    """CloudWatch with one number for everything, and how often it was asked."""

    def __init__(self, value: float | None) -> None:
        self.value = value
        self.asked: list[dict[str, Any]] = []

    def get_metric_data(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        values = [] if self.value is None else [self.value]
        stamps = [asked["StartTime"]] * len(values)
        rows = [{"Id": q["Id"], "Timestamps": stamps, "Values": values} for q in asked["MetricDataQueries"]]
        return {"MetricDataResults": rows}


@pytest.fixture
def proven(log: Any, clock: Any) -> Any:
    """Read the proof of a function with such a configuration, a minute after the fault was armed."""
    classes: dict[str, str] = {}
    log.describe_log_groups = lambda logGroupNamePrefix: {  # noqa: N803  as boto3 has it
        "logGroups": [{"logGroupName": logGroupNamePrefix, "logGroupClass": classes.get("class", "STANDARD")}]
    }

    def read(
        *,
        watch: Watch | None = None,
        group_class: str = "STANDARD",
        filters: bool = False,
        dialect: str = DIALECT,
        **details: Any,
    ) -> Proof:
        classes["class"] = group_class
        functions = InMemoryFunctions({"f": ("p", "0.4.4")})
        functions.details["f"] = details
        clients = {"logs": log, "cloudwatch": watch or Watch(None)}
        environments = {"test": Environment(name="test", metric_filters=filters)}
        evidence = Evidence(InMemoryAws(clients=clients, functions=functions), clock, environments)
        return evidence.proof("test", ("f",), dialect, clock.now() - timedelta(seconds=90))

    return read


def test_a_log_group_of_another_name_is_read_as_the_function_says(proven: Any, log: Any) -> None:
    log.invocation(ONE, INTERCEPTED, function="shared")
    assert proven(log_group="/aws/lambda/shared").answer == "fired 1 of 1"


@pytest.mark.parametrize(
    ("details", "answer"),
    [
        ({"log_format": "JSON", "application_log_level": "WARN"}, "cannot see"),
        ({"log_format": "JSON", "application_log_level": "INFO"}, "fired 1 of 1"),
        ({"log_format": "Text", "application_log_level": "WARN"}, "fired 1 of 1"),
    ],
)
def test_a_level_that_drops_the_lines_is_why_nothing_can_be_seen(
    proven: Any, log: Any, details: dict[str, str], answer: str
) -> None:
    log.invocation(ONE, INTERCEPTED)
    proof = proven(**details)
    assert proof.answer == answer
    assert ("ApplicationLogLevel" in proof.why) is (answer == "cannot see")


def test_what_one_function_does_not_log_is_no_silence_of_another(log: Any, clock: Any) -> None:
    log.invocation(ONE, function="seen")
    functions = InMemoryFunctions({"seen": ("p", "0.4.4"), "hidden": ("p", "0.4.4")})
    functions.details["hidden"] = {"log_format": "JSON", "application_log_level": "WARN"}
    log.describe_log_groups = lambda **_asked: {"logGroups": []}
    aws = InMemoryAws(clients={"logs": log, "cloudwatch": Watch(None)}, functions=functions)
    evidence = Evidence(aws, clock, {"test": Environment(name="test")})
    proof = evidence.proof("test", ("seen", "hidden"), DIALECT, clock.now())
    assert (proof.answer, "ApplicationLogLevel" in proof.why) == ("cannot see", True)


def test_a_log_class_that_can_not_be_searched_is_said(proven: Any, log: Any) -> None:
    log.invocation(ONE, INTERCEPTED)
    proof = proven(group_class="INFREQUENT_ACCESS")
    assert proof.answer == "cannot see"
    assert "Infrequent Access" in proof.why
    assert log.calls == []


def test_invocations_are_cloudwatchs_where_the_log_leaves_them_out(proven: Any, log: Any) -> None:
    envelope = f'{{"timestamp":"t","level":"INFO","requestId":"{ONE}","message":"{INTERCEPTED}"}}'
    log.write(envelope)
    watch = Watch(431.0)
    proof = proven(watch=watch, log_format="JSON")
    assert (proof.answer, proof.invocations) == ("fired 1 of 431", 1)
    metric = watch.asked[0]["MetricDataQueries"][0]["MetricStat"]["Metric"]
    assert (metric["Namespace"], metric["MetricName"]) == ("AWS/Lambda", "Invocations")


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        (f'{{"time":"t","type":"platform.start","record":{{"requestId":"{ONE}"}}}}', (1, 0)),
        (f'{{"timestamp":"t","requestId":"{ONE}","message":"{INTERCEPTED}"}}', (1, 1)),
        ('{"isEnabled": true, "message": "of the function itself"}', (0, 0)),
        (f'{{"timestamp":"t","requestId":"{ONE}","message":{{"a":1}}}}', (1, 0)),
    ],
)
def test_lambdas_json_envelope_is_opened(proven: Any, log: Any, line: str, counts: tuple[int, int]) -> None:
    log.write(line)
    proof = proven(log_format="JSON")
    assert (proof.invocations, proof.hit) == counts


def test_the_report_in_json_tells_how_long_it_took(proven: Any, log: Any) -> None:
    log.write(
        f'{{"time":"t","type":"platform.report","record":{{"requestId":"{ONE}","metrics":{{"durationMs":188.5}}}}}}'
    )
    assert [row.ms for row in proven(log_format="JSON").expensive] == [188.5]


def test_a_busy_function_is_counted_by_a_metric_filter_and_its_log_is_not_read(proven: Any, log: Any) -> None:
    made: list[dict[str, Any]] = []
    log.put_metric_filter = lambda **given: made.append(given)
    proof = proven(watch=Watch(7.0), filters=True)
    assert (proof.answer, log.calls) == ("fired 7 of 7", [])
    assert proof.until == proof.since  # what was counted is of two minutes ago
    assert [row["filterName"] for row in made] == ["gameday-injections"]
    assert "Intercepted network connection" in made[0]["filterPattern"]


def test_what_a_filter_can_not_see_within_lambdas_json_is_read_from_the_log(proven: Any, log: Any) -> None:
    said = '{"source":"failure-lambda","level":"info","mode":"latency","action":"inject","latency_ms":3}'
    log.write(json.dumps({"level": "INFO", "requestId": ONE, "message": said}))
    proof = proven(filters=True, watch=Watch(1.0), dialect="failure-lambda/1.x", log_format="JSON")
    assert proof.answer == "fired 1 of 1"


def test_a_filter_that_counts_nothing_of_chaos_lambda_proves_nothing(proven: Any, log: Any) -> None:
    log.put_metric_filter = lambda **_given: None
    proof = proven(filters=True, watch=Watch(0.0), dialect="chaos_lambda/0.3")
    assert (proof.answer, "DEBUG" in proof.why) == ("cannot see", True)


def test_a_metric_filter_is_what_cloudwatch_logs_takes() -> None:
    """The emulator makes no metrics of filters, so the call is held against botocore's model of the API."""
    from app.evidence.metric_filters import ensure  # noqa: PLC0415  beside what it is about

    client = boto3.client("logs", **WHERE)
    with Stubber(client) as stub:
        expected = {
            "logGroupName": "/aws/lambda/f", "filterName": "gameday-injections", "filterPattern": ANY,
            "metricTransformations": [
                {"metricName": "Injections-aws-lambda-f", "metricNamespace": "GameDay", "metricValue": "1"}
            ],
        }  # fmt: skip
        stub.add_response("put_metric_filter", {}, expected)
        ensure(client, ["/aws/lambda/f"], "failure-lambda/1.x")
        stub.assert_no_pending_responses()
