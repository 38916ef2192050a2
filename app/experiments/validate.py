"""What Chaos Toolkit would refuse, found without importing what a file names. Pure.

The rules are those of `chaoslib.experiment.ensure_experiment_is_valid`, but for what depends on the machine:
modules, paths and environment variables. What it lets through and the run would then break on is refused, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.errors import Problem
from app.experiments.activities import Found, activities, provider
from app.experiments.document import Document, line_of
from app.experiments.extension import problems as extension_problems
from app.experiments.misspelt import misspelt
from app.experiments.runtime import runtime_problems
from app.experiments.tolerances import tolerance

HYPOTHESIS = "steady-state-hypothesis"
VARIABLE_TYPES = ("str", "string", "int", "integer", "float", "number", "bytes", "bool", "json")


def problems(document: Document, file: str) -> tuple[Problem, ...]:
    """All of them, each with its place and its remedy."""
    return document.problems or _placed(document, file, _experiment(document.content))


def of_extension(document: Document, file: str) -> tuple[Problem, ...]:
    """Those of our own extension, which Chaos Toolkit does not look into."""
    content = document.content
    return _placed(document, file, extension_problems(content)) if isinstance(content, dict) else ()


def warnings(document: Document, file: str) -> tuple[Problem, ...]:
    """Keys that Chaos Toolkit passes by without a word. They are no problems: it takes such a file, and so do we."""
    return () if document.problems else _placed(document, file, misspelt(document.content))


def _placed(document: Document, file: str, found: Found) -> tuple[Problem, ...]:
    """In the order of the file's lines."""
    placed = [
        Problem(message=message, path=path, file=file, line=line_of(document.lines, path))
        for path, message in found
    ]
    return tuple(sorted(placed, key=lambda one: one.line or 0))


def _experiment(content: Any) -> Found:
    if not isinstance(content, dict):
        yield "", "An experiment is an object with a title, a description and a method."
        return
    for name in ("title", "description"):
        if not isinstance(content.get(name), str) or not content[name].strip():
            yield name, f'The experiment has no {name}. Add one: "{name}": "…".'
    tags = content.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) and tag for tag in tags):
        yield "tags", "Tags are a list of words."
    yield from _around(content)
    known = frozenset(_names(content))
    if content.get("method") is None:
        yield "method", "The experiment has no method. Add a list of activities; it may be empty."
    for name in ("method", "rollbacks"):
        if name in content and content[name] is not None:
            yield from activities(content[name], name, known)
    if content.get("rollbacks", []) is None:
        yield "rollbacks", "Rollbacks are a list of activities. Leave it out where there is none."
    if HYPOTHESIS in content:
        yield from _hypothesis(content[HYPOTHESIS], known)
    yield from _controls(content)


def _names(content: Mapping[str, Any]) -> Iterator[str]:
    """What a `ref` can name: activities of the method and probes of the hypothesis."""
    hypothesis = content.get(HYPOTHESIS)
    for listed in (content.get("method"), hypothesis.get("probes") if isinstance(hypothesis, dict) else None):
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict) and isinstance(one.get("name"), str):
                yield one["name"]


def _hypothesis(hypothesis: Any, known: frozenset[str]) -> Found:
    if not isinstance(hypothesis, dict):
        yield HYPOTHESIS, "The steady-state hypothesis is an object with a title and probes."
        return
    if not hypothesis.get("title"):
        yield f"{HYPOTHESIS}.title", "The steady-state hypothesis has no title. Say what “works” means."
    probes, path = hypothesis.get("probes", []), f"{HYPOTHESIS}.probes"
    yield from activities(probes, path, known)
    for index, probe in enumerate(probes if isinstance(probes, list) else []):
        if isinstance(probe, dict):
            yield from tolerance(probe, f"{path}[{index}]")


def _around(content: Mapping[str, Any]) -> Found:
    """What stands beside hypothesis, method and rollbacks."""
    for name in ("configuration", "secrets"):
        if not isinstance(content.get(name, {}), dict):
            yield name, f"{name.capitalize()} is an object of names and values."
    yield from _configuration(content.get("configuration"))
    secrets = content.get("secrets")
    for name, group in secrets.items() if isinstance(secrets, dict) else ():
        if not isinstance(group, dict):
            yield f"secrets.{name}", "Secrets are grouped: an object of objects of names and values."
        else:
            yield from _secrets(group, f"secrets.{name}")
    yield from runtime_problems(content.get("runtime"))
    extensions = content.get("extensions") or []
    if not isinstance(extensions, list):
        yield "extensions", "Extensions are a list of objects, each with a name."
        return
    for index, extension in enumerate(extensions):
        called = extension.get("name") if isinstance(extension, dict) else None
        if not isinstance(called, str) or not called.strip():
            yield f"extensions[{index}]", "The extension has no name. Give it one."
    yield from extension_problems(content)


def _configuration(configuration: Any) -> Found:
    for name, value in configuration.items() if isinstance(configuration, dict) else ():
        path = f"configuration.{name}"
        if not isinstance(value, dict):
            continue
        if value.get("type") == "env":
            yield from _variable(value, path)
        if value.get("type") == "probe":
            yield from provider(value.get("provider"), f"{path}.provider", name)


def _variable(value: Mapping[str, Any], path: str) -> Found:
    if not isinstance(value.get("key"), str):
        yield path, "This names no environment variable. Add its key."
    if value.get("env_var_type") is not None and value["env_var_type"] not in VARIABLE_TYPES:
        words = f"There is no type “{value['env_var_type']}”. There are: {', '.join(VARIABLE_TYPES)}."
        yield f"{path}.env_var_type", words


def _secrets(value: Mapping[str, Any], path: str) -> Found:
    if value.get("type") == "env":
        if not isinstance(value.get("key"), str):
            yield path, "This names no environment variable. Add its key."
    elif value.get("type") != "vault":
        for name, inner in value.items():
            if isinstance(inner, dict):
                yield from _secrets(inner, f"{path}.{name}")


def _controls(content: Mapping[str, Any]) -> Found:
    """Those of the experiment, of its hypothesis and of every activity; a `ref` names any of them."""
    places = list(_holders(content))
    every = [
        (f"{path}.controls[{index}]".removeprefix("."), control)
        for path, holder in places
        if isinstance(holder.get("controls"), list)
        for index, control in enumerate(holder["controls"])
    ]
    known = [
        one.get("name") for _, one in every if isinstance(one, dict) and "ref" not in one and "name" in one
    ]
    for path, holder in places:
        if not isinstance(holder.get("controls", []), list):
            yield f"{path}.controls".removeprefix("."), "Controls are a list of objects."
    for path, control in every:
        yield from _control(control, path, known)


def _holders(content: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "", content
    hypothesis = content.get(HYPOTHESIS)
    if isinstance(hypothesis, dict):
        yield HYPOTHESIS, hypothesis
    probes = hypothesis.get("probes") if isinstance(hypothesis, dict) else None
    lists = {f"{HYPOTHESIS}.probes": probes, **{name: content.get(name) for name in ("method", "rollbacks")}}
    for path, listed in lists.items():
        for index, one in enumerate(listed if isinstance(listed, list) else []):
            if isinstance(one, dict):
                yield f"{path}[{index}]", one


def _control(control: Any, path: str, known: list[Any]) -> Found:
    if not isinstance(control, dict):
        yield path, "A control is an object with a name and a provider."
        return
    if "ref" in control and control["ref"] not in known:
        yield f"{path}.ref", f"There is no control “{control['ref']}” in this experiment."
    if not control.get("name"):
        yield path, "The control has no name. Give it one."
    by = control.get("provider")
    if not isinstance(by, dict):
        yield path, f"Control “{control.get('name')}” has no provider. Add one, for example type: python."
    elif by.get("type") == "python" and not (isinstance(by.get("module"), str) and by["module"]):
        yield (
            f"{path}.provider",
            f"The python provider of control “{control.get('name')}” has no module. Add it.",
        )
    if control.get("scope") and control["scope"] not in ("before", "after"):
        yield f"{path}.scope", "The scope of a control is before or after."
