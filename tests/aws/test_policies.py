"""The policies of `gameday iam`: every call of the code is in them, on exact resources, and nothing else."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from app.aws import Aws
from app.aws.appconfig import Place
from app.aws.policies import EVERYWHERE, LOCK, Ground, Part, Policy, needed, policy
from app.aws.policy_size import LARGEST, fitted, size
from app.faults.entry import KINDS
from app.settings import Environment
from tests.aws.test_functions import create, package
from tests.test_main import GAMEDAY
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
ARN = re.compile(r"arn:aws:[a-z]+:[a-z0-9-]*:\d{12}:[\w/:.*+=,@-]+")
# Client's name, and the prefix that IAM has for it.
SERVICES = {"ssm": "ssm", "lambda": "lambda", "appconfig": "appconfig", "events": "events", "scheduler": "scheduler",
            "cloudwatch": "cloudwatch", "logs": "logs", "iam": "iam", "resourcegroupstaggingapi": "tag", "kms": "kms",
            "sts": "sts"}  # fmt: skip
FREE = {"sts:GetCallerIdentity"}  # needs no permission
UNUSED = {"scheduler:ListSchedules"}  # in the code for tests and people, called by no room
# What no line of ours calls: made of others, or by experiments.
NOT_CALLED = {"iam:PassRole", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"}
FULL = Ground(
    account="123456789012", region="eu-central-1", parameters=("failureLambdaConfig", "/orders/chaos"),
    keys=("alias/aws/ssm", "alias/mine", "1234abcd"), appconfig=(Place(application="a1", environment="e1", profile="p1"),),
    functions=("OrderTransformer",), log_groups=("/aws/lambda/OrderTransformer",), limited=("Checkout",),
    mappings=("11111111-2222",), rules=("nightly", "bus/hourly"), switch_role="arn:aws:iam::123456789012:role/switch",
    principal="arn:aws:iam::123456789012:role/gameday", recycle=True, metric_filters=True,
)  # fmt: skip


def allowed(made: Policy) -> set[str]:
    return {action for one in made["Statement"] for action in one["Action"]}


def operations() -> set[str]:
    """Names of the calls of boto3's clients in the code, `get_parameter`: called, or paginated."""
    names = set()
    for file in (ROOT / "app").rglob("*.py"):
        if {"sandbox", "child"} & set(
            file.parts
        ):  # the emulator is no AWS; a run's own calls are its experiment's
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Attribute):
                names.add(node.attr)
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and re.fullmatch(r"[a-z_]+", node.value)
            ):
                names.add(node.value)
    return names


def called() -> dict[str, str]:
    """Each of them as IAM's action."""
    session, used, found = botocore.session.get_session(), operations(), {}
    for service, prefix in SERVICES.items():
        if service == "kms":  # asked by Systems Manager, never by us
            continue
        for operation in session.get_service_model(service).operation_names:
            if xform_name(operation) in used:
                found[f"{prefix}:{operation}"] = xform_name(operation)
    return found


def test_every_call_of_the_code_may_be_made_by_the_console_and_nothing_else_may() -> None:
    calls = set(called()) - FREE - UNUSED
    may = allowed(policy(Part.RUN, FULL))
    assert calls - may == set(), "the code calls what the policy does not allow"
    assert may - calls == NOT_CALLED, "the policy allows what nobody calls"


STORES = {
    "ssm": FULL.parameters, "appconfig": ("shop/prod/faults",), "lambda-concurrency": FULL.limited,
    "event-source-mapping": FULL.mappings, "events-rule": FULL.rules,
}  # fmt: skip


@pytest.mark.parametrize("partition", ["aws", "aws-us-gov", "aws-cn"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_asked_about_before_a_run_is_what_the_printed_policy_allows(
    kind: str, partition: str
) -> None:
    ground = replace(FULL, partition=partition)
    statements = [one for one in policy(Part.RUN, ground)["Statement"] if "Condition" not in one]
    for name in STORES[kind]:
        needs = needed(kind, name, ground)
        assert any(arn.endswith(LOCK) for _, arn in needs)
        assert any(action.startswith("scheduler:") for action, _ in needs) is (kind == "ssm")
        for action, arn in needs:
            assert arn.startswith(f"arn:{partition}:")
            assert any(
                action in one["Action"] and any(fnmatchcase(arn, allowed) for allowed in one["Resource"])
                for one in statements
            ), (action, arn)


def test_there_are_calls_to_be_found() -> None:
    assert {"ssm:PutParameter", "lambda:ListFunctions", "appconfig:StartDeployment"} <= set(called())


@pytest.mark.parametrize("part", list(Part))
@pytest.mark.parametrize("ground", [FULL, Ground(account="123456789012", region="eu-central-1")])
def test_a_policy_has_the_shape_that_iam_takes(part: Part, ground: Ground) -> None:
    made = policy(part, ground)
    assert set(made) == {"Version", "Statement"}
    sids = [one["Sid"] for one in made["Statement"]]
    assert len(set(sids)) == len(sids)
    known = {f"{prefix}:{name}" for service, prefix in SERVICES.items()
             for name in botocore.session.get_session().get_service_model(service).operation_names} | {"iam:PassRole"}  # fmt: skip
    for one in made["Statement"]:
        assert one["Sid"].isalnum()
        assert one["Effect"] == "Allow"
        assert set(one) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
        assert set(one["Action"]) <= known
        if one["Resource"] == "*":
            assert set(one["Action"]) <= EVERYWHERE.keys()
        else:
            assert one["Resource"]
            assert all(ARN.fullmatch(arn) for arn in one["Resource"]), one["Resource"]
    assert size(made) <= LARGEST


def test_a_reader_and_a_guardian_can_not_arm() -> None:
    writes = re.compile(r":(Put|Delete|Create|Update|Start|Stop|Enable|Disable|Pass)")
    assert not [one for one in allowed(policy(Part.READ, FULL)) if writes.search(one)]
    guardian = policy(Part.GUARDIAN, FULL)
    assert not {"events:DisableRule", "scheduler:CreateSchedule", "iam:PassRole"} & allowed(guardian)
    (put,) = (one for one in guardian["Statement"] if "ssm:PutParameter" in one["Action"])
    assert put["Condition"] == {"StringEquals": {"ssm:Overwrite": "true"}}
    assert not [arn for arn in put["Resource"] if arn.endswith(LOCK)]


def test_a_policy_that_is_too_large_is_made_to_fit_and_says_what_that_widened() -> None:
    names = tuple(f"orders-{number:03}-transformer" for number in range(200))
    many = Ground(account="123456789012", region="eu-central-1", functions=names, parameters=names,
                  log_groups=tuple(f"/aws/lambda/{name}" for name in names))  # fmt: skip
    for part in Part:
        whole = policy(part, many)
        made = fitted(whole)
        assert size(whole) > LARGEST >= size(made.policy)
        assert made.widened
        assert all(
            re.search(r":(parameter|function|log-group)[:/]\S*orders-\*$", one) for one in made.widened
        )
    assert fitted(policy(Part.RUN, FULL)).widened == ()


def test_the_docs_give_the_reason_of_every_star() -> None:
    page = (ROOT / "docs" / "reference" / "iam.md").read_text()
    for action, why in EVERYWHERE.items():
        assert f"`{action}`" in page, action
        assert why in page, action


@pytest.fixture
def place(emulated: Environment, tmp_path: Path) -> Iterator[tuple[Path, Aws]]:
    """A folder on an emulator that has a function with a parameter, and an experiment that limits another one."""
    aws = Aws({"test": emulated})
    create(aws, "iam-orders", package("0.4.4"), parameter="/iam/orders")
    aws.client("test", "ssm").put_parameter(Name="/iam/orders", Value="{}", Type="String")
    (tmp_path / "experiments").mkdir()
    limit = {"type": "process", "path": "aws", "arguments": "lambda put-function-concurrency --function-name Checkout "
             "--reserved-concurrent-executions 0"}  # fmt: skip
    document = {
        "title": "T",
        "description": "d",
        "method": [{"type": "action", "name": "limit", "provider": limit}],
    }
    (tmp_path / "experiments" / "limit.json").write_text(json.dumps(document))
    appconfig = aws.client("test", "appconfig")
    shop = appconfig.create_application(Name="iam-shop")["Id"]
    appconfig.create_environment(ApplicationId=shop, Name="prod")
    appconfig.create_configuration_profile(ApplicationId=shop, Name="faults", LocationUri="hosted")
    (tmp_path / "gameday.toml").write_text(
        f'[environments.test]\nregion = "us-east-2"\nendpoint = "{emulated.endpoint_url}"\n'
        'stores = ["appconfig:iam-shop/prod/faults"]\n'
    )
    yield tmp_path, aws
    aws.client("test", "lambda").delete_function(FunctionName="iam-orders")
    aws.client("test", "ssm").delete_parameter(Name="/iam/orders")


def printed(folder: Path, role: str) -> Policy:
    words = [GAMEDAY, "iam", "--environment", "test", "--role", role]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    made: Policy = json.loads(done.stdout)
    return made


def unconditional(made: Policy) -> Policy:
    """The emulator knows no condition keys of services: they are looked at above."""
    statements = [
        {name: value for name, value in one.items() if name != "Condition"} for one in made["Statement"]
    ]
    return {**made, "Statement": statements}


STORE = "arn:aws:ssm:us-east-2:000000000000:parameter/iam/orders"
CASES = [
    # action, resource, run, guardian, read
    ("ssm:GetParameter", STORE, True, True, True),
    ("ssm:PutParameter", STORE, True, True, False),
    ("ssm:PutParameter", f"{STORE}{LOCK}", True, False, False),
    ("ssm:DeleteParameter", f"{STORE}{LOCK}", True, True, False),
    ("ssm:PutParameter", "arn:aws:ssm:us-east-2:000000000000:parameter/somebody-elses", False, False, False),
    ("lambda:GetFunction", "arn:aws:lambda:us-east-2:000000000000:function:iam-orders", True, False, True),
    ("lambda:UpdateFunctionConfiguration", "arn:aws:lambda:us-east-2:000000000000:function:iam-orders", False, False, False),
    ("lambda:PutFunctionConcurrency", "arn:aws:lambda:us-east-2:000000000000:function:Checkout", True, True, False),
    ("logs:FilterLogEvents", "arn:aws:logs:us-east-2:000000000000:log-group:/aws/lambda/iam-orders:*", True, False, True),
    ("cloudwatch:GetMetricData", "*", True, False, True),
    ("s3:GetObject", "*", False, False, False),
]  # fmt: skip


@pytest.mark.sandbox
def test_what_is_printed_allows_on_an_emulator_what_each_role_does(place: tuple[Path, Aws]) -> None:
    folder, aws = place
    iam = aws.client("test", "iam")
    for number, role in enumerate(("run", "guardian", "read")):
        made = printed(folder, role)
        iam.create_policy(PolicyName=f"gameday-{role}", PolicyDocument=json.dumps(made))
        assert "iam-shop" not in json.dumps(made)  # AppConfig's ARNs are of ids
        writes = "appconfig:StartDeployment" in allowed(made)
        assert writes is (role != "read")
        for action, resource, *expected in CASES:
            answer: dict[str, Any] = iam.simulate_custom_policy(
                PolicyInputList=[json.dumps(unconditional(made))], ActionNames=[action], ResourceArns=[resource]
            )  # fmt: skip
            said = answer["EvaluationResults"][0]["EvalDecision"] == "allowed"
            assert said is expected[number], (role, action, resource)


def test_aws_that_does_not_answer_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "gameday.toml").write_text(
        '[environments.test]\nregion = "us-east-2"\nendpoint = "http://127.0.0.1:9"\n'
    )
    done = subprocess.run(
        [GAMEDAY, "iam"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 69
    assert done.stderr.startswith("gameday: AWS does not say who this is")
    assert done.stdout == ""
