"""The console as one process: its rooms put together, its loops started, and a safe way to end.

Ending is the delicate part. With one page open, uvicorn does not reach a lifespan's end while the stream
lives, and a container is killed ten seconds after SIGTERM. So what keeps a fault from staying armed begins
in the signal handler: one signal to each run, faults disarmed, streams ended, and only then does the server
go down. A second Ctrl-C skips the wait for rollbacks, never the disarm.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import TextIO

import uvicorn

from app import crash
from app.access import Access
from app.aws import Aws
from app.clock import SystemClock
from app.dialects import DIALECTS
from app.errors import Problem, SettingsError
from app.evidence import Evidence
from app.experiments import Catalog
from app.faults import Faults, Guardian
from app.live import Live
from app.metrics import Metrics, Poller
from app.notifications import Notifications, Sender, channel_problems
from app.runs import Aftermath, ArmedSignals, Runs, Supervisor
from app.runs.children import Children, start_fork_server
from app.runs.preflight import Preflight
from app.runs.rooms import Patience
from app.sandbox.control import Control
from app.schedules import Calendars, Scheduler, Schedules
from app.settings import FILE, Settings
from app.storage.engine import opened
from app.usage import Usage
from app.web import create_app
from app.web.console import CatalogRoom, Console

LOGGER = logging.getLogger(__name__)
STREAMS_END_WITHIN = 3  # seconds that uvicorn waits for open requests
BY_SHUTDOWN = "the console, going down"


def prepare() -> Children:
    """Start the fork server that runs are born from. Call it before any thread exists."""
    return start_fork_server()


def serve(
    settings: Settings, *, children: Children, sandbox: Control | None = None, opened: Callable[[str], None]
) -> None:
    """Run the console until it is told to end.

    `opened` is called with the console's address, and how to sign in for the first time, once it answers.
    SettingsError where it can not start: a port in use, or another console in the same folder.
    """
    crash.refuse_outside_tests()
    refuse_unknown_dialects(settings)
    refuse_unusable_channels(settings)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with only_console(settings, told=address(settings)), listening(settings) as sockets:
        engine = assemble(settings, children=children, sandbox=sandbox)
        server = Server(engine, opened=lambda: opened(_told(settings, engine)))
        with server.signals():
            engine.start()
            try:
                server.run(sockets=[sockets])
            finally:
                engine.stop()


@dataclass
class Engine:
    """The rooms and the loops that move by themselves."""

    console: Console
    supervisor: Supervisor
    guardian: Guardian
    poller: Poller
    aftermath: Aftermath
    sender: Sender
    scheduler: Scheduler

    def start(self) -> None:
        self.attend()
        self.scheduler.start()
        self.scan_later()

    def attend(self) -> None:
        """All that a run needs, and nothing that starts one by itself.

        What a killed console left behind is repaired before anything new can start.
        """
        self.console.usage.start()
        self.supervisor.heal()
        self.supervisor.start()
        self.guardian.start()
        self.poller.start()
        self.aftermath.start()
        self.sender.start()

    def scan_later(self) -> None:
        """Look for armed values that no ledger holds. In a thread: a store that does not answer must not hold up the start."""
        threading.Thread(target=self.scan, name="scan", daemon=True).start()

    def scan(self) -> None:
        for name in self.console.settings.environments:
            try:
                self.console.faults.scan(name)
            except Exception:
                LOGGER.exception("The stores of %s could not be looked into.", name)

    def make_safe(self, *, hurry: threading.Event) -> None:
        """End every run and disarm every fault; `hurry` skips the wait for rollbacks."""
        faults = self.console.faults
        self.scheduler.close()
        try:
            self.supervisor.shutdown(hurry=hurry)
        finally:
            faults.disarm_each(faults.active(), by=BY_SHUTDOWN, why="the console was told to end")

    def still_armed(self) -> list[str]:
        return [
            f"{entry.store} ({entry.outcome or entry.state})"
            for entry in self.console.faults.active()
            if entry.may_fire
        ]

    def stop(self) -> None:
        self.scheduler.stop()
        self.aftermath.stop()
        self.poller.stop()
        self.guardian.stop()
        self.supervisor.stop()
        self.sender.stop()
        self.console.faults.close()  # locks are let go while AWS, or the emulator, is still there
        self.console.aws.close()
        self.console.usage.stop()
        self.console.storage.close()


def assemble(
    settings: Settings,
    *,
    children: Children,
    sandbox: Control | None = None,
    catalog: CatalogRoom | None = None,
    environ: Mapping[str, str] | None = None,
) -> Engine:
    """`catalog`, `environ`: of a single run without a console, whose file and variables are the caller's own."""
    clock, live = SystemClock(), Live()
    storage = opened(settings)
    usage = Usage(storage, clock, settings.environments)
    aws = Aws(settings.environments, meter=usage.meter)
    catalog = catalog or Catalog(settings.experiments)
    faults = Faults(storage=storage, aws=aws, clock=clock, live=live, environments=settings.environments)
    metrics = Metrics(storage=storage, aws=aws, clock=clock, live=live, environments=settings.environments)
    evidence = Evidence(aws=aws, clock=clock, environments=settings.environments)
    calendars = Calendars(
        settings.environments, folder=settings.folder, cache=settings.data / "calendars", clock=clock
    )
    runs = Runs(
        storage=storage, catalog=catalog, settings=settings, faults=faults, metrics=metrics, evidence=evidence,
        aws=aws, live=live, clock=clock, children=children, preflight=Preflight(
            faults=faults, aws=aws, evidence=evidence, metrics=metrics, clock=clock, patience=Patience(),
            usage=usage, blackout=calendars.blackout,
        ), environ=environ, meter=usage.meter,
    )  # fmt: skip
    signals = ArmedSignals(
        faults=faults, catalog=catalog, settings=settings, reading=runs.rooms.reading, run=runs.get
    )
    metrics.also, metrics.stopped = signals.queries, usage.stopped
    schedules = Schedules(
        storage=storage, catalog=catalog, settings=settings, runs=runs, clock=clock, calendars=calendars
    )
    console = Console(
        settings=settings, storage=storage, clock=clock, live=live, aws=aws, catalog=catalog, faults=faults,
        metrics=metrics, evidence=evidence, runs=runs, access=Access(storage, clock), sandbox=sandbox,
        notifications=Notifications(storage=storage, settings=settings, clock=clock, place=aws.identity),
        schedules=schedules, usage=usage,
    )  # fmt: skip
    guardian = Guardian(faults=faults, clock=clock)
    scheduler = Scheduler(schedules, storage, clock)
    console.lags |= {"guardian": guardian.lag, "scheduler": scheduler.lag}
    return Engine(
        console=console,
        supervisor=Supervisor(runs),
        guardian=guardian,
        poller=Poller(metrics),
        aftermath=Aftermath(faults=faults, evidence=evidence, metrics=metrics, signals=signals, clock=clock),
        sender=Sender(console.notifications),
        scheduler=scheduler,
    )


class Server(uvicorn.Server):
    """uvicorn that makes faults safe before it lets go of its connections."""

    def __init__(self, engine: Engine, *, opened: Callable[[], None]) -> None:
        app = create_app(engine.console)
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=STREAMS_END_WITHIN,
            )
        )
        self._engine = engine
        self._opened = opened
        self._hurry = threading.Event()
        self._ending: threading.Thread | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._opened()

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """Hold the handlers for the whole life of the console, not only while uvicorn serves."""
        before = {name: signal.signal(name, self.handle_exit) for name in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            if self._ending:
                self._ending.join()
            for name, handler in before.items():
                signal.signal(name, handler)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own would put the default handlers back, and raise the signal again, before we are done.
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        del sig, frame
        if self._ending is not None:
            self._hurry.set()
            return
        self._ending = threading.Thread(target=self._end, name="ending")
        self._ending.start()

    def _end(self) -> None:
        try:
            self._engine.make_safe(hurry=self._hurry)
            self._tell_what_is_armed()  # while the database is still open
        finally:
            self._engine.console.live.close()
            self.should_exit = True

    def _tell_what_is_armed(self) -> None:
        if armed := self._engine.still_armed():
            words = "; ".join(armed)
            LOGGER.critical("STILL ARMED: %s. The next start keeps trying; or disarm by hand.", words)


def _told(settings: Settings, engine: Engine) -> str:
    access = engine.console.access
    lines = [address(settings), invitation(settings, access) if access else ""]
    return "\n".join(filter(None, lines))


def address(settings: Settings) -> str:
    """Where this machine finds it."""
    host = "127.0.0.1" if settings.listens_everywhere else settings.host
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{settings.port}"


def invitation(settings: Settings, access: Access) -> str:
    """How to come in for the first time, where a login is required and no admin can yet; else empty."""
    secret = access.setup_link() if settings.login else None
    if secret is None:
        return ""
    host = next(iter(settings.allowed_hosts), "127.0.0.1" if settings.listens_everywhere else settings.host)
    return (
        "No admin can sign in yet. Open this once, within an hour, to be the first:\n"
        f"  {address(replace(settings, host=host))}/login?code={secret}"
    )


def refuse_unknown_dialects(settings: Settings) -> None:
    """A dialect that nobody speaks would be found out while arming, which is too late."""
    problems = tuple(
        Problem(
            message=f"There is no dialect “{dialect}”. There are: {', '.join(DIALECTS)}.",
            path=f"environments.{environment.name}.dialects.{store}",
            file=FILE,
        )
        for environment in settings.environments.values()
        for store, dialect in environment.dialects.items()
        if dialect not in DIALECTS
    )
    if problems:
        raise SettingsError(f"{FILE} can not be used:", problems=problems)


class FolderInUse(SettingsError):  # noqa: N818  it reads as a sentence
    """`holder`: what it said of itself, the address of a console; empty where it is not known."""

    def __init__(self, folder: Path, holder: str) -> None:
        known = f": {holder}" if holder else ""
        super().__init__(
            f"Another console is running in {folder}{known}. End it first, or start this one in another folder."
        )
        self.holder = holder

    @property
    def address(self) -> str:
        """Where it can be spoken to; empty where it is no console."""
        return self.holder if self.holder.startswith("http") else ""


def refuse_unusable_channels(settings: Settings) -> None:
    """A channel that can never deliver would be found out when somebody waits for its message."""
    if problems := channel_problems(settings):
        raise SettingsError(f"{FILE} can not be used:", problems=problems)


@contextlib.contextmanager
def only_console(settings: Settings, *, told: str = "") -> Iterator[TextIO]:
    """Hold the folder's lock: start-up repairs would end the runs of another console in the same folder.

    `told` is what others read there of who holds it.
    """
    with (settings.data / "console.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            raise FolderInUse(settings.folder, lock.read().strip()) from error
        lock.truncate(0)
        lock.write(told)
        lock.flush()
        yield lock


@contextlib.contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With the protocol named asyncio turns off Nagle's algorithm, which holds each answer back for 40 ms.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            raise SettingsError(
                f"Port {settings.port} on {settings.host} is in use ({error.strerror}). "
                f"Choose another one, for example --port {settings.port + 1}."
            ) from error
        listener.listen(2048)
        yield listener
