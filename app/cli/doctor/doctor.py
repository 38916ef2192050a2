"""Asks everything at once, and tells it."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

import click

from app.cli.doctor import here, there
from app.cli.doctor.asking import answers
from app.cli.doctor.finding import Finding, Level, ok, problem
from app.cli.listing import WIDTH, as_json
from app.clock import SystemClock
from app.errors import SettingsError
from app.settings import FILE, Environment, Settings, load

SIGNS = {Level.OK: "✓", Level.WARNING: "▲", Level.PROBLEM: "✕"}
PROBLEMS = 1  # exit code
NO_FILE = f"There is no {FILE}: one environment, `default`, with this process's own AWS configuration."


def doctor(
    folder: Path, *, environment: str | None, sandbox: bool, host: str, port: int, aws_port: int, output: str
) -> int:
    """0 where nothing is a problem, else 1. NotFound for an environment that there is not.

    `sandbox`: only what that needs, which is no environment in AWS.
    """
    settings, about = _settings(folder, host, port)
    places = _places(settings, environment) if about.level is Level.OK and not sandbox else []
    looks = [
        *here.looks(settings),
        *(here.of_sandbox(settings, aws_port) if sandbox else here.of_console(settings)),
        *(one for place in places for one in there.looks(place, SystemClock())),
    ]
    findings = [about, *answers(looks)]
    problems = sum(finding.level is Level.PROBLEM for finding in findings)
    if output == "json":
        click.echo(as_json({"problems": problems, "findings": [asdict(finding) for finding in findings]}))
    else:
        _tell(findings)
    return PROBLEMS if problems else 0


def _settings(folder: Path, host: str, port: int) -> tuple[Settings, Finding]:
    """What the file says; where it can not be used, what there would be without it, and why."""
    try:
        settings = load(folder, host=host, port=port)
    except SettingsError as error:
        said = "\n".join([str(error), *map(str, error.problems)])
        nothing = Settings(
            folder=folder,
            environments={"default": Environment(name="default")},
            default_environment="default",
            host=host,
            port=port,
        )
        return nothing, problem("settings", said, "Mend the file; docs/reference.md has its settings.")
    there_is = (folder / FILE).is_file()
    return settings, ok(
        "settings", f"{FILE} names {', '.join(settings.environments)}." if there_is else NO_FILE
    )


def _places(settings: Settings, environment: str | None) -> list[Environment]:
    return [settings.environment(environment)] if environment else list(settings.environments.values())


def _tell(findings: Sequence[Finding]) -> None:
    for about, group in groupby(findings, key=lambda finding: finding.about):
        click.echo("This machine" if about == "machine" else f"\nEnvironment {about}")
        for line in _lines(group):
            click.echo(line)
    count = {level: sum(finding.level is level for finding in findings) for level in Level}
    click.echo(f"\n{_many(count[Level.PROBLEM], 'problem')}, {_many(count[Level.WARNING], 'warning')}.")


def _lines(findings: Iterable[Finding]) -> Iterable[str]:
    width = shutil.get_terminal_size((WIDTH, 24)).columns
    for finding in findings:
        sign = f"  {SIGNS[finding.level]} "
        for text, first in ((finding.sentence, sign), (finding.remedy, "      ")):
            for line in text.splitlines():
                yield from textwrap.wrap(line, width, initial_indent=first, subsequent_indent="      " if text is finding.remedy else "    ",
                                         break_long_words=False, break_on_hyphens=False)  # fmt: skip
                first = "    "  # noqa: PLW2901  further lines of one finding


def _many(count: int, what: str) -> str:
    return f"{count or 'No'} {what}{'' if count == 1 else 's'}"
