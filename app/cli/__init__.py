"""The `gameday` command. Commands import their rooms inside the function, so that --help is quick."""

from __future__ import annotations

import io
import sys

import click

from app.cli.codes import BROKEN, INTERRUPTED, code_of
from app.cli.commands import (
    doctor,
    ending,
    faults,
    iam,
    listings,
    notifying,
    running,
    schedules,
    serving,
    tokens,
    validating,
)
from app.errors import GamedayError
from app.logs import visible


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gameday", prog_name="gameday")
def gameday() -> None:
    """Game day: run chaos experiments on serverless pipelines, watch them, end them."""


COMMANDS: tuple[click.Command, ...] = (
    serving.serve,
    serving.sandbox,
    running.run,
    faults.faults,
    ending.guardian,
    ending.disarm,
    ending.stop_all,
    tokens.token,
    validating.validate,
    notifying.notify,
    listings.experiments,
    listings.runs,
    listings.environments,
    listings.signals,
    iam.iam,
    doctor.doctor,
    schedules.schedules,
)
for command in COMMANDS:
    gameday.add_command(command)


def main() -> None:
    """Run the command; an error is a sentence on stderr and an exit code; a traceback is a mistake of our own."""
    for stream in (sys.stdout, sys.stderr):  # a file may say what a terminal can not
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = gameday.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except GamedayError as error:
        click.echo(visible(f"gameday: {error}"), err=True)
        for problem in (one for one in error.problems if one.message not in str(error)):
            click.echo(visible(f"  {problem}"), err=True)
        code = code_of(error)
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted.", err=True)
        code = INTERRUPTED
    except Exception:  # noqa: BLE001  told in full, and never with the code of a verdict
        sys.excepthook(*sys.exc_info())
        code = BROKEN  # Python would end with 1, which of a run means "deviated"
    sys.exit(code if isinstance(code, int) else 0)
