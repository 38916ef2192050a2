"""Activities that change something nobody here can undo or prove. Pure.

What is known to read is left alone; what is a fault that the console leases is, too; the rest is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from app.dialects import DIALECTS, SWITCHED, any_armed, read_as, recognise
from app.dialects.documents import document
from app.experiments.commands import aws_command, failure_lambda_command, hides_more
from app.experiments.intents import FaultIntent

# Of what begins with `test`, some invoke what they test.
READS = re.compile(
    r"(get|describe|list|head|filter|search|scan|query|wait|lookup|simulate|batch-get)(-|$)"
    r"|test-(event-pattern|metric-filter)$"
)
HARMLESS = frozenset({"sleep", "true", "false", "echo", "date", "printf", "cat", "ls", "test"})
# Of AppConfig: a version that nobody reads before it is deployed.
HARMLESS_COMMANDS = frozenset({("appconfig", "create-hosted-configuration-version")})
HARMLESS_CALLS = frozenset({"time.sleep", "builtins.print", "os.getcwd", "os.getpid"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LONGEST = 80  # characters of a name in a sentence
MORE = "hands a shell more than one command"


@dataclass(frozen=True, kw_only=True)
class Unproven:
    """`what` is half a sentence: “runs `rm`”."""

    activity: str
    phase: str
    what: str
    elsewhere: bool = False  # a fault all the same, in a store that is not the environment's


def leased(intents: Iterable[FaultIntent]) -> frozenset[int]:
    """Of a phase's activities, by their place, those that arm a fault, or that write where one is armed already."""
    held: set[tuple[str, str]] = set()
    found: set[int] = set()
    for intent in intents:
        kind, _ = intent.store
        if arms(kind, intent.value) or intent.over or intent.version:
            held.add(intent.store)
        if intent.store in held or ends(kind, intent.value):
            found.add(intent.index)
    return frozenset(found)


def arms(kind: str, value: str) -> bool:
    spoken = (kind,) if kind in SWITCHED else DIALECTS
    return any(read_as(name, value) is not None for name in spoken)


def ends(kind: str, value: str) -> bool:
    """Whether every library takes the value for “off”. A setting of AWS that is lifted is a change like any other.

    Armed without being a fault is neither: chaos_lambda without a rate fails every invocation.
    """
    off = recognise(value) is not None or document(value) == {}
    return kind not in SWITCHED and off and not any_armed(value)


def unproven(activity: Mapping[str, Any], phase: str) -> Unproven | None:
    """None where the activity reads, or promises to: a probe."""
    provider = activity.get("provider") or {}
    if activity.get("type") == "probe":
        return None
    what = {"process": _process, "python": _python, "http": _http}.get(str(provider.get("type")), _other)(
        provider
    )
    return Unproven(activity=str(activity.get("name")), phase=phase, what=what) if what else None


def elsewhere(intent: FaultIntent, where: str) -> Unproven:
    what = f"writes {':'.join(intent.store)} elsewhere ({where})"
    return Unproven(activity=intent.activity, phase=intent.phase, what=what, elsewhere=True)


def beside(activity: Mapping[str, Any], phase: str) -> Unproven | None:
    """What an activity that arms a fault does besides, in the same line; None where it does nothing else."""
    provider = activity.get("provider") or {}
    read = aws_command(provider) or failure_lambda_command(provider)  # else the file itself says what it does
    more = read is not None and activity.get("type") != "probe" and hides_more(provider)
    return Unproven(activity=str(activity.get("name")), phase=phase, what=MORE) if more else None


def _process(provider: Mapping[str, Any]) -> str:
    command = aws_command(provider)
    if command is not None:
        harmless = READS.match(command.operation) or (command.service, command.operation) in HARMLESS_COMMANDS
        if not harmless:
            return f"runs `aws {command.service} {command.operation}`"
        return MORE if hides_more(provider) else ""
    name = PurePosixPath(str(provider.get("path"))).name
    shell = isinstance(provider.get("arguments"), str) and re.search(r"[;&|<>`$]", provider["arguments"])
    return "" if name in HARMLESS and not shell else f"runs `{name[:LONGEST]}`"


def _python(provider: Mapping[str, Any]) -> str:
    module, func = str(provider.get("module")), str(provider.get("func"))
    harmless = module.endswith((".probes", ".tolerances")) or f"{module}.{func}" in HARMLESS_CALLS
    return "" if harmless else f"calls {module}.{func}"[:LONGEST]


def _http(provider: Mapping[str, Any]) -> str:
    method = str(provider.get("method", "GET")).upper()
    return "" if method in SAFE_METHODS else f"sends {method} to {provider.get('url')}"[:LONGEST]


def _other(provider: Mapping[str, Any]) -> str:
    return f"uses the provider {provider.get('type')}"
