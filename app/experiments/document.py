"""Text into a document whose every place has a line, or into the problem that prevents it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from app.errors import Problem

LARGEST = 256 * 1024  # bytes
DEEPEST = 50
TOO_DEEP = f"The file is nested deeper than {DEEPEST} levels."
SUFFIXES = (".json", ".yaml", ".yml")


@dataclass(frozen=True, kw_only=True)
class Document:
    content: Any = None
    lines: Mapping[str, int] = field(default_factory=dict)  # `method[0].provider` → line, from 1
    problems: tuple[Problem, ...] = ()


def parse(path: Path, file: str) -> Document:
    """Read a JSON or YAML file. Aliases, depth and size beyond reason are refused, since they are bombs."""
    try:
        if path.stat().st_size > LARGEST:
            return _broken(file, None, f"The file is larger than {LARGEST // 1024} KiB. Split it.")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return _broken(file, None, f"The file can not be read: {error}.")
    return _json(text, file) if path.suffix == ".json" else _yaml(text, file)


def _json(text: str, file: str) -> Document:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        return _broken(file, error.lineno, f"This is not JSON: {error.msg} (column {error.colno}).")
    except RecursionError:
        return _broken(file, None, TOO_DEEP)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        return Document(content=content, lines=_lines(node) if node else {})
    except (RecursionError, _TooDeepError):
        return _broken(file, None, TOO_DEEP)
    except (yaml.YAMLError, ValueError):  # JSON is YAML, but for tabs: then there are no line numbers
        return Document(content=content)


def _yaml(text: str, file: str) -> Document:
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return _broken(
                file, 1, "The file is empty. An experiment has a title, a description and a method."
            )
        lines = _lines(node)  # before anything is built out of the nodes: it refuses bombs
        return Document(content=loader.construct_document(node), lines=lines)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        return _broken(file, line, f"This is not YAML: {error.problem or error.context}.")
    except (RecursionError, _TooDeepError):
        return _broken(file, None, TOO_DEEP)
    except _AliasError:
        return _broken(file, None, "YAML aliases are not supported here. Write the value out.")
    except (yaml.YAMLError, ValueError) as error:
        return _broken(file, None, f"This is not YAML: {error}.")
    finally:
        loader.dispose()


class _TooDeepError(Exception):
    pass


class _AliasError(Exception):
    pass


def _lines(root: yaml.Node) -> dict[str, int]:
    """The line of every place. An alias shows as a node that stands in more than one."""
    lines: dict[str, int] = {}
    _walk(root, "", lines, set(), 0)
    return lines


def _walk(node: yaml.Node, path: str, lines: dict[str, int], seen: set[int], depth: int) -> None:
    if depth > DEEPEST:
        raise _TooDeepError
    if id(node) in seen:
        raise _AliasError
    seen.add(id(node))
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _walk(value, f"{path}.{key.value}" if path else str(key.value), lines, seen, depth + 1)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, f"{path}[{index}]", lines, seen, depth + 1)


def _broken(file: str, line: int | None, message: str) -> Document:
    return Document(problems=(Problem(message=message, file=file, line=line),))
