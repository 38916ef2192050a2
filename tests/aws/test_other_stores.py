"""Stores beside Parameter Store, against the emulator: read, written, and put back as they were."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from app.aws.alarms import in_alarm
from app.aws.appconfig import AppConfigStore
from app.aws.scheduler import Schedules
from app.aws.switches import ConcurrencyStore, MappingStore, RuleStore
from app.errors import Invalid, Unavailable
from app.settings import Environment

WHERE = {"region_name": "us-east-2", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
LIMITED = b'{"ReservedConcurrentExecutions": 0}'
OFF, ON = b'{"Enabled": false}', b'{"Enabled": true}'


def waits_never(seconds: float) -> None:
    raise AssertionError(f"nothing takes {seconds} s here")


@pytest.fixture
def client(emulated: Environment) -> Any:
    return lambda service: boto3.client(service, endpoint_url=emulated.endpoint_url, **WHERE)


@pytest.fixture
def function(client: Any) -> str:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("index.js", "exports.handler = async () => ({})")
    name = f"f-{uuid.uuid4().hex[:8]}"
    client("lambda").create_function(
        FunctionName=name, Runtime="nodejs20.x", Role="arn:aws:iam::000000000000:role/r", Handler="index.handler",
        Code={"ZipFile": package.getvalue()},
    )  # fmt: skip
    return name


@pytest.mark.sandbox
def test_reserved_concurrency_is_set_and_lifted_again(client: Any, function: str) -> None:
    store = ConcurrencyStore(client("lambda"))
    assert store.get(function) is None
    store.put(function, LIMITED)
    held = store.get(function)
    assert held is not None
    assert held.value == LIMITED
    store.delete(function)
    assert store.get(function) is None


@pytest.mark.sandbox
def test_an_event_source_mapping_is_switched_off_and_on(client: Any, function: str) -> None:
    queue = client("sqs").create_queue(QueueName=f"q-{function}")["QueueUrl"]
    arn = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    made = client("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName=function)
    store = MappingStore(client("lambda"), wait=waits_never)
    for value in (OFF, ON):
        store.put(made["UUID"], value)
        held = store.get(made["UUID"])
        assert held is not None
        assert held.value == value
    assert store.get(str(uuid.uuid4())) is None


def test_a_mapping_that_is_changing_is_waited_for_and_not_for_ever() -> None:
    class Changing:
        looks = 0

        def get_event_source_mapping(self, **_asked: Any) -> dict[str, str]:
            self.looks += 1
            return {"State": "Disabling"}

    with pytest.raises(Unavailable, match="has been Disabling"):
        MappingStore(Changing(), wait=lambda _seconds: None).put("x", OFF)


@pytest.mark.sandbox
def test_a_rule_is_switched_off_and_on(client: Any) -> None:
    client("events").put_rule(Name="nightly", ScheduleExpression="rate(1 day)")
    store = RuleStore(client("events"))
    store.put("nightly", b'{"State": "DISABLED"}')
    held = store.get("nightly")
    assert held is not None
    assert held.value == b'{"State": "DISABLED"}'
    store.put("nightly", b'{"State": "ENABLED"}')
    assert client("events").describe_rule(Name="nightly")["State"] == "ENABLED"
    assert store.get("other") is None


@pytest.fixture
def place(client: Any) -> str:
    appconfig, name = client("appconfig"), uuid.uuid4().hex[:8]
    application = appconfig.create_application(Name=f"shop-{name}")["Id"]
    appconfig.create_environment(ApplicationId=application, Name="prod")
    appconfig.create_configuration_profile(ApplicationId=application, Name="faults", LocationUri="hosted")
    return f"shop-{name}/prod/faults"


@pytest.mark.sandbox
def test_appconfig_holds_what_was_deployed_last(client: Any, place: str) -> None:
    store = AppConfigStore(client("appconfig"), wait=lambda _seconds: None)
    assert store.get(place) is None
    first = store.put(place, b'{"isEnabled": false}')
    second = store.put(place, b'{"isEnabled": true}')
    assert second == first + 1
    held = store.get(place)
    assert held is not None
    assert (held.value, held.version) == (b'{"isEnabled": true}', second)
    assert [row.value for row in store.history(place)] == [b'{"isEnabled": false}', b'{"isEnabled": true}']
    application = client("appconfig").list_applications()["Items"]
    by_id = next(row["Id"] for row in application if row["Name"] == place.split("/", maxsplit=1)[0])
    assert store.same(place, f"{by_id}/prod/faults")  # ids and names are one place
    assert store.at(place, "1") == b'{"isEnabled": false}'
    assert store.at(place, "99") is None


@pytest.mark.sandbox
def test_a_hosted_version_is_deployed_again_where_it_still_holds_that(client: Any, place: str) -> None:
    store = AppConfigStore(client("appconfig"), wait=lambda _seconds: None)
    store.put(place, b'{"a":  1}')
    before = store.get(place)
    assert before is not None
    store.put(place, b'{"a": 2}')
    store.put(place, before.value, hosted=before.hosted)
    again = store.get(place)
    assert again is not None
    assert (again.value, again.hosted, again.version) == (before.value, before.hosted, before.version + 2)
    for number in (before.hosted, "99"):  # one that holds something else, and one that is gone
        store.put(place, b'{"a": 3}', hosted=number)
        other = store.get(place)
        assert other is not None
        assert other.value == b'{"a": 3}'
        assert other.hosted not in (number, None)


def test_a_deployment_that_is_under_way_is_stopped_first() -> None:
    client = boto3.client("appconfig", **WHERE)
    store = AppConfigStore(client, wait=lambda _seconds: None)
    where = {"ApplicationId": "a", "EnvironmentId": "e"}
    row = {"DeploymentNumber": 7, "State": "BAKING"}
    store._id = lambda _listing, wanted, **_where: wanted
    versions = {"Items": [{"VersionNumber": 1, "ContentType": "application/json"}]}
    ours = {"Items": [{"Id": "s", "Name": "gameday-at-once"}]}
    started = {
        **where, "ConfigurationProfileId": "p", "ConfigurationVersion": "2", "DeploymentStrategyId": "s",
        "Description": "Game day",
    }  # fmt: skip
    with Stubber(client) as stub:
        stub.add_response("list_hosted_configuration_versions", versions)
        stub.add_response("create_hosted_configuration_version", {"VersionNumber": 2})
        stub.add_response("list_deployment_strategies", ours)
        stub.add_client_error("start_deployment", "ConflictException")
        stub.add_response("list_deployments", {"Items": [row]}, where)
        stub.add_response("stop_deployment", {}, {**where, "DeploymentNumber": 7})
        stub.add_response("start_deployment", {"DeploymentNumber": 9}, started)
        assert store.put("a/e/p", b"{}") == 9
        stub.assert_no_pending_responses()


@pytest.mark.parametrize("name", ["x", "a/b", "a//c", "a/b/c/d"])
def test_a_place_in_appconfig_has_three_parts(name: str) -> None:
    with pytest.raises(Invalid, match="application/environment/profile"):
        AppConfigStore(boto3.client("appconfig", **WHERE)).get(name)


@pytest.mark.sandbox
def test_a_schedule_is_made_renewed_and_removed(client: Any) -> None:
    scheduler, name = client("scheduler"), f"gameday-{uuid.uuid4().hex}"
    schedules = Schedules(scheduler)
    words = {
        "parameter": "p",
        "value": '{"isEnabled": false}',
        "role": "arn:aws:iam::000000000000:role/switch",
    }
    schedules.write_at(name, datetime(2030, 1, 1, 12, tzinfo=UTC), **words)
    schedules.write_at(name, datetime(2030, 1, 1, 12, 30, tzinfo=UTC), **words)
    made = scheduler.get_schedule(Name=name)
    assert made["ScheduleExpression"] == "at(2030-01-01T12:30:00)"
    assert made["Target"]["Arn"] == "arn:aws:scheduler:::aws-sdk:ssm:putParameter"
    assert json.loads(made["Target"]["Input"]) == {
        "Name": "p",
        "Value": '{"isEnabled": false}',
        "Type": "String",
        "Overwrite": True,
    }
    schedules.write_at(
        name, datetime(2030, 1, 1, 13, tzinfo=UTC), **words, kind="SecureString", key_id="alias/k"
    )
    secure = json.loads(scheduler.get_schedule(Name=name)["Target"]["Input"])
    assert (secure["Type"], secure["KeyId"]) == ("SecureString", "alias/k")
    assert name in schedules.ours()
    assert schedules.remove(name) is True
    assert schedules.remove(name) is False


@pytest.mark.sandbox
def test_alarms_that_are_in_alarm_are_told(client: Any) -> None:
    watch, prefix = client("cloudwatch"), f"payments-{uuid.uuid4().hex[:6]}"
    for name in (f"{prefix}-a", f"{prefix}-b"):
        watch.put_metric_alarm(
            AlarmName=name,
            Namespace="n",
            MetricName="m",
            ComparisonOperator="GreaterThanThreshold",
            Threshold=1,
            EvaluationPeriods=1,
            Period=60,
            Statistic="Sum",
        )
    watch.set_alarm_state(AlarmName=f"{prefix}-a", StateValue="ALARM", StateReason="said so")
    assert [(alarm.name, alarm.reason) for alarm in in_alarm(watch, prefix=prefix)] == [
        (f"{prefix}-a", "said so")
    ]
    assert [alarm.name for alarm in in_alarm(watch, names=[f"{prefix}-a", f"{prefix}-b"])] == [f"{prefix}-a"]
    assert in_alarm(watch) == []
