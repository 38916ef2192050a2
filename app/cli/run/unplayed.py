"""A run that has no verdict to be told: what to do next, and what is left for a pipeline and for a machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Any

from app.cli.codes import BROKEN, REFUSED, UNREACHABLE, WITHOUT_VERDICT, Lost, code_of
from app.cli.run import files
from app.cli.run.asked import Asked
from app.cli.run.shown import put, say
from app.errors import GamedayError, Invalid, NotFound

UNPLAYED = "Nothing was played."
MAY_BE_ARMED = "What became of it is not known: A FAULT MAY STILL BE ARMED."


@contextmanager
def told(asked: Asked, server: str | None) -> Iterator[None]:
    """Whatever keeps a run from its verdict leaves the files that were asked for, and goes on, with a remedy."""
    try:
        yield
    except GamedayError as error:
        more = _remedy(error, server)
        said = (
            type(error)(_joined(str(error), more), problems=error.problems, **error.details)
            if more
            else error
        )
        _leave(asked, said)
        raise said from error
    except BaseException as error:
        _leave(asked, error)
        raise


@contextmanager
def kept_in_sight(run_id: int, then: str) -> Iterator[None]:
    """Of a run that was started. Where it is lost sight of: Lost, with `then`, the command to run next."""
    try:
        yield
    except GamedayError as error:
        sentence = error.details.get("said") or error
        raise Lost(f"Run {run_id}: {sentence} {MAY_BE_ARMED} {then}", run=run_id) from error
    except Exception:
        say(f"Run {run_id} was lost sight of. {MAY_BE_ARMED} {then}", sys.stderr)
        raise


def document(asked: Asked, error: BaseException) -> dict[str, Any]:
    """For a machine, in the report's own words as far as there is anything to report."""
    code = code_of(error)
    known = error if isinstance(error, GamedayError) else GamedayError(_sentence(error))
    return {
        "run": known.details.get("run") if isinstance(error, Lost) else None,
        "experiment": asked.source,
        "environment": asked.environment,
        "verdict": "not started" if code == REFUSED else None,
        "outcome": WITHOUT_VERDICT[code],
        "reason": str(known),
        "problems": [asdict(one) for one in known.problems],
        "findings": known.details.get("findings", []),
        "accept": known.details.get("accept", []),
        "exit_code": code,
    }


def _joined(said: str, more: str) -> str:
    """What ends in a command, to be copied, stays last."""
    return f"{said} {more}" if said.endswith((".", "?", "!")) else f"{more} {said}"


def _remedy(error: GamedayError, server: str | None) -> str:
    """What is to be said besides."""
    accept: Any = error.details.get("accept")
    if accept:
        return f"{UNPLAYED} Take it upon yourself: --accept {' --accept '.join(accept)}"
    if isinstance(error, NotFound) and str(error).startswith("There is no experiment"):
        there = f" --server {server}" if server else ""
        return f"`gameday experiments list{there}` has them."
    return UNPLAYED if code_of(error) in (REFUSED, UNREACHABLE) else ""


def _leave(asked: Asked, error: BaseException) -> None:
    if asked.junit and _may_be_written(asked):
        from app.reports.junit import unplayed

        outcome = WITHOUT_VERDICT[code_of(error)]
        with suppress(OSError):
            files.write(asked.junit, unplayed(asked.source, f"{outcome}: {_sentence(error)}"))
    if asked.output == "json":
        put(json.dumps(document(asked, error), indent=2, ensure_ascii=False))


def _may_be_written(asked: Asked) -> bool:
    """Where it may not (the experiment itself, for example) that was the mistake, and is told already."""
    try:
        files.check(asked)
    except Invalid:
        return False
    return True


def _sentence(error: BaseException) -> str:
    if code_of(error) == BROKEN:
        return f"{type(error).__name__}: {error}"
    return str(error) or "Interrupted before anything was started."
