"""What the doctor says of one thing, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"  # something will not work, or will work worse
    PROBLEM = "problem"  # the console can not do its work


@dataclass(frozen=True, kw_only=True)
class Finding:
    check: str  # a name that scripts can rely on
    level: Level
    sentence: str
    remedy: str = ""  # what to do; empty where all is well
    about: str = "machine"  # or the environment's name


def ok(check: str, sentence: str) -> Finding:
    return Finding(check=check, level=Level.OK, sentence=sentence)


def warning(check: str, sentence: str, remedy: str) -> Finding:
    return Finding(check=check, level=Level.WARNING, sentence=sentence, remedy=remedy)


def problem(check: str, sentence: str, remedy: str) -> Finding:
    return Finding(check=check, level=Level.PROBLEM, sentence=sentence, remedy=remedy)
