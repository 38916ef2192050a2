"""`gameday sandbox`: the whole lab on this machine."""

from __future__ import annotations

import contextlib
import importlib.util
import signal
import sys
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from app.cli.codes import INTERRUPTED, REFUSED
from app.errors import SettingsError
from app.sandbox.clients import isolate
from app.sandbox.control import Control
from app.sandbox.lifecycle import AlreadyRunning, Plan, Sandbox
from app.settings import Settings
from app.shipped import checkout, furnish

Serve = Callable[[Settings, Control], None]
COPIES = "gameday-sandbox"
NOT_INSTALLED = (
    "The sandbox is not part of this installation: it brings an AWS emulator. pip install 'gameday[sandbox]', "
    "or open the console on your own environments: gameday serve"
)


def run(
    *, port: int, aws_port: int, speed: int, browser: bool, reset: bool, folder: Path | None = None
) -> int:
    """Start everything, serve until told to end, end everything. Returns the exit code."""
    if importlib.util.find_spec("ministack") is None:
        raise SettingsError(NOT_INSTALLED)
    isolate()
    from app.main import serve
    from app.runs.children import start_fork_server

    children = start_fork_server()  # before the first thread

    def console(settings: Settings, control: Control) -> None:
        serve(settings, children=children, sandbox=control, opened=lambda url: opened(url, browser=browser))

    plan = Plan(folder=working_folder(folder), port=port, aws_port=aws_port, speed=speed)
    say(f"Working folder: {plan.folder}. What the sandbox keeps is in {plan.data}.")
    return run_with(console, plan=plan, reset=reset)


def run_with(serve: Serve, *, plan: Plan, reset: bool) -> int:
    """As `run`, with the console handed in."""
    try:
        with terminating(), Sandbox(plan, say=say) as sandbox:
            try:
                control = sandbox.start(reset=reset)
                serve(sandbox.settings(), control)
            finally:
                deaf()
                if sandbox.emulator:
                    say("Stopping traffic and emulator …")
        say("Everything is stopped.")
    except AlreadyRunning as error:
        sys.stderr.write(f"gameday: {error}\n")
        return REFUSED
    except KeyboardInterrupt:
        say("Interrupted. Everything is stopped.")
        return INTERRUPTED
    return 0


def working_folder(named: Path | None = None, *, here: Path | None = None) -> Path:
    """The one that was named, with examples where it has no experiments; else where you are, if there are any.

    Else the checkout that brought them. An installed program has none: there they are copied into a new folder.
    """
    if named is not None:
        return named if (named / "experiments").is_dir() else furnished(named)
    here = here or Path.cwd()
    if (here / "experiments").is_dir():
        return here
    return checkout() or furnished(here / COPIES)


def furnished(folder: Path) -> Path:
    if furnish(folder):
        say(f"The example experiments and workload are in {folder}, for you to edit.")
    return folder


def say(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        print(line, flush=True)


def opened(url: str, *, browser: bool) -> None:
    say(f"\nGame day is open on {url}   (Ctrl-C ends everything)")
    if browser:
        webbrowser.open(url)


@contextlib.contextmanager
def terminating() -> Iterator[None]:
    """Treat SIGTERM as Ctrl-C while starting; the console has its own way while it serves."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise KeyboardInterrupt

    before = {name: signal.signal(name, interrupt) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def deaf() -> None:
    """From here on a further Ctrl-C only delays what it asks for: stopping takes seconds."""
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
