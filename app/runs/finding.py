"""One thing that is to be said before a run: a sentence with its remedy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    REFUSAL = "refusal"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`accept`: the word by which a person takes a refusal upon themselves; empty where nobody can."""

    level: Level
    code: str  # stable, for scripts
    sentence: str
    remedy: str = ""
    accept: str = ""


def ok(code: str, sentence: str) -> Finding:
    return Finding(level=Level.OK, code=code, sentence=sentence)


def warning(code: str, sentence: str, remedy: str = "") -> Finding:
    return Finding(level=Level.WARNING, code=code, sentence=sentence, remedy=remedy)


def refusal(code: str, sentence: str, remedy: str, accept: str = "") -> Finding:
    return Finding(level=Level.REFUSAL, code=code, sentence=sentence, remedy=remedy, accept=accept)
