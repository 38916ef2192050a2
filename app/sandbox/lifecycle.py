"""Starts the sandbox step by step, and ends it in the order that loses nothing.

Emulator, deployment package, stack, handler, traffic. The emulator has a session of its own and outlives a
console that is killed; the next start finds it again, with everything in it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from app.errors import Conflict, SettingsError
from app.sandbox import handler
from app.sandbox.clients import REGION, Clients
from app.sandbox.control import Control
from app.sandbox.deploy import deploy
from app.sandbox.emulator import process
from app.sandbox.emulator.process import Emulator
from app.sandbox.names import VARIABLES
from app.sandbox.package import WORKLOAD, deployment_package
from app.sandbox.traffic import OBJECTS_A_SECOND, Traffic
from app.settings import Environment, Settings

ENVIRONMENT = "sandbox"
PRELOAD = WORKLOAD / "sandbox" / "preload.cjs"
LONGEST_LEASE = timedelta(hours=1)
STEPS = 5
FOLDER = Path(".gameday") / "sandbox"


class AlreadyRunning(Conflict):
    """Another sandbox holds the folder; the sentence says where its console is."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What `gameday sandbox` was asked for."""

    folder: Path  # the working folder, with experiments/
    port: int  # the console's
    aws_port: int
    speed: int

    @property
    def data(self) -> Path:
        return self.folder / FOLDER

    @property
    def workload(self) -> Path:
        """The folder's own, which its owner may have edited, else the one that was shipped."""
        own = self.folder / WORKLOAD.name
        return own if (own / "template.yaml").is_file() else WORKLOAD


@dataclass
class Sandbox:
    """Use it as a context manager: `with Sandbox(plan) as sandbox: sandbox.start()`. Leaving ends everything."""

    plan: Plan
    say: Callable[[str], None] = print
    emulator: Emulator | None = None
    traffic: Traffic | None = None
    control: Control | None = None
    _step: int = field(default=0, repr=False)
    _open: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, repr=False)

    def __enter__(self) -> Self:
        self._open.enter_context(only_one(self.plan))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            self._open.close()

    def start(self, *, reset: bool = False) -> Control:
        """Bring everything up, telling how it goes; returns once traffic flows.

        SettingsError, Conflict or Unavailable, each a sentence, where something is in the way.
        """
        port_is_free(self.plan.port)
        if reset:
            self._reset()
        with self._telling("Deployment package"):
            package = deployment_package(self.plan.data / "packages", self.plan.workload)
        self.emulator = self._emulator()
        clients = Clients(self.emulator.endpoint)
        with self._telling("Stack") as note:
            note(
                (
                    "deployed"
                    if deploy(clients, package, self.plan.workload / "template.yaml")
                    else "unchanged"
                )
                + " by CloudFormation"
            )
        with self._telling("Handler") as note:
            note(f"variant {handler.warm(clients)}")
        return self._flow(clients)

    def stop(self) -> None:
        """Traffic first, the emulator last. Stopping twice is fine."""
        if self.traffic:
            self.traffic.stop()
        if self.emulator:
            process.stop(self.emulator)
        self.traffic = self.emulator = self.control = None

    def settings(self) -> Settings:
        """For the console: one environment, and data apart from that of real AWS."""
        if self.emulator is None:
            raise RuntimeError("The sandbox is not started.")
        return Settings(
            folder=self.plan.folder,
            environments={ENVIRONMENT: environment(self.emulator)},
            default_environment=ENVIRONMENT,
            port=self.plan.port,
            data_folder=self.plan.data,
        )

    def _flow(self, clients: Clients) -> Control:
        with self._telling("Traffic") as note:
            self.traffic = Traffic(clients, rate=OBJECTS_A_SECOND * self.plan.speed)
            self.traffic.start()
            self.control = Control(clients=clients, traffic=self.traffic, speed=self.plan.speed)
            note(f"{self.traffic.rate:g} objects a second")
        return self.control

    def _emulator(self) -> Emulator:
        with self._telling("Emulator") as note:
            self._end_stray()
            found = process.find(self.plan.aws_port)
            if found and not self._fits(found):
                process.stop(found)
                found = None
            if found:
                note(f"found again at {found.endpoint}")
                return found
            shutil.rmtree(
                self.plan.data / "emulator", ignore_errors=True
            )  # what an emulator that was killed left
            (self.plan.data / PORT).write_text(str(self.plan.aws_port))
            started = process.start(
                port=self.plan.aws_port,
                speed=self.plan.speed,
                data=self.plan.data / "emulator",
                log_file=self.plan.data / "emulator.log",
                node_options_require=PRELOAD,
            )
            note(f"at {started.endpoint}")
            return started

    def _end_stray(self) -> None:
        """End the emulator of a console that was killed, where it listens on another port than asked for now."""
        try:
            port = int((self.plan.data / PORT).read_text())
        except (OSError, ValueError):
            return
        stray = process.find(port) if port != self.plan.aws_port else None
        if stray and self._is_ours(stray):
            process.stop(stray)

    def _is_ours(self, found: Emulator) -> bool:
        return Path(found.data).resolve() == (self.plan.data / "emulator").resolve()

    def _fits(self, found: Emulator) -> bool:
        """Whether an emulator left behind can be gone on with. Conflict where it is another folder's."""
        if not self._is_ours(found):
            raise Conflict(
                f"The emulator on port {self.plan.aws_port} belongs to another sandbox, in {found.data}. "
                "End that one, or choose another port with --aws-port."
            )
        return found.speed == self.plan.speed

    def _reset(self) -> None:
        """Forget everything but the deployment packages, which only cost time."""
        self._end_stray()  # what tells of it is forgotten, too
        found = process.find(self.plan.aws_port)
        if found:
            self._fits(found)
            process.stop(found)
        for path in self.plan.data.iterdir():
            if path.name in ("packages", LOCK):
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.say("      Reset: runs, faults and everything in the emulator are forgotten.")

    @contextlib.contextmanager
    def _telling(self, what: str) -> Iterator[Callable[[str], None]]:
        self._step += 1
        notes: list[str] = []
        begun = time.monotonic()
        if what == "Deployment package" and not any((self.plan.data / "packages").glob("*.zip")):
            self.say("      The first start fetches the function's dependencies with npm.")
        yield notes.append
        detail = f", {notes[0]}" if notes else ""
        self.say(f"[{self._step}/{STEPS}] {what} ready{detail} ({time.monotonic() - begun:.1f} s)")


def environment(emulator: Emulator) -> Environment:
    """The sandbox as a place to run experiments in."""
    return Environment(
        name=ENVIRONMENT,
        region=REGION,
        endpoint_url=emulator.endpoint,
        variables=VARIABLES,
        longest_lease=LONGEST_LEASE,
        speed=emulator.speed,
        poll_seconds=max(1.0, 60 / (10 * emulator.speed)),
    )


LOCK = "sandbox.lock"
PORT = "emulator.port"


@contextlib.contextmanager
def only_one(plan: Plan) -> Iterator[None]:
    """Hold the folder; AlreadyRunning where another sandbox does. The kernel lets go when we die."""
    plan.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (plan.data / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunning(_where(lock)) from error
        lock.truncate(0)
        json.dump({"console": f"http://127.0.0.1:{plan.port}", "pid": os.getpid()}, lock)
        lock.flush()
        yield


def _where(lock: IO[str]) -> str:
    lock.seek(0)
    try:
        other = json.load(lock)
        return f"The sandbox is already running: {other['console']} (process {other['pid']})."
    except (ValueError, KeyError):
        return "The sandbox is already starting in this folder."


def port_is_free(port: int) -> None:
    """SettingsError where something listens there already: better now than after half a minute."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise SettingsError(
                f"Port {port} is in use ({error.strerror}). Choose another one, for example --port {port + 1}."
            ) from error
