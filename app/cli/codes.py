"""What `gameday` ends with. Every exit code of a run stands here, and in docs/how-to/command-line.md.

Its verdict has its own. Everything else says whether anything was played, and whether it can be known.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.errors import Conflict, GamedayError, Unavailable

CODES: Mapping[str, int] = {
    "held": 0,
    "deviated": 1,  # as for `chaos run`
    "not started": 3,
    "inconclusive": 4,
    "stopped": 5,
    "failed": 6,
}
MISTAKE = 2  # in what was asked; nothing was played
REFUSED = CODES["not started"]  # whether at once or when its turn came; nothing was played
LOST = 7  # what became of it is not known: a fault may still be armed
UNREACHABLE = 69  # EX_UNAVAILABLE: the console, or AWS; nothing was played
BROKEN = 70  # EX_SOFTWARE: a mistake of our own, or a file that was wanted and is not there
INTERRUPTED = 130  # what a shell says of a command that Ctrl-C ended, here before anything was started
WITHOUT_VERDICT: Mapping[int, str] = {
    MISTAKE: "mistake",
    REFUSED: "refused",
    LOST: "lost",
    UNREACHABLE: "unreachable",
    BROKEN: "broken",
    INTERRUPTED: "interrupted",
}


class Lost(Unavailable):
    """Of a run that was started, or may have been: what became of it is not known."""


def code_of(error: BaseException) -> int:
    """Of what ended a command before there was a verdict."""
    if isinstance(error, Lost):
        return LOST
    if isinstance(error, Conflict) or (isinstance(error, GamedayError) and "findings" in error.details):
        return REFUSED
    if isinstance(error, Unavailable):
        return UNREACHABLE
    if isinstance(error, GamedayError):
        return MISTAKE
    return INTERRUPTED if isinstance(error, KeyboardInterrupt) else BROKEN
