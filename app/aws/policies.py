"""Least privilege as policies: what the console, a guardian and a reader may do to exactly these resources. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.aws.appconfig import Place
from app.aws.scheduler import PREFIX

Policy = dict[str, Any]
LOCK = ".gameday-lock"  # what is beside a parameter that is held
LOCKS = "/gameday/"  # where the locks of what is no parameter are
AWS_OWNED = "alias/aws/"  # keys of AWS's own, which let everybody in the account in by way of the service

# Actions that AWS checks against no single resource, each with why. The docs have the same list.
EVERYWHERE: Mapping[str, str] = {
    "cloudwatch:GetMetricData": "metrics are no resources in IAM",
    "cloudwatch:GetMetricStatistics": "metrics are no resources in IAM",
    "cloudwatch:DescribeAlarms": "AWS leaves composite alarms out of a narrower permission",
    "tag:GetResources": "it looks for resources whose names are not known yet",
    "lambda:ListFunctions": "a listing is of the whole account and region",
    "ssm:DescribeParameters": "a listing is of the whole account and region",
    "iam:ListAccountAliases": "it is about the account",
    "appconfig:ListApplications": "a listing is of the whole account and region",
    "appconfig:ListDeploymentStrategies": "a listing is of the whole account and region",
    "appconfig:CreateDeploymentStrategy": "what is to be made has no ARN yet",
}


# By kind of store, what arming and putting back calls; and the resource, by IAM's prefix.
WRITES: Mapping[str, tuple[str, ...]] = {
    "ssm": ("ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameter", "ssm:GetParameterHistory"),
    "lambda-concurrency": (
        "lambda:GetFunctionConcurrency", "lambda:PutFunctionConcurrency", "lambda:DeleteFunctionConcurrency",
    ),
    "event-source-mapping": ("lambda:GetEventSourceMapping", "lambda:UpdateEventSourceMapping"),
    "events-rule": ("events:DescribeRule", "events:EnableRule", "events:DisableRule"),
}  # fmt: skip
RESOURCES: Mapping[str, tuple[str, str]] = {
    "ssm": ("ssm", "parameter/"),
    "lambda-concurrency": ("lambda", "function:"),
    "event-source-mapping": ("lambda", "event-source-mapping:"),
    "events-rule": ("events", "rule/"),
}
LOCKING = ("ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameter")
SWITCHING = ("scheduler:CreateSchedule", "scheduler:UpdateSchedule", "scheduler:DeleteSchedule")


class Part(StrEnum):
    RUN = "run"  # the console: looks, arms, disarms, makes the dead man's switch
    GUARDIAN = "guardian"  # `gameday guardian`: looks, and puts stores back
    READ = "read"  # looks


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What an environment consists of, by AWS's own names."""

    account: str
    region: str
    partition: str = "aws"
    parameters: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()  # of SecureStrings: ids, ARNs or aliases
    appconfig: tuple[Place, ...] = ()
    functions: tuple[str, ...] = ()  # that read a store
    log_groups: tuple[str, ...] = ()
    limited: tuple[str, ...] = ()  # functions whose reserved concurrency is leased
    mappings: tuple[str, ...] = ()  # UUIDs of event source mappings
    rules: tuple[str, ...] = ()  # `rule`, or `bus/rule`
    rules_enabled: tuple[str, ...] = ()  # those that experiments enable, so that restoring is disabling
    switch_role: str | None = None  # the ARN of the dead man's switch
    principal: str | None = None  # the ARN of whoever is to be allowed this
    recycle: bool = False
    metric_filters: bool = False

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def stores(self, kind: str, names: Iterable[str]) -> list[str]:
        """Their ARNs; AppConfig's are made of several."""
        service, within = RESOURCES[kind]
        implied = "default/" if kind == "events-rule" else "/"
        return [self.arn(service, f"{within}{name.removeprefix(implied)}") for name in names]


def lock_of(kind: str, name: str) -> str:
    """A parameter beside the store; for what is no parameter, one under a name of ours."""
    return f"{name}{LOCK}" if kind == "ssm" else f"{LOCKS}{kind}/{name.replace('/', '.')}{LOCK}"


def needed(kind: str, name: str, ground: Ground) -> list[tuple[str, str]]:
    """What arming one store and putting it back takes: actions, each with an ARN. Of AppConfig, the ground's place."""
    if kind == "appconfig":
        _, environment, deployments, profile, _ = _appconfig(ground)
        found = [("appconfig:CreateHostedConfigurationVersion", profile),
                 ("appconfig:StartDeployment", environment), ("appconfig:StopDeployment", deployments)]  # fmt: skip
    else:
        found = [(action, arn) for arn in ground.stores(kind, [name]) for action in WRITES[kind]]
    found += [(action, arn) for arn in ground.stores("ssm", [lock_of(kind, name)]) for action in LOCKING]
    switched = _schedules(ground) if kind == "ssm" else []
    return found + [(action, arn) for arn in switched for action in SWITCHING]


def policy(part: Part, ground: Ground) -> Policy:
    """A policy document; statements whose resources there are none of are left out."""
    statements = {Part.RUN: _run, Part.GUARDIAN: _guardian, Part.READ: _read}[part](ground)
    return {"Version": "2012-10-17", "Statement": _merged(one for one in statements if one["Resource"])}


def _merged(statements: Iterable[Policy]) -> list[Policy]:
    """One statement for the same resources under the same condition: AWS counts characters."""
    found: dict[str, Policy] = {}
    for one in statements:
        same = found.setdefault(f"{one['Resource']}{one.get('Condition')}", {**one, "Action": []})
        same["Action"] = list(dict.fromkeys([*same["Action"], *one["Action"]]))
    return list(found.values())


def _read(ground: Ground) -> Iterator[Policy]:
    yield _everywhere("Looking", ["cloudwatch:GetMetricData", "cloudwatch:GetMetricStatistics",
                      "cloudwatch:DescribeAlarms", "tag:GetResources", "lambda:ListFunctions",
                      "ssm:DescribeParameters", "iam:ListAccountAliases"])  # fmt: skip
    yield _may("Stores", ["ssm:GetParameter", "ssm:GetParameterHistory"], _parameters(ground))
    yield from _decrypting(ground, ["kms:Decrypt"])
    functions = [ground.arn("lambda", f"function:{name}") for name in (*ground.functions, *ground.limited)]
    yield _may(
        "Functions",
        ["lambda:GetFunction", "lambda:GetFunctionConfiguration", "lambda:ListAliases"],
        functions,
    )
    groups = [ground.arn("logs", f"log-group:{name}:*") for name in ground.log_groups]
    yield _may("Logs", ["logs:FilterLogEvents"], groups)
    yield _may("LogGroups", ["logs:DescribeLogGroups"], [ground.arn("logs", "log-group:*")] if groups else [])
    yield _may(
        "Limits", ["lambda:GetFunctionConcurrency", "lambda:GetFunctionConfiguration"], _limits(ground)
    )
    yield _may("Mappings", ["lambda:GetEventSourceMapping"], _mappings(ground))
    yield _may("Rules", ["events:DescribeRule"], _rules(ground, ground.rules))
    yield from _reading_appconfig(ground)
    yield _may("WhatMayI", ["iam:SimulatePrincipalPolicy"], filter(None, [ground.principal]))


def _guardian(ground: Ground) -> Iterator[Policy]:
    """Restores, and never arms: what it writes in Systems Manager has to be there already."""
    yield _everywhere("Looking", ["lambda:ListFunctions", "ssm:DescribeParameters"])
    yield _may(
        "Stores", ["ssm:GetParameter", "ssm:GetParameterHistory"], [*_parameters(ground), *_locks(ground)]
    )
    yield {
        **_may("Restoring", ["ssm:PutParameter"], _parameters(ground)),
        "Condition": {"StringEquals": {"ssm:Overwrite": "true"}},
    }
    yield _may("Removing", ["ssm:DeleteParameter"], [*_parameters(ground), *_locks(ground)])
    yield from _restoring(ground)
    rules = _rules(ground, ground.rules)
    yield _may("Rules", ["events:DescribeRule", "events:EnableRule"], rules)
    yield _may("RulesBackOff", ["events:DisableRule"], _rules(ground, ground.rules_enabled))
    yield _may("SwitchAway", ["scheduler:DeleteSchedule"], _schedules(ground))


def _run(ground: Ground) -> Iterator[Policy]:
    yield from _read(ground)
    stores = [*_parameters(ground), *_locks(ground)]
    yield _may("ArmingAndLocks", ["ssm:PutParameter", "ssm:DeleteParameter"], stores)
    yield _may("Locks", ["ssm:GetParameter"], _locks(ground))
    yield from _restoring(ground)
    rules = _rules(ground, ground.rules)
    yield _may("ArmingRules", ["events:EnableRule", "events:DisableRule"], rules)
    if ground.appconfig:
        yield _everywhere("Strategy", ["appconfig:CreateDeploymentStrategy"])
    groups = [ground.arn("logs", f"log-group:{name}:*") for name in ground.log_groups]
    yield _may("Counting", ["logs:PutMetricFilter"], groups if ground.metric_filters else [])
    yield _may("DeadMansSwitch", SWITCHING, _schedules(ground))
    yield {
        **_may("HandingItsRole", ["iam:PassRole"], filter(None, [ground.switch_role])),
        "Condition": {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}},
    }


def _restoring(ground: Ground) -> Iterator[Policy]:
    """Writes that arm and put back alike."""
    yield from _decrypting(
        ground, ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"], sid="KeysForWriting"
    )
    yield _may("SettingLimits", WRITES["lambda-concurrency"], _limits(ground))
    yield _may("SettingMappings", WRITES["event-source-mapping"], _mappings(ground))
    functions = [ground.arn("lambda", f"function:{name}") for name in ground.functions]
    calls = ["lambda:GetFunctionConfiguration", "lambda:UpdateFunctionConfiguration"]
    yield _may("Recycling", calls, functions if ground.recycle else [])
    yield from _reading_appconfig(ground, sid="DeployedBefore")
    calls = [
        "appconfig:CreateHostedConfigurationVersion",
        "appconfig:StartDeployment",
        "appconfig:StopDeployment",
    ]
    strategies = [ground.arn("appconfig", "deploymentstrategy/*")] if ground.appconfig else []
    yield _may("Deploying", calls, [*_appconfig(ground), *strategies])


def _reading_appconfig(ground: Ground, sid: str = "Deployed") -> Iterator[Policy]:
    if ground.appconfig:
        yield _everywhere(f"{sid}Where", ["appconfig:ListApplications", "appconfig:ListDeploymentStrategies"])
    calls = ["ListEnvironments", "ListConfigurationProfiles", "ListDeployments", "GetDeployment",
             "ListHostedConfigurationVersions", "GetHostedConfigurationVersion"]  # fmt: skip
    yield _may(sid, [f"appconfig:{call}" for call in calls], _appconfig(ground))


def _decrypting(ground: Ground, calls: list[str], sid: str = "Keys") -> Iterator[Policy]:
    """Only keys of one's own: those of AWS need no permission."""
    own = [key for key in ground.keys if not key.startswith(AWS_OWNED)]
    ids = [
        key if key.startswith("arn:") else ground.arn("kms", f"key/{key}") for key in own if not _alias(key)
    ]
    yield _may(sid, calls, ids)
    aliases = sorted(key.rpartition(":")[2] for key in own if _alias(key))
    yield {
        **_may(f"{sid}ByAlias", calls, [ground.arn("kms", "key/*")] if aliases else []),
        "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": aliases}},
    }


def _alias(key: str) -> bool:
    return key.rpartition(":")[2].startswith("alias/")


def _parameters(ground: Ground) -> list[str]:
    return ground.stores("ssm", ground.parameters)


def _locks(ground: Ground) -> list[str]:
    """Beside each parameter; for what is none, in a folder of ours."""
    others = (ground.appconfig, ground.limited, ground.mappings, ground.rules)
    folder = [ground.arn("ssm", f"parameter{LOCKS}*")] if any(others) else []
    return [f"{arn}{LOCK}" for arn in _parameters(ground)] + folder


def _limits(ground: Ground) -> list[str]:
    return ground.stores("lambda-concurrency", ground.limited)


def _mappings(ground: Ground) -> list[str]:
    return ground.stores("event-source-mapping", ground.mappings)


def _rules(ground: Ground, names: Iterable[str]) -> list[str]:
    return ground.stores("events-rule", names)


def _schedules(ground: Ground) -> list[str]:
    return [ground.arn("scheduler", f"schedule/default/{PREFIX}*")] if ground.switch_role else []


def _appconfig(ground: Ground) -> list[str]:
    found: dict[str, None] = {}
    for place in ground.appconfig:
        application = ground.arn("appconfig", f"application/{place.application}")
        profile = f"{application}/configurationprofile/{place.profile}"
        environment = f"{application}/environment/{place.environment}"
        found |= dict.fromkeys([application, environment, f"{environment}/deployment/*", profile,
                                f"{profile}/hostedconfigurationversion/*"])  # fmt: skip
    return list(found)


def _everywhere(sid: str, actions: Iterable[str]) -> Policy:
    if beyond := set(actions) - EVERYWHERE.keys():
        raise ValueError(f"{beyond} can be allowed for single resources.")
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": "*"}


def _may(sid: str, actions: Iterable[str], resources: Iterable[str]) -> Policy:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": list(dict.fromkeys(resources)),
    }
