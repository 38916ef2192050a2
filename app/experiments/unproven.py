"""Activities that change something nobody here can undo or prove. Pure.

What is known to read is left alone; what is a fault that the console leases is, too; the rest is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from app.experiments.commands import aws_command

READS = re.compile(
    r"(get|describe|list|head|filter|search|scan|query|wait|lookup|simulate|test|batch-get)(-|$)"
)
HARMLESS = frozenset({"sleep", "true", "false", "echo", "date", "printf", "cat", "ls", "test"})
HARMLESS_CALLS = frozenset({"time.sleep", "builtins.print", "os.getcwd", "os.getpid"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LONGEST = 80  # characters of a name in a sentence


@dataclass(frozen=True, kw_only=True)
class Unproven:
    """`what` is half a sentence: “runs `rm`”."""

    activity: str
    phase: str
    what: str


def unproven(activity: Mapping[str, Any], phase: str) -> Unproven | None:
    """None where the activity reads, or promises to: a probe."""
    provider = activity.get("provider") or {}
    if activity.get("type") == "probe":
        return None
    what = {"process": _process, "python": _python, "http": _http}.get(str(provider.get("type")), _other)(
        provider
    )
    return Unproven(activity=str(activity.get("name")), phase=phase, what=what) if what else None


def _process(provider: Mapping[str, Any]) -> str:
    command = aws_command(provider)
    if command is not None:
        return "" if READS.match(command.operation) else f"runs `aws {command.service} {command.operation}`"
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
