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


@gameday.command()
@click.argument("experiment")
@click.option("--server", default="http://127.0.0.1:8000", show_default=True, help="A running console.")
@click.option("--environment", help="Where.  [default: the console's]")
@click.option("--check", is_flag=True, help="Say what preflight finds, and start nothing.")
@click.option("--accept", multiple=True, help="A refusal of preflight that you take upon yourself: unproven.")
@click.option("--no-wait", is_flag=True, help="Do not wait for the verdict.")
def run(
    experiment: str,
    server: str,
    environment: str | None,
    accept: tuple[str, ...],
    *,
    check: bool,
    no_wait: bool,
) -> int:
    """Run an experiment on a console and wait for its verdict. Ctrl-C rolls back, and waits.

    Exit codes: 0 held, 1 deviated, 2 a mistake in what was asked, 3 not started, 4 inconclusive (the fault never
    armed or never fired, for example), 5 stopped, 6 failed.
    """
    from app.cli.running import check as look
    from app.cli.running import run as start

    if check:
        return look(server, experiment, environment)
    body = {"environment": environment, "accept": list(accept)}
    return start(server, experiment, {k: v for k, v in body.items() if v}, wait=not no_wait)


@gameday.command()
@click.option("--folder", default=".", type=FOLDER, help="The console's working folder.  [default: .]")
@click.option("--once", is_flag=True, help="Look once, and end.")
def guardian(folder: Path, *, once: bool) -> int:
    """Disarm what is past its deadline or whose run is gone, with no console running. A second one does no harm.

    Exit codes: 0 nothing is armed, 1 something is (within its deadline, or it could not be disarmed yet).
    """
    from app.cli.guarding import guard

    return guard(folder.resolve(), once=once)


@gameday.command()
@click.argument("stores", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Everything that is armed.")
@click.option("--environment", help="Only there.  [default: everywhere]")
@click.option("--folder", default=".", type=FOLDER, help="The console's working folder.  [default: .]")
def disarm(stores: tuple[str, ...], *, everything: bool, environment: str | None, folder: Path) -> int:
    """Switch faults off by hand: --all, or STORES such as ssm:failureLambdaConfig.

    With --all the ledger's faults are put back as they were; then every store that a function reads is looked into,
    and an armed value is switched off. Without a usable database it does the second alone.

    Exit codes: 0 nothing is armed any more, 1 something is.
    """
    from app.cli.guarding import disarm as switch_off

    return switch_off(folder.resolve(), stores=stores, everything=everything, environment=environment)


@gameday.group()
def faults() -> None:
    """Fault configurations in files."""


@faults.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", "dialect", required=True, help="For example failure-lambda/0.x.")
@click.option("--write", is_flag=True, help="Write the file.  [default: only show the difference]")
def migrate(file: Path, dialect: str, *, write: bool) -> int:
    """Translate the faults in an experiment FILE to another dialect.

    Exit codes: 0 shown or written, 2 where a fault can not be said in that dialect.
    """
    from app.cli.migrating import migrate as translate

    return translate(file, dialect, write=write)


@gameday.group()
def token() -> None:
    """Let people and programs in, where the console listens beyond this machine."""


ROLE = click.Choice(["viewer", "runner", "author", "admin"])
WHERE = click.option("--folder", default=".", type=FOLDER, help="The console's working folder.  [default: .]")


@token.command("create")
@click.argument("name")
@click.option("--scope", type=ROLE, required=True, help="What it may do: the role that it carries.")
@click.option(
    "--days", default=90, show_default=True, type=click.IntRange(1, 366), help="How long it is good."
)
@WHERE
def token_create(name: str, scope: str, days: int, folder: Path) -> int:
    """Make an API token for NAME, and print it once: `Authorization: Bearer …`, or GAMEDAY_TOKEN for this command.

    viewer: look, and end faults and runs. runner: start runs and arm. author: change experiments, which are code.
    admin: everything.
    """
    from app.cli.tokens import create

    return create(folder.resolve(), name=name, role=scope, days=days)


@token.command("link")
@click.argument("name")
@click.option("--role", type=ROLE, required=True, help="What NAME may do in the console.")
@click.option(
    "--url", default="http://127.0.0.1:8000", show_default=True, help="Where NAME opens the console."
)
@WHERE
def token_link(name: str, role: str, url: str, folder: Path) -> int:
    """Print a one-time link that signs NAME's browser in. It is good for a day."""
    from app.cli.tokens import link

    return link(folder.resolve(), name=name, role=role, url=url)


@token.command("list")
@WHERE
def token_list(folder: Path) -> int:
    """Every link, session and token that lets somebody in now."""
    from app.cli.tokens import listed

    return listed(folder.resolve())


@token.command("revoke")
@click.argument("number", type=int)
@WHERE
def token_revoke(number: int, folder: Path) -> int:
    """Shut out the link, session or token with that NUMBER, and the sessions that came of it, at once."""
    from app.cli.tokens import revoke

    return revoke(folder.resolve(), number)


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
