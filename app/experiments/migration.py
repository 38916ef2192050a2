"""An experiment file with its faults in another dialect: as little of its text changed as can be."""

from __future__ import annotations

import difflib
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

import yaml

from app.dialects import DIALECTS, any_armed, recognise, translate
from app.errors import Invalid
from app.experiments.intents import intents_of
from app.experiments.rewriting import with_value

Row = tuple[Literal["same", "changed", "gap"], str, str]
CONTEXT = 3  # lines around a change
Change = tuple[Any, Any]  # arguments before and after


@dataclass(frozen=True, kw_only=True)
class Migration:
    """`before` and `after` are the file's whole text; equal where nothing was to be translated."""

    file: str
    dialect: str
    before: str
    after: str
    changed: tuple[str, ...]  # names of activities

    @property
    def sha256(self) -> str:
        """Of the text that was looked at: whoever writes says what they have seen."""
        return hashlib.sha256(self.before.encode()).hexdigest()

    @property
    def unified(self) -> str:
        """As `diff -u` has it."""
        lines = (self.before.splitlines(keepends=True), self.after.splitlines(keepends=True))
        return "".join(difflib.unified_diff(*lines, self.file, f"{self.file} ({self.dialect})"))

    @property
    def rows(self) -> list[Row]:
        """Side by side, each change with some lines around it; a gap stands for lines that are the same."""
        return list(_rows(self.before.splitlines(), self.after.splitlines()))


def migrate(path: Path, file: str, dialect: str) -> Migration:
    """What the file would be. Nothing is written.

    Invalid for a dialect that is not spoken or can not say one of the faults, and where a value's place in the text
    is not found.
    """
    if dialect not in DIALECTS:
        raise Invalid(f"There is no dialect “{dialect}”. There are: {', '.join(DIALECTS)}.")
    before = path.read_text(encoding="utf-8")
    document = _parse(path, before)
    after, names = before, []
    for activity in _activities(document):
        for intent in intents_of(activity, folder=path.parent):
            new = _translated(intent.value, dialect, intent.activity)
            if new != intent.value and intent.store[0] in ("ssm", "appconfig"):
                after = _replaced(after, activity, new, path)
                names.append(intent.activity)
    _parse(path, after)
    return Migration(file=file, dialect=dialect, before=before, after=after, changed=tuple(names))


def write(path: Path, found: Migration) -> None:
    """The file as it would be: whole or not at all, with its mode."""
    beside = path.with_name(f".{path.name}.migrated")
    beside.write_text(found.after, encoding="utf-8")
    shutil.copymode(path, beside)
    beside.replace(path)


def _translated(value: str, dialect: str, activity: str) -> str:
    """Values that are off are told by their fields' names, and stay: every version knows `isEnabled`, but 1.x."""
    try:
        if any_armed(value):
            return translate(value, dialect)
        return (
            value
            if recognise(value) in (None, dialect) or _same_off(value, dialect)
            else DIALECTS[dialect].off()
        )
    except Invalid as refused:
        raise Invalid(f"“{activity}” can not be migrated. {refused}") from refused


def _same_off(value: str, dialect: str) -> bool:
    """Whether a value that is off is off in that dialect, too, by the same name."""
    found = recognise(value)
    camel = {"failure-lambda/0.2", "failure-lambda/0.x", "chaos_lambda/0.1"}
    return found in camel and dialect in camel


def _replaced(text: str, activity: Mapping[str, Any], value: str, path: Path) -> str:
    """The arguments in the file's text, found as they are written there."""
    arguments = (activity.get("provider") or {}).get("arguments")
    changed = with_value(activity["provider"], value)
    new = None if changed is None else changed.get("arguments")
    for old, fresh in _pairs(arguments, new):
        for written in _writings(old, path):
            if text.count(written) >= 1:
                return text.replace(written, _written(fresh, written))
    raise Invalid(
        f"Where “{activity.get('name')}” has its value in {path.name} could not be found. Edit it by hand."
    )


def _pairs(old: Any, new: Any) -> Iterator[tuple[str, str]]:
    """The texts that differ."""
    if isinstance(old, str) and isinstance(new, str):
        yield old, new
    elif isinstance(old, list) and isinstance(new, list):
        yield from ((str(a), str(b)) for a, b in zip(old, new, strict=False) if a != b)
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from ((str(old[key]), str(new[key])) for key in old if old[key] != new.get(key))


def _writings(text: str, path: Path) -> Iterator[str]:
    """How a text may stand in the file: as JSON, or plain in YAML."""
    yield json.dumps(text)
    yield json.dumps(text, ensure_ascii=False)
    if path.suffix != ".json":
        yield f"'{text.replace(chr(39), chr(39) * 2)}'"
        yield text


def _written(text: str, like: str) -> str:
    if like.startswith('"'):
        return json.dumps(text, ensure_ascii=False)
    return f"'{text.replace(chr(39), chr(39) * 2)}'" if like.startswith("'") else text


def _activities(document: Any) -> Iterator[Mapping[str, Any]]:
    for phase in ("method", "rollbacks"):
        for activity in document.get(phase) or []:
            if isinstance(activity, Mapping) and isinstance(activity.get("provider"), Mapping):
                yield activity


def _parse(path: Path, text: str) -> Any:
    try:
        document = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError) as error:
        raise Invalid(f"{path.name} can not be read: {error}") from error
    if not isinstance(document, Mapping):
        raise Invalid(f"{path.name} is no experiment.")
    return document


def _rows(before: list[str], after: list[str]) -> Iterator[Row]:
    for group in difflib.SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(CONTEXT):
        yield "gap", f"line {group[0][1] + 1}", f"line {group[0][3] + 1}"
        for tag, a, b, c, d in group:
            for one, two in zip_longest(before[a:b], after[c:d], fillvalue=""):
                yield ("same" if tag == "equal" else "changed"), one, two
