"""Text into a document whose every place has a line, or into the problem that prevents it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from app import regular
from app.errors import Problem
from app.experiments.plain import DEEPEST, TooDeepError, unplain

LARGEST = 256 * 1024  # bytes
LARGEST_WRITTEN_OUT = 4 * LARGEST  # characters, once every YAML alias is replaced by what it stands for
NODE = 4  # characters that a node counts for besides its own
LONGEST_PATH = 500  # characters; deeper places are told by the nearest one around them
TOO_DEEP = f"The file is nested deeper than {DEEPEST} levels."
TOO_LARGE = "With its aliases written out the file is too large. Use fewer of them."
MARK = "\ufeff"  # YAML allows it in front
SUFFIXES = (".json", ".yaml", ".yml")
# What PyYAML raises for values such as `!!int ""`, `!!bool x` and `!!timestamp x`, besides its own errors.
BROKEN_VALUES = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)


@dataclass(frozen=True, kw_only=True)
class Document:
    content: Any = None
    lines: Mapping[str, int] = field(default_factory=dict)  # `method[0].provider` → line, from 1
    problems: tuple[Problem, ...] = ()


def parse(path: Path, file: str) -> Document:
    """Read a JSON or YAML file.

    Depth and size beyond reason are refused, since they are bombs, and so is what no journal could hold.
    """
    try:
        text = regular.read_text(path.resolve(), most=LARGEST)
    except regular.TooLargeError:
        return _broken(file, None, f"The file is larger than {LARGEST // 1024} KiB. Split it.")
    except (OSError, UnicodeDecodeError, RuntimeError) as error:  # the last one of links in a circle
        return _broken(file, None, f"The file can not be read: {error}.")
    try:
        document = _json(text, file) if path.suffix == ".json" else _yaml(text, file)
        found = unplain(document.content)
    except (RecursionError, TooDeepError):
        return _broken(file, None, TOO_DEEP)
    except _TooLargeError:
        return _broken(file, None, TOO_LARGE)
    if found is None:
        return document
    place, sentence = found
    return _broken(file, line_of(document.lines, place), sentence, place)


def line_of(lines: Mapping[str, int], path: str) -> int | None:
    """Of the place itself, or of the nearest one around it that is there."""
    while path and path not in lines:
        path = path.rpartition(".")[0] if not path.endswith("]") else path.rpartition("[")[0]
    return lines.get(path)


def _json(text: str, file: str) -> Document:
    if text.startswith(MARK):
        return _broken(file, 1, "This is not JSON: a byte order mark comes before it. Save it without one.")
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        return _broken(file, error.lineno, f"This is not JSON: {error.msg} (column {error.colno}).")
    except ValueError as error:  # a number of thousands of digits
        return _broken(file, None, f"This is not JSON: {error}.")
    try:  # JSON is YAML, but for tabs
        node = yaml.compose(text.expandtabs(), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError):  # and but for rarities: then there are no line numbers
        return Document(content=content)
    return Document(content=content, lines=_lines(node) if node else {})


def _yaml(text: str, file: str) -> Document:
    try:
        loader = yaml.SafeLoader(text)
    except yaml.YAMLError as error:  # a character that YAML does not allow
        return _broken(file, None, f"This is not YAML: {error}.")
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
    except (yaml.YAMLError, *BROKEN_VALUES) as error:
        return _broken(file, None, f"This is not YAML: {error}.")
    finally:
        loader.dispose()


class _TooLargeError(Exception):
    pass


def _lines(root: yaml.Node) -> dict[str, int]:
    """The line of every place. What stands behind an alias has the line where it is written."""
    lines: dict[str, int] = {}
    _walk(root, "", lines, [LARGEST_WRITTEN_OUT], 0)
    return lines


def _walk(node: yaml.Node, path: str | None, lines: dict[str, int], left: list[int], depth: int) -> None:
    """An alias is walked wherever it stands, so that `left`, in characters, is used up as writing it out would."""
    if depth > DEEPEST:
        raise TooDeepError
    if path is not None:
        lines[path] = node.start_mark.line + 1
    _spend(left, node)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _spend(left, key)
            _walk(value, _below(path, f".{key.value}" if path else str(key.value)), lines, left, depth + 1)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, _below(path, f"[{index}]"), lines, left, depth + 1)


def _below(path: str | None, step: str) -> str | None:
    """None where the path would be so long that keeping one for every place below it costs gigabytes."""
    return None if path is None or len(path) + len(step) > LONGEST_PATH else path + step


def _spend(left: list[int], node: yaml.Node) -> None:
    left[0] -= NODE + (len(node.value) if isinstance(node, yaml.ScalarNode) else 0)
    if left[0] < 0:
        raise _TooLargeError


def _broken(file: str, line: int | None, message: str, path: str = "") -> Document:
    return Document(problems=(Problem(message=message, file=file, line=line, path=path),))
