"""Errors as sentences: what, where, what to do. The class carries the HTTP status."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong with a file that a person wrote."""

    message: str  # a sentence with its remedy
    path: str = ""  # where inside the document: `steady-state-hypothesis.probes[1].tolerance`
    file: str = ""  # relative to the working folder
    line: int | None = None  # counted from 1

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part)
        return "  ".join(part for part in (place, self.path, self.message) if part)


def together(problems: Iterable[Problem]) -> str:
    """All of them in a row: `store: It is missing. Add it.`"""
    return " ".join(f"{one.path}: {one.message}" if one.path else one.message for one in problems)


class GamedayError(Exception):
    """Anything a person can be told. `retryable`: the same call may work later."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, problems: tuple[Problem, ...] = (), **details: object) -> None:
        super().__init__(message)
        self.problems = problems
        self.details = details  # extra members of the JSON answer, such as `run` of a busy store


class NotFound(GamedayError):  # noqa: N818  it reads as a sentence
    status = 404
    title = "Not found"


class Conflict(GamedayError):  # noqa: N818
    status = 409
    title = "Not possible now"


class Invalid(GamedayError):  # noqa: N818
    status = 422
    title = "Not valid"


class KeyReused(Invalid):
    """An Idempotency-Key is one request's own."""

    title = "That key was used for something else"


class Changed(GamedayError):  # noqa: N818
    """Somebody else was first: what was to be changed is not what was read any more."""

    status = 412
    title = "Changed meanwhile"


class Unconditional(GamedayError):  # noqa: N818
    status = 428
    title = "Say what it is a change of"


class Unavailable(GamedayError):  # noqa: N818
    status = 503
    title = "Not reachable"
    retryable = True


class SettingsError(GamedayError):
    """A mistake in gameday.toml or on the command line, found before anything starts."""

    title = "Settings"
