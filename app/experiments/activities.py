"""What Chaos Toolkit would refuse of an activity and its provider. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

PROVIDERS = {"python": ("module", "func"), "process": ("path",), "http": ("url",)}
LONGEST_PAUSE = 365 * 86400  # seconds; beyond that it is a mistake, and far beyond no date can hold its end
Found = Iterator[tuple[str, str]]  # JSON path, sentence


def activities(listed: Any, path: str, known: frozenset[str]) -> Found:
    """`known`: the names that a `ref` may have."""
    if not isinstance(listed, list):
        yield path, f"{path.capitalize()} is a list of activities."
        return
    for index, one in enumerate(listed):
        yield from activity(one, f"{path}[{index}]", known)


def activity(value: Any, path: str, known: frozenset[str] | None = None) -> Found:
    if not isinstance(value, dict):
        yield path, "An activity is an object with a type, a name and a provider."
        return
    if known is not None and value.get("ref") is not None:
        if not isinstance(value["ref"], str) or value["ref"] not in known:
            words = f"There is no activity “{value['ref']}” in the method or the hypothesis."
            yield f"{path}.ref", f"{words} Name one that is there."
        return
    kind, name = value.get("type"), value.get("name")
    if kind not in ("probe", "action"):
        wrong = "The activity has no type" if kind is None else f"There is no activity of type “{kind}”"
        yield f"{path}.type", f"{wrong}. Write type: probe or type: action."
    if not isinstance(name, str) or not name:
        yield f"{path}.name", "The activity has no name. Give it one."
    yield from _timing(value, path)
    by = value.get("provider")
    if not isinstance(by, dict):
        yield (
            path,
            f"{kind or 'activity'} “{name or 'without a name'}” has no provider. Add one, for example type: python.",
        )
        return
    yield from provider(by, f"{path}.provider", name or f"the {kind or 'activity'} without a name")


def _timing(value: Mapping[str, Any], path: str) -> Found:
    if not isinstance(value.get("background", False), bool):
        yield f"{path}.background", "Background is true or false."
    timeout = value.get("timeout")
    if timeout is not None and not isinstance(timeout, int | float):
        yield f"{path}.timeout", "A timeout is a number of seconds."
    pauses = value.get("pauses", {})
    if not isinstance(pauses, dict):
        yield f"{path}.pauses", "Pauses are an object, for example: pauses: {after: 300}"
        return
    for when in ("before", "after"):
        if not _is_pause(pauses.get(when)):
            words = "A pause is a number of seconds, at most a year, or the name of one: ${name}"
            yield f"{path}.pauses.{when}", words


def _is_pause(value: Any) -> bool:
    if isinstance(value, int | float):
        return 0 <= value <= LONGEST_PAUSE
    return value is None or (isinstance(value, str) and value.startswith("${") and value.endswith("}"))


def provider(value: Any, path: str, name: Any) -> Found:
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in PROVIDERS:
        wrong = (
            f"There is no provider of type “{kind}”, which “{name}” has"
            if kind
            else f"The provider of “{name}” has no type"
        )
        yield f"{path}.type", f"{wrong}. It is python, process or http."
        return
    for key in PROVIDERS[kind]:
        if not isinstance(value.get(key), str) or not value[key]:
            yield path, f"The {kind} provider of “{name}” has no {key}. Add it."
    arguments = value.get("arguments", {})
    if kind == "python" and not isinstance(arguments, dict):
        yield f"{path}.arguments", "Arguments of a python provider are an object of names and values."
    if kind == "process" and not isinstance(arguments, str | list | dict):
        yield f"{path}.arguments", "Arguments of a process are a list of words, or one text for a shell."
    if kind == "http" and value.get("headers") and not isinstance(value["headers"], dict):
        yield f"{path}.headers", "Headers are an object of names and values."
