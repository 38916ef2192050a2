"""The template, the experiments and the sandbox call the same things by the same names."""

import json
from pathlib import Path

import pytest
import yaml

from app.sandbox import names
from app.sandbox.package import WORKLOAD

FILES = Path(__file__).parents[2] / "experiments" / "serverless-etl"


class Template(yaml.SafeLoader):
    """Reads CloudFormation's short forms as their plain values."""


Template.add_multi_constructor("!", lambda loader, _tag, node: loader.construct_scalar(node))


@pytest.fixture(scope="module")
def resources():
    return yaml.load((WORKLOAD / "template.yaml").read_text(), Loader=Template)["Resources"]


def named(resources, kind, member):
    return {r["Properties"][member] for r in resources.values() if r["Type"] == kind}


def test_the_template_has_the_names_that_the_sandbox_uses(resources):
    queues = {names.JSON_QUEUE, names.CSV_QUEUE, names.PARKED_QUEUE, names.DEAD_LETTERS}
    assert named(resources, "AWS::SQS::Queue", "QueueName") == queues
    assert named(resources, "AWS::SNS::Topic", "TopicName") == {names.TOPIC}
    assert named(resources, "AWS::DynamoDB::Table", "TableName") == {names.TABLE}
    assert named(resources, "AWS::Lambda::Function", "FunctionName") == {names.FUNCTION}
    assert named(resources, "AWS::SSM::Parameter", "Name") == {names.PARAMETER}


def test_the_queue_never_brings_a_message_back_while_it_is_worked_on(resources):
    assert resources["Transformer"]["Properties"]["Timeout"] <= 12
    assert resources["JsonQueue"]["Properties"]["RedrivePolicy"]["maxReceiveCount"] == 3


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("Flight", "((2*json)-(FILL(csv,0)+FILL(writes,0)))/(2*json)*100"),
        ("Complete", "(FILL(csv,0)+FILL(writes,0))/(2*json)*100"),
        ("Error", "FILL(errors,0)/json*100"),
    ],
)
def test_a_steady_state_file_returns_its_expression_only(name, expression, resources):
    queries = json.loads((FILES / f"steadyState{name}.json").read_text())
    returned = [query for query in queries if query["ReturnData"]]
    assert [query["Expression"] for query in returned] == [expression]
    assert json.dumps(expression) in resources["Dashboard"]["Properties"]["DashboardBody"]
    for query in queries:
        if "MetricStat" in query:
            assert (query["MetricStat"]["Period"], query["MetricStat"]["Stat"]) == (300, "Sum")
            assert query["Label"] in ("messages in", "CSV out", "DynamoDB writes", "Lambda errors")


@pytest.mark.parametrize(
    ("name", "range_", "mode"),
    [
        ("exp_1-minor_delay", [-10, 80], '"failureMode": "latency"'),
        ("exp_2-dynamodb_disruption", [-10, 50], '"failureMode": "blacklist"'),
        ("exp_2-strict", [-10, 20], '"failureMode": "blacklist"'),
    ],
)
def test_the_experiments_are_the_labs(name, range_, mode):
    document = json.loads((FILES / f"{name}.json").read_text())
    probes = {probe["name"]: probe for probe in document["steady-state-hypothesis"]["probes"]}
    (action,) = document["method"]
    assert probes["messages-in-flight"]["tolerance"]["range"] == range_
    assert probes["normal-error-rates"]["tolerance"]["range"] == [0, 5]
    assert mode in action["provider"]["arguments"]
    assert '"rate": 0.5' in action["provider"]["arguments"]
    assert action["pauses"]["after"] == 300
