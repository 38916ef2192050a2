"""What Chaos Toolkit would refuse, found without importing what a file names. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.errors import Problem
from app.experiments.document import Document

RANGE_ENDS = 2
MOST_ACTIVITIES = 200
PROVIDERS = {"python": ("module", "func"), "process": ("path",), "http": ("url",)}
HYPOTHESIS = "steady-state-hypothesis"
Found = Iterator[tuple[str, str]]  # JSON path, sentence


def problems(document: Document, file: str) -> tuple[Problem, ...]:
    """All of them, each with its place and its remedy."""
    if document.problems:
        return document.problems
    return tuple(
        Problem(message=message, path=path, file=file, line=_line(document.lines, path))
        for path, message in _experiment(document.content)
    )


def _line(lines: Mapping[str, int], path: str) -> int | None:
    """Of the place itself, or of the nearest one around it that is there."""
    while path and path not in lines:
        path = path.rpartition(".")[0] if not path.endswith("]") else path.rpartition("[")[0]
    return lines.get(path)


def _experiment(content: Any) -> Found:
    if not isinstance(content, dict):
        yield "", "An experiment is an object with a title, a description and a method."
        return
    for name in ("title", "description"):
        if not isinstance(content.get(name), str) or not content[name].strip():
            yield name, f'The experiment has no {name}. Add one: "{name}": "…".'
    if not isinstance(content.get("method"), list):
        yield "method", "The experiment has no method. Add a list of activities; it may be empty."
    tags = content.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        yield "tags", "Tags are a list of words."
    for name in ("method", "rollbacks"):
        yield from _activities(content.get(name), name)
    if HYPOTHESIS in content:
        yield from _hypothesis(content[HYPOTHESIS])


def _activities(activities: Any, path: str) -> Found:
    if activities is None:
        return
    if not isinstance(activities, list):
        yield path, f"{path.capitalize()} is a list of activities."
        return
    if len(activities) > MOST_ACTIVITIES:
        yield path, f"There are more than {MOST_ACTIVITIES} activities. Split the experiment."
        return
    for index, activity in enumerate(activities):
        yield from _activity(activity, f"{path}[{index}]")


def _hypothesis(hypothesis: Any) -> Found:
    if not isinstance(hypothesis, dict):
        yield HYPOTHESIS, "The steady-state hypothesis is an object with a title and probes."
        return
    if not hypothesis.get("title"):
        yield f"{HYPOTHESIS}.title", "The steady-state hypothesis has no title. Say what “works” means."
    probes = hypothesis.get("probes", [])
    yield from _activities(probes, f"{HYPOTHESIS}.probes")
    for index, probe in enumerate(probes if isinstance(probes, list) else []):
        if isinstance(probe, dict) and "ref" not in probe:
            yield from _tolerance(probe, f"{HYPOTHESIS}.probes[{index}]")


def _tolerance(probe: Mapping[str, Any], path: str) -> Found:
    if "tolerance" not in probe:
        example = "tolerance: {type: range, range: [0, 10]}"
        yield path, f"probe “{probe.get('name')}” has no tolerance. Add one, for example: {example}"
        return
    tolerance = probe["tolerance"]
    if isinstance(tolerance, dict) and tolerance.get("type") == "range":
        ends = tolerance.get("range")
        if not (isinstance(ends, list) and len(ends) == RANGE_ENDS and all(_is_number(end) for end in ends)):
            yield f"{path}.tolerance", "A range is a list of two numbers, for example: range: [0, 10]"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _activity(activity: Any, path: str) -> Found:
    if not isinstance(activity, dict):
        yield path, "An activity is an object with a type, a name and a provider."
        return
    if "ref" in activity:
        return
    kind = activity.get("type")
    if kind not in ("probe", "action"):
        yield f"{path}.type", "The activity has no type. Write type: probe or type: action."
    name = activity.get("name")
    if not isinstance(name, str) or not name:
        yield f"{path}.name", "The activity has no name. Give it one."
    provider = activity.get("provider")
    if not isinstance(provider, dict):
        yield path, f"{kind or 'activity'} “{name}” has no provider. Add one, for example type: python."
        return
    yield from _provider(provider, f"{path}.provider", name)


def _provider(provider: Mapping[str, Any], path: str, name: Any) -> Found:
    kind = provider.get("type")
    if kind not in PROVIDERS:
        yield f"{path}.type", f"The provider of “{name}” is of no known type. It is python, process or http."
        return
    for key in PROVIDERS[kind]:
        if not isinstance(provider.get(key), str) or not provider[key]:
            yield path, f"The {kind} provider of “{name}” has no {key}. Add it."
    if kind == "python" and not isinstance(provider.get("arguments", {}), dict):
        yield f"{path}.arguments", "Arguments of a python provider are an object of names and values."
