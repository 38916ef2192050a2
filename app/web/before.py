"""What is worth knowing before a run: preflight's findings, and that an experiment is code."""

from __future__ import annotations

from app.console import Console
from app.errors import GamedayError
from app.experiments import shell_lines
from app.runs import Wish
from app.runs.checks import Finding, Level, ok
from app.settings import Environment
from app.web.story import Story

IS_CODE = "An experiment is code: it runs commands as the user that the console runs as."


def before(console: Console, story: Story, environment: Environment) -> list[Finding]:
    """Refusals first. Never raises: a page that can not tell says why."""
    if story.reading is None:
        return [_unreadable(story.trouble or "The file could not be read.")]
    try:
        findings = console.runs.preflight(story.experiment.id, Wish(environment=environment.name))
    except GamedayError as error:
        findings = [_unreadable(str(error))]
    return [*findings, ok("code", _is_code(story))]


def _unreadable(why: str) -> Finding:
    return Finding(level=Level.REFUSAL, code="unreadable", sentence=why)


def _is_code(story: Story) -> str:
    names = dict.fromkeys(shell_lines(story.experiment.document))
    if not names:
        return IS_CODE
    told = ", ".join(f"“{name}”" for name in names)
    return f"{IS_CODE} A shell reads the arguments of {told}, since they are one text: it may run any other command, too."
