"""What an experiment will write into fault stores, read before it runs. Pure but for `file://` values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.experiments.commands import aws_command, file_or_text


@dataclass(frozen=True, kw_only=True)
class FaultIntent:
    store: tuple[str, str]  # kind and name: ("ssm", "failureLambdaConfig")
    value: str
    activity: str
    phase: str  # method or rollbacks
    index: int  # of the activity in its phase


def intents_of(
    activity: Mapping[str, Any], *, phase: str = "method", index: int = 0, folder: Path | None = None
) -> tuple[FaultIntent, ...]:
    """The store writes of one activity; none where a `${name}` is not known yet."""
    command = aws_command(activity.get("provider") or {})
    if command is None or (command.service, command.operation) != ("ssm", "put-parameter"):
        return ()
    name, text = command.options.get("name"), command.options.get("value")
    value = file_or_text(text, folder) if text is not None else None
    if not name or value is None or "${" in name or "`" in name:
        return ()
    told = str(activity.get("name"))
    return (FaultIntent(store=("ssm", name), value=value, activity=told, phase=phase, index=index),)


def intents_in(activities: Sequence[Any], phase: str, folder: Path) -> list[FaultIntent]:
    return [
        intent
        for index, activity in enumerate(activities)
        if isinstance(activity, Mapping)
        for intent in intents_of(activity, phase=phase, index=index, folder=folder)
    ]
