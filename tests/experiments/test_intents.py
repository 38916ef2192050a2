"""Fault intents wherever they stand, and what is told to be nobody's to undo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.experiments import read
from app.experiments.catalog import Catalog
from app.experiments.extension import StopCondition
from app.experiments.intents import intents_of
from app.experiments.unproven import MORE
from app.settings import Environment

ARMED = '{"isEnabled": true, "failureMode": "latency", "rate": 1}'
SSM = ("ssm", "p", ARMED)
LIMITED = ("lambda-concurrency", "f", '{"ReservedConcurrentExecutions": 0}')


def process(arguments: Any, path: str = "aws") -> dict[str, Any]:
    return {
        "type": "action",
        "name": "Arm",
        "provider": {"type": "process", "path": path, "arguments": arguments},
    }


def python(module: str, func: str, **arguments: Any) -> dict[str, Any]:
    provider = {"type": "python", "module": module, "func": func, "arguments": arguments}
    return {"type": "action", "name": "Arm", "provider": provider}


@pytest.mark.parametrize(
    ("activity", "found"),
    [
        (process(f"ssm put-parameter --name p --value '{ARMED}'"), SSM),
        (process(f"--region us-east-2 --no-cli-pager ssm put-parameter --name=p --value='{ARMED}'"), SSM),
        (process(["ssm", "put-parameter", "--name", "p", "--value", ARMED]), SSM),
        (process({"ssm": "put-parameter", "--name": "p", "--value": ARMED}), SSM),
        (process(["ssm", "put-parameter", "--cli-input-json", json.dumps({"Name": "p", "Value": ARMED})]), SSM),
        (process(["-c", f"aws ssm put-parameter --name p --value '{ARMED}'"], path="/bin/sh"), SSM),
        (process(f"ssm put-parameter --name p --value '{ARMED}'", path="/usr/local/bin/aws"), SSM),
        (process("lambda put-function-concurrency --function-name f --reserved-concurrent-executions 0"), LIMITED),
        (process("lambda delete-function-concurrency --function-name f"), ("lambda-concurrency", "f", "")),
        (process("lambda update-event-source-mapping --uuid u --no-enabled"), ("event-source-mapping", "u", '{"Enabled": false}')),
        (process("lambda update-event-source-mapping --enabled --uuid u"), ("event-source-mapping", "u", '{"Enabled": true}')),
        (process("events disable-rule --name nightly"), ("events-rule", "nightly", '{"State": "DISABLED"}')),
        (process("events enable-rule --name n --event-bus-name b"), ("events-rule", "b/n", '{"State": "ENABLED"}')),
        (python("chaosaws.ssm.actions", "put_parameter", name="p", value=ARMED, overwrite=True), SSM),
        (python("chaosaws.awslambda.actions", "put_function_concurrency", function_name="f", concurrent_executions=0), LIMITED),
        (python("chaosaws.awslambda.actions", "delete_function_concurrency", function_name="f"), ("lambda-concurrency", "f", "")),
        (python("chaosaws.awslambda.actions", "toggle_event_source_mapping_state", event_uuid="u", enabled=False), ("event-source-mapping", "u", '{"Enabled": false}')),
        (python("chaosaws.cloudwatch.actions", "disable_rule", rule_name="n"), ("events-rule", "n", '{"State": "DISABLED"}')),
        (process("enable latency --param p --region us-east-2", path="failure-lambda"), ("ssm", "p", '{"latency": {"enabled": true}}')),
        (process(["failure-lambda", "disable", "denylist", "--param=p"], path="npx"), ("ssm", "p", '{"denylist": {"enabled": false}}')),
    ],
)  # fmt: skip
def test_a_fault_is_recognised_however_it_is_written(
    activity: dict[str, Any], found: tuple[str, str, str]
) -> None:
    (intent,) = intents_of(activity)
    assert (*intent.store, intent.value) == found


@pytest.mark.parametrize(
    "activity",
    [
        process("ssm put-parameter --name ${unknown} --value x"),
        process(f"ssm put-parameter --name p --value '{ARMED}' && rm -rf x", path="sh"),
        process("ssm get-parameter --name p"),
        process("status --param p", path="failure-lambda"),
        process("enable latency --app a --env e --profile p", path="failure-lambda"),
        python("chaosaws.ssm.actions", "put_parameter", name="p"),
        python("chaosaws.awslambda.actions", "put_function_concurrency", function_name="f", concurrent_executions="${n}"),
    ],
)  # fmt: skip
def test_what_is_no_fault_or_not_known_yet_gives_none(activity: dict[str, Any]) -> None:
    assert intents_of(activity) == ()


def reading(folder: Path, **parts: Any) -> Any:
    folder.mkdir(exist_ok=True)
    document = {"title": "t", "description": "d", "method": [], "rollbacks": [], **parts}
    (folder / "one.json").write_text(json.dumps(document))
    experiment = Catalog(folder).load("one")
    assert not experiment.problems, experiment.problems
    return read(experiment, {}, environment=Environment(name="test", region="us-east-2"))


def test_a_deployment_of_appconfig_means_the_content_that_was_made_before_it(tmp_path: Path) -> None:
    made = process(
        f"appconfig create-hosted-configuration-version --application-id a --configuration-profile-id c --content '{ARMED}' out"
    )
    made["name"] = "Make"
    deployed = process(
        "appconfig start-deployment --application-id a --environment-id e --configuration-profile-id c "
        "--deployment-strategy-id s --configuration-version 4"
    )  # fmt: skip
    found = reading(tmp_path / "e", method=[made, deployed])
    (intent,) = found.intents
    assert (intent.store, intent.value, intent.version) == (("appconfig", "a/e/c"), ARMED, "4")


def test_what_a_ref_names_arms_as_well(tmp_path: Path) -> None:
    arm = process(f"ssm put-parameter --name p --value '{ARMED}'")
    found = reading(tmp_path / "e", method=[arm, {"ref": "Arm"}])
    assert [intent.index for intent in found.intents] == [0, 1]


def test_the_extension_says_what_no_argument_shows(tmp_path: Path) -> None:
    block = {
        "name": "gameday",
        "faults": [{"activity": "Arm", "store": "ssm:p", "value": {"isEnabled": True}}],
        "stop": [
            {"signal": "flight", "above": 40, "for": 60},
            {"no_data_for": 120},
            {"alarm_prefix": "payments-"},
        ],
    }
    probe = {**process("x"), "type": "probe", "name": "flight", "tolerance": 0}
    found = reading(
        tmp_path / "e", method=[process("x", path="my-tool")], extensions=[block],
        **{"steady-state-hypothesis": {"title": "h", "probes": [probe]}},
    )  # fmt: skip
    (intent,) = found.intents
    assert (intent.store, intent.value) == (("ssm", "p"), '{"isEnabled": true}')
    assert found.unproven == ()
    assert found.stop_conditions == (
        StopCondition(signal="flight", above=40, seconds=60.0),
        StopCondition(no_data_for=120),
        StopCondition(alarm_prefix="payments-"),
    )
    assert [condition.sentence for condition in found.stop_conditions] == [
        "flight is above 40 for 60 s",
        "a signal has no data for 120 s",
        "an alarm whose name begins with payments- is in ALARM",
    ]


@pytest.mark.parametrize(
    ("block", "path", "words"),
    [
        ({"fault": []}, "extensions[0].fault", "There are: name, faults, stop"),
        ({"faults": {}}, "extensions[0].faults", "list of objects"),
        ({"faults": [{"store": "ssm:p", "value": "x"}]}, "extensions[0].faults[0]", "has no activity"),
        ({"faults": [{"activity": "No", "store": "p", "value": "x"}]}, "extensions[0].faults[0].activity", "no activity “No”"),
        ({"faults": [{"activity": "Arm", "store": 5, "value": "x"}]}, "extensions[0].faults[0].store", "ssm:failureLambdaConfig"),
        ({"stop": [{"signal": "x"}]}, "extensions[0].stop[0]", "needs a bound"),
        ({"stop": [{"above": 5}]}, "extensions[0].stop[0]", "has one of"),
        ({"stop": [{"alarm": "a", "alarm_prefix": "b"}]}, "extensions[0].stop[0]", "has one of"),
        ({"stop": [{"signal": "x", "above": "high"}]}, "extensions[0].stop[0].above", "is a number"),
        ({"stop": [{"alarm_tag": "team"}]}, "extensions[0].stop[0].alarm_tag", "key=value"),
        ({"stop": ["soon"]}, "extensions[0].stop[0]", "is an object"),
        ({"stop": [{"signal": "flihgt", "above": 5}]}, "extensions[0].stop[0].signal", "has no signal “flihgt”. It has: none."),
        ({"stop": [{"alarm": "a", "for": 60}]}, "extensions[0].stop[0].for", "nothing would look at it"),
        ({"stop": [{"signal": "x", "no_data_for": 9, "above": 5}]}, "extensions[0].stop[0].above", "nothing would look at it"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_extension_has_its_place(
    tmp_path: Path, block: dict[str, Any], path: str, words: str
) -> None:
    document = {
        "title": "t", "description": "d", "method": [process("x")], "extensions": [{"name": "gameday", **block}],
    }  # fmt: skip
    (tmp_path / "one.json").write_text(json.dumps(document))
    problems = Catalog(tmp_path).load("one").problems
    assert any(problem.path == path and words in problem.message for problem in problems), problems


@pytest.mark.parametrize(
    ("activity", "what"),
    [
        (process("-rf x", path="/bin/rm"), "runs `rm`"),
        (process("s3 rm s3://bucket"), "runs `aws s3 rm`"),
        (process("lambda invoke --function-name f out"), "runs `aws lambda invoke`"),
        (process("hello | tee x", path="echo"), "runs `echo`"),
        (process("apigateway test-invoke-method --rest-api-id a"), "runs `aws apigateway test-invoke-method`"),
        (process("sts get-caller-identity && aws ssm put-parameter --name p --value x"), MORE),
        (process("sts get-caller-identity\naws ssm put-parameter --name p --value x\n"), MORE),
        (process("sts get-caller-identity;aws s3 rm s3://bucket"), MORE),
        (process("ssm get-parameter --name $(aws s3 rm s3://bucket)"), MORE),
        (process(["-c", "aws ssm get-parameter --name `aws s3 rm s3://bucket`"], path="sh"), MORE),
        (process(["-c", "aws sts get-caller-identity\naws s3 rm s3://bucket"], path="sh"), "runs `sh`"),
        (process(f"ssm put-parameter --name p --value '{ARMED}' && aws s3 rm s3://bucket"), MORE),
        (process("ssm put-parameter --name /prod/db-host --value nowhere"), "runs `aws ssm put-parameter`"),
        (process("ssm put-parameter --name p --value '{\"is_enabled\": true}'"), "runs `aws ssm put-parameter`"),
        (python("chaosaws.ssm.actions", "put_parameter", name="x", value="1"), "calls chaosaws.ssm.actions.put_parameter"),
        (process("events enable-rule --name nightly"), "runs `aws events enable-rule`"),
        (process("lambda delete-function-concurrency --function-name f"), "runs `aws lambda delete-function-concurrency`"),
        (python("chaosaws.ec2.actions", "stop_instance"), "calls chaosaws.ec2.actions.stop_instance"),
        ({"type": "action", "name": "Arm", "provider": {"type": "http", "url": "http://x", "method": "POST"}}, "sends POST to http://x"),
    ],
)  # fmt: skip
def test_what_nobody_can_undo_is_told(tmp_path: Path, activity: dict[str, Any], what: str) -> None:
    found = reading(tmp_path / "e", method=[activity])
    assert [(one.activity, one.what) for one in found.unproven] == [("Arm", what)]


@pytest.mark.parametrize(
    "activity",
    [
        process(f"ssm put-parameter --name p --value '{ARMED}'"),
        process("ssm put-parameter --name p --value '{}'"),
        process("ssm put-parameter --name p --value '{\"is_enabled\": false}'"),
        process("events disable-rule --name nightly"),
        process("appconfig create-hosted-configuration-version --application-id a --content x out"),
        process("cloudwatch get-metric-data --x y"),
        process("events test-event-pattern --event-pattern {} --event {}"),
        process(
            "cloudwatch get-metric-data --start-time `date -u -d '5 min ago' +%s` --query 'a[?b==`1`] | [0]'"
        ),
        process("cloudwatch get-metric-data \\\n  --x 'y; z' > out.json 2>&1\n"),
        process("lambda wait function-active --function-name f"),
        process("5", path="sleep"),
        python("chaosaws.cloudwatch.probes", "get_metric_statistics"),
        {"type": "probe", "name": "Arm", "provider": {"type": "process", "path": "my-check"}},
        {"type": "action", "name": "Arm", "provider": {"type": "http", "url": "http://x"}},
    ],
)
def test_faults_and_reads_are_not_told(tmp_path: Path, activity: dict[str, Any]) -> None:
    assert reading(tmp_path / "e", method=[activity]).unproven == ()


PUT = f"ssm put-parameter --name p --value '{ARMED}'"


@pytest.mark.parametrize(
    ("activity", "where", "configuration"),
    [
        (process(f"{PUT} --region eu-west-1"), "region eu-west-1", {}),
        (process(f"--profile other {PUT}"), "profile other", {}),
        (process(f"{PUT} --region ${{place}}"), "region eu-west-1", {"place": "eu-west-1"}),
        (process(["ssm", "put-parameter", "--endpoint-url", "http://x", "--name", "p", "--value", ARMED]), "endpoint-url http://x", {}),
        (python("chaosaws.ssm.actions", "put_parameter", name="p", value=ARMED), "region eu-west-1", {"aws_region": "eu-west-1"}),
    ],
)  # fmt: skip
def test_a_fault_in_another_account_or_region_is_nobodys_to_lease(
    tmp_path: Path, activity: dict[str, Any], where: str, configuration: dict[str, str]
) -> None:
    found = reading(tmp_path / "e", method=[activity], rollbacks=[activity], configuration=configuration)
    assert found.intents == ()
    assert [(one.activity, one.what) for one in found.unproven] == [
        ("Arm", f"writes ssm:p elsewhere ({where})")
    ]


def test_a_fault_in_the_environments_own_region_is_one(tmp_path: Path) -> None:
    found = reading(tmp_path / "e", method=[process(f"{PUT} --region us-east-2")])
    assert (len(found.intents), found.unproven) == (1, ())


def test_what_is_written_where_the_method_has_armed_a_fault_is_put_back_with_it(tmp_path: Path) -> None:
    off = {**process("events disable-rule --name nightly"), "name": "Off"}
    on = {**process("events enable-rule --name nightly"), "name": "On"}
    odd = {**process("ssm put-parameter --name p --value odd"), "name": "Odd"}
    found = reading(
        tmp_path / "e", method=[off, on, process(f"ssm put-parameter --name p --value '{ARMED}'"), odd]
    )
    assert found.unproven == ()
    found = reading(tmp_path / "e", method=[on, off, odd])
    assert [one.activity for one in found.unproven] == ["On", "Odd"]


def test_of_two_activities_of_one_name_each_is_looked_at(tmp_path: Path) -> None:
    method = [process(f"ssm put-parameter --name p --value '{ARMED}'"), process("-rf x", path="rm")]
    assert [one.what for one in reading(tmp_path / "e", method=method).unproven] == ["runs `rm`"]


def test_rollbacks_and_hypothesis_are_not_judged(tmp_path: Path) -> None:
    assert reading(tmp_path / "e", rollbacks=[process("-rf x", path="rm")]).unproven == ()
