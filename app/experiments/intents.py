"""What an experiment will write into fault stores, read before it runs. Pure but for `file://` values."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.experiments import extension
from app.experiments.commands import (
    AwsCommand,
    aws_command,
    failure_lambda_command,
    file_or_text,
    named_place,
)
from app.settings import Environment

Options = Mapping[str, str]
# What chaosaws is told in the experiment's configuration, by the options of `aws` that say the same.
PLACES = {"region": "aws_region", "profile": "aws_profile_name"}
Found = tuple[str, str, str]  # kind of store, its name, the value


@dataclass(frozen=True, kw_only=True)
class FaultIntent:
    """`store`: kind and name, `("ssm", "failureLambdaConfig")`. `value`: as it will stand there, always text."""

    store: tuple[str, str]
    value: str
    activity: str
    phase: str  # method or rollbacks
    index: int  # of the activity in its phase
    over: bool = False  # the value goes over what the store holds then, field by field
    version: str = ""  # AppConfig: the hosted version that is deployed, where its content stands elsewhere
    place: tuple[tuple[str, str], ...] = ()  # region, profile and address, as far as it names them itself

    def elsewhere(self, environment: Environment, region: str | None = None) -> str:
        """What of it names another account or region than the environment's; empty where nothing does.

        `region`: the environment's, where its settings have none; not known, no region is another one.
        """
        own = {
            "region": environment.region or region or dict(self.place).get("region"),
            "profile": environment.profile,
            "endpoint-url": (environment.endpoint_url or "").rstrip("/"),
        }
        return ", ".join(f"{name} {said}" for name, said in self.place if said.rstrip("/") != own[name])


def intents_of(
    activity: Mapping[str, Any], *, phase: str = "method", index: int = 0, folder: Path | None = None
) -> tuple[FaultIntent, ...]:
    """The store writes of one activity; none where a `${name}` is not known yet."""
    provider = activity.get("provider") or {}
    where: dict[str, Any] = {"activity": str(activity.get("name")), "phase": phase, "index": index}
    where["place"] = named_place(provider)
    if (fields := failure_lambda_command(provider)) is not None:
        return (FaultIntent(store=("ssm", fields[0]), value=json.dumps(fields[1]), over=True, **where),)
    command = aws_command(provider)
    found = _of_command(command, folder) if command else _of_python(provider)
    if found is None or "${" in found[1] or "`" in found[1] or "${" in found[2]:
        return ()
    version = command.options.get("configuration-version", "") if command else ""
    return (FaultIntent(store=found[:2], value=found[2], version=version, **where),)


def intents_in(document: Mapping[str, Any], phase: str, folder: Path) -> list[FaultIntent]:
    """Of every activity of a phase, those that only name another included, and of the `gameday` extension."""
    declared = extension.faults(document)
    found: list[FaultIntent] = []
    for index, activity in enumerate(activities(document, phase)):
        own = intents_of(activity, phase=phase, index=index, folder=folder)
        if not own and phase == "method":
            own = _declared(declared, str(activity.get("name")), index)
        place = _configured(activity, document)
        found += [
            _with_content(replace(intent, place=place or intent.place), document, folder) for intent in own
        ]
    return found


def _configured(activity: Mapping[str, Any], document: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Where chaosaws goes, by the experiment's configuration; empty for anything else."""
    if not str((activity.get("provider") or {}).get("module")).startswith("chaosaws."):
        return ()
    given = document.get("configuration") or {}
    return tuple((place, given[key]) for place, key in PLACES.items() if isinstance(given.get(key), str))


def activities(document: Mapping[str, Any], phase: str) -> list[Mapping[str, Any]]:
    """A phase's activities; a `ref` is what it names, with its own pauses."""
    hypothesis = document.get("steady-state-hypothesis") or {}
    every = [*(document.get("method") or []), *(hypothesis.get("probes") or [])]
    named = {one.get("name"): one for one in every if isinstance(one, Mapping) and "name" in one}
    listed = [one for one in document.get(phase) or [] if isinstance(one, Mapping)]
    return [{**named[one["ref"]], **one} if one.get("ref") in named else one for one in listed]


def _declared(declared: Sequence[extension.Declared], name: str, index: int) -> tuple[FaultIntent, ...]:
    return tuple(
        FaultIntent(store=one.store, value=one.value, activity=name, phase="method", index=index)
        for one in declared
        if one.activity == name
    )


def _with_content(intent: FaultIntent, document: Mapping[str, Any], folder: Path) -> FaultIntent:
    """A deployment's value is the content that an activity before it has made a version of."""
    if intent.store[0] != "appconfig" or intent.value:
        return intent
    application, _, profile = intent.store[1].split("/")
    for activity in reversed(activities(document, "method")):
        command = aws_command(activity.get("provider") or {})
        if command is None or command.operation != "create-hosted-configuration-version":
            continue
        same = command.options.get("application-id") == application
        if same and command.options.get("configuration-profile-id") == profile:
            content = file_or_text(command.options.get("content", ""), folder) or ""
            return replace(intent, value=content)
    return intent


def _of_command(command: AwsCommand, folder: Path | None) -> Found | None:
    build = COMMANDS.get((command.service, command.operation))
    options = _with_json(command.options, folder)
    return build(options, folder) if build and options is not None else None


def _with_json(options: Options, folder: Path | None) -> Options | None:
    """`--cli-input-json` holds the call's own members; options beside it win."""
    text = options.get("cli-input-json")
    if text is None:
        return options
    try:
        given = json.loads(file_or_text(text, folder) or "")
    except ValueError:
        return None
    if not isinstance(given, dict):
        return None
    members = {_dashed(name): _word(value) for name, value in given.items()}
    return {**members, **options}


def _dashed(member: str) -> str:
    """`ReservedConcurrentExecutions` → `reserved-concurrent-executions`; `UUID` → `uuid`."""
    if member.isupper():
        return member.lower()
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in member).lstrip("-")


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _parameter(options: Options, folder: Path | None) -> Found | None:
    name, text = options.get("name"), options.get("value")
    value = file_or_text(text, folder) if text is not None else None
    return ("ssm", name, value) if name and value is not None else None


def _deployment(options: Options, folder: Path | None) -> Found | None:
    del folder
    parts = [options.get(f"{one}-id", "") for one in ("application", "environment", "configuration-profile")]
    return ("appconfig", "/".join(parts), "") if all(parts) else None


def _concurrency(options: Options, folder: Path | None) -> Found | None:
    del folder
    name, limit = options.get("function-name"), options.get("reserved-concurrent-executions", "")
    return _limited(name, int(limit)) if name and limit.isdecimal() else None


def _limited(name: str, limit: int) -> Found:
    return ("lambda-concurrency", name, json.dumps({"ReservedConcurrentExecutions": limit}))


def _unlimited(options: Options, folder: Path | None) -> Found | None:
    del folder
    name = options.get("function-name")
    return ("lambda-concurrency", name, "") if name else None


def _mapping(options: Options, folder: Path | None) -> Found | None:
    del folder
    uuid = options.get("uuid")
    on = "enabled" in options and options["enabled"] != "false"
    if not uuid or not ({"enabled", "no-enabled"} & options.keys()):
        return None
    return _mapped(uuid, on=on)


def _mapped(uuid: str, *, on: bool) -> Found:
    return ("event-source-mapping", uuid, json.dumps({"Enabled": on}))


def _rule(state: str) -> Callable[[Options, Path | None], Found | None]:
    def build(options: Options, folder: Path | None) -> Found | None:
        del folder
        bus, name = options.get("event-bus-name"), options.get("name")
        return _ruled(f"{bus}/{name}" if bus else name, state) if name else None

    return build


def _ruled(name: str, state: str) -> Found:
    return ("events-rule", name, json.dumps({"State": state}))


COMMANDS: Mapping[tuple[str, str], Callable[[Options, Path | None], Found | None]] = {
    ("ssm", "put-parameter"): _parameter,
    ("appconfig", "start-deployment"): _deployment,
    ("lambda", "put-function-concurrency"): _concurrency,
    ("lambda", "delete-function-concurrency"): _unlimited,
    ("lambda", "update-event-source-mapping"): _mapping,
    ("events", "disable-rule"): _rule("DISABLED"),
    ("events", "enable-rule"): _rule("ENABLED"),
}
Given = Mapping[str, Any]
# Actions of chaostoolkit-aws 0.35 that write what a fault can be leased in.
ACTIONS: Mapping[tuple[str, str], Callable[[Given], Found]] = {
    ("chaosaws.ssm.actions", "put_parameter"): lambda given: ("ssm", str(given["name"]), str(given["value"])),
    ("chaosaws.awslambda.actions", "put_function_concurrency"): lambda given: _limited(
        str(given["function_name"]), int(given["concurrent_executions"])
    ),
    ("chaosaws.awslambda.actions", "delete_function_concurrency"): lambda given: (
        "lambda-concurrency", str(given["function_name"]), "",
    ),
    ("chaosaws.awslambda.actions", "toggle_event_source_mapping_state"): lambda given: _mapped(
        str(given["event_uuid"]), on=bool(given["enabled"])
    ),
    ("chaosaws.cloudwatch.actions", "disable_rule"): lambda given: _ruled(str(given["rule_name"]), "DISABLED"),
    ("chaosaws.cloudwatch.actions", "enable_rule"): lambda given: _ruled(str(given["rule_name"]), "ENABLED"),
}  # fmt: skip


def _of_python(provider: Mapping[str, Any]) -> Found | None:
    build = ACTIONS.get((str(provider.get("module")), str(provider.get("func"))))
    given = provider.get("arguments")
    if provider.get("type") != "python" or build is None or not isinstance(given, Mapping):
        return None
    try:
        return build(given)
    except (KeyError, TypeError, ValueError):  # an argument is missing, or a `${name}` that is not known yet
        return None
