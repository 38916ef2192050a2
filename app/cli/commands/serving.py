"""gameday serve, sandbox."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.commands.folder import FOLDER
from app.cli.commands.log import LOG


@click.command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; any but loopback requires signing in.",
)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--folder",
    default=".",
    type=FOLDER,
    help="Working folder, with gameday.toml and experiments/.  [default: .]",
)
@LOG
def serve(host: str, port: int, folder: Path, log: str | None) -> int:
    """Open the console on your own AWS environments.

    They are named in gameday.toml in the working folder; without one there is a single environment,
    `default`, with this process's own AWS configuration.
    """
    from app import logs
    from app.main import serve as open_console
    from app.runs.children import start_fork_server
    from app.settings import load

    logs.configure(log)
    settings = load(folder.resolve(), host=host, port=port)
    children = start_fork_server()  # before the first thread
    open_console(settings, children=children, opened=lambda url: click.echo(f"Game day is open on {url}"))
    return 0


@click.command()
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
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Working folder; it gets the examples if it has no experiments/.  [default: here, if there are experiments; "
    "else the examples]",
)
@LOG
def sandbox(
    port: int,
    aws_port: int,
    speed: str,
    log: str | None,
    folder: Path | None,
    *,
    no_browser: bool,
    reset: bool,
) -> int:
    """Open the console on a whole example pipeline, on this machine.

    An AWS emulator, real Node.js Lambdas with the real failure-lambda, and traffic. No AWS account and no
    Docker. Ctrl-C ends everything: runs first, then armed faults, the console, and the emulator last.
    """
    from app import logs
    from app.cli.sandbox import run

    logs.configure(log)
    return run(
        port=port, aws_port=aws_port, speed=int(speed), browser=not no_browser, reset=reset,
        folder=folder.resolve() if folder else None,
    )  # fmt: skip
