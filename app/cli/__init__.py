"""The `gameday` command. Commands import their rooms inside the function, so that --help is quick."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from app.errors import GamedayError

FOLDER = click.Path(file_okay=False, exists=True, path_type=Path)
INTERRUPTED = 130  # what a shell says of a command that Ctrl-C ended


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gameday", prog_name="gameday")
def gameday() -> None:
    """Game day: run chaos experiments on serverless pipelines, watch them, end them."""


@gameday.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; loopback only.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--folder",
    default=".",
    type=FOLDER,
    help="Working folder, with gameday.toml and experiments/.  [default: .]",
)
def serve(host: str, port: int, folder: Path) -> int:
    """Open the console on your own AWS environments.

    They are named in gameday.toml in the working folder; without one there is a single environment,
    `default`, with this process's own AWS configuration.
    """
    from app.main import prepare
    from app.main import serve as open_console
    from app.settings import load

    settings = load(folder.resolve(), host=host, port=port)
    children = prepare()  # before the first thread
    open_console(settings, children=children, opened=lambda url: click.echo(f"Game day is open on {url}"))
    return 0


@gameday.command()
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="The console's port."
)
@click.option(
    "--aws-port", default=4566, show_default=True, type=click.IntRange(1, 65535), help="The AWS API's port."
)
@click.option(
    "--speed", default="1", show_default=True, type=click.Choice(["1", "5", "10"]), help="Compress time."
)
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.option("--reset", is_flag=True, help="Throw the sandbox's state away first.")
def sandbox(port: int, aws_port: int, speed: str, *, no_browser: bool, reset: bool) -> int:
    """Open the console on a whole example pipeline, on this machine.

    An AWS emulator, real Node.js Lambdas with the real failure-lambda, and traffic. No AWS account and no
    Docker. Ctrl-C ends everything: runs first, then armed faults, the console, and the emulator last.
    """
    from app.cli.sandbox import run

    return run(port=port, aws_port=aws_port, speed=int(speed), browser=not no_browser, reset=reset)


@gameday.command("stop-all")
@click.option("--environment", help="Only there.  [default: everywhere]")
@click.option("--why", default="", help="What others should know; every page shows it.")
@click.option("--server", help="Address of a running console, for example http://127.0.0.1:8000.")
@click.option("--folder", default=".", type=FOLDER, help="Without --server: the console's working folder.")
def stop_all(environment: str | None, why: str, server: str | None, folder: Path) -> int:
    """Engage the safety lever: disarm every fault, end every run, and let nothing start or arm.

    It stays engaged, across restarts, until a person disengages it on the Faults page. Without --server it works
    on the folder's own ledger, so that no console needs to be running.

    Exit codes: 0 nothing is armed any more, 1 something could not be disarmed yet.
    """
    from app.cli.stopping import here, there

    if server:
        return there(server, environment=environment, why=why)
    return here(folder.resolve(), environment=environment, why=why)


def main() -> None:
    """Run the command; an error is a sentence on stderr and an exit code, never a traceback."""
    try:
        code = gameday.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except GamedayError as error:
        click.echo(f"gameday: {error}", err=True)
        for problem in error.problems:
            click.echo(f"  {problem}", err=True)
        code = 2
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted.", err=True)
        code = INTERRUPTED
    sys.exit(code if isinstance(code, int) else 0)
