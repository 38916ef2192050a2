"""A run right here, without a console, and as safe: ledger, guardian, deadline, preflight, verdict."""

from __future__ import annotations

import os
import secrets
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.rooms import TOKEN
from app.cli.run.asked import Asked
from app.cli.run.follow import Presses
from app.cli.run.refreshed import Refreshed
from app.cli.run.shown import say
from app.cli.run.watched import Told
from app.errors import Conflict, Invalid
from app.settings import load, person

if TYPE_CHECKING:
    from app.engine import Engine
    from app.experiments import Catalog, Experiment, WithFile
    from app.reports.report import Report
    from app.runs.run import Run
    from app.settings import Settings

LOOK_EVERY = 0.5  # seconds between two looks at the progress
CLEARED_WITHIN = 120.0  # seconds for warm containers to be clear of a fault that is off


@contextmanager
def working(asked: Asked, *, alone: bool = True) -> Iterator[Engine]:
    """The rooms and loops that a run needs, in a folder that nobody else works in.

    `alone` False: to look around only; nothing is repaired, and nothing moves by itself.
    """
    from app import crash
    from app.engine import assemble, refuse_unknown_dialects
    from app.runs.children import start_fork_server

    crash.refuse_outside_tests()
    children = start_fork_server()  # before the first thread
    settings = load(asked.folder)
    refuse_unknown_dialects(settings)
    _make(settings.data)
    with _only_here(settings, asked) if alone else _shared(), tempfile.TemporaryDirectory() as fetched:
        engine = assemble(
            settings,
            children=children,
            catalog=_catalog(asked, settings, Path(fetched)),
            environ=_environ(asked),
            secrets=asked.secrets,
            controls=asked.controls,
        )
        try:
            if alone:
                engine.attend()
            yield engine
        finally:
            _end(engine, alone=alone)


def _make(data: Path) -> None:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data):
            return
    except OSError as error:
        raise Invalid(
            f"{data} can not be written to ({error.strerror}), and a run keeps its ledger there. Name another folder: --folder."
        ) from error


def _end(engine: Engine, *, alone: bool) -> None:
    """Whatever went wrong: nothing of a run stays behind, not even one that was queued and never attended."""
    engine.console.faults.close_arming()
    if alone and engine.console.runs.active():
        engine.supervisor.shutdown(wait=False)
        engine.supervisor.heal()
    engine.stop()


@contextmanager
def _shared() -> Iterator[None]:
    yield


@contextmanager
def _only_here(settings: Settings, asked: Asked) -> Iterator[None]:
    from app.folder import FolderInUse, only_console

    waiting = False
    while True:
        try:
            with only_console(settings, told=f"gameday run, process {os.getpid()}"):
                yield
                return
        except FolderInUse as error:
            if error.address:
                raise Conflict(
                    f"A console is at work in {settings.folder}: {error.address}. "
                    f"Let it do the run: gameday run {asked.source} --server {error.address}"
                ) from error
            if not asked.queue:
                raise Conflict(
                    f"Another run is at work in {settings.folder} ({error.holder}). Wait for it with --queue, or name "
                    "another folder: --folder."
                ) from error
            if not waiting:
                say(
                    f"Waiting for another run in {settings.folder} ({error.holder or 'it does not say which'}) …",
                    sys.stderr,
                )
                waiting = True
        time.sleep(0.5)  # a lock of another process: the system has no event for its end


def start(engine: Engine, asked: Asked, presses: Presses) -> Run:
    """Invalid, Conflict as `Runs.start`.

    A Ctrl-C that comes too late to prevent the run is heeded by whoever watches it: `presses` counts it.
    """
    key, runs = asked.key or secrets.token_hex(16), engine.console.runs
    try:
        return runs.start(asked.source, asked.wish, key=key, fingerprint=asked.fingerprint, by=person())
    except KeyboardInterrupt:
        run = runs.started_with(key)
        if run is None or runs.dispatch.attending(run.id) is None:
            if run is not None:  # nobody plays it
                runs.line.leave(run, by=f"{presses.last} ({person()})", free_key=True)
            raise
        return run
    finally:
        presses.counting = True


def _catalog(asked: Asked, settings: Settings, fetched: Path) -> Catalog | WithFile:
    from app.experiments import Catalog, WithFile, open_file

    catalog = Catalog(settings.experiments)
    if not asked.is_file:
        return catalog
    path = Path(asked.source)
    if asked.is_url:
        from app.cli.run.fetching import fetch

        path = fetch(asked.source, fetched)
    return WithFile(open_file(path.resolve(), name=asked.source, workdir=Path.cwd()), catalog)


def _environ(asked: Asked) -> Mapping[str, str]:
    """Of a file, the caller's own, as `chaos run` hands it on; of a console's experiment, only what was named for it."""
    if not asked.is_file:
        return {name: value for name, value in asked.environ.items() if name != TOKEN}
    own = {name: value for name, value in os.environ.items() if name != TOKEN}
    programs = [
        own.get("PATH", os.defpath),
        sysconfig.get_path("scripts"),
    ]  # `aws` beside this Python at last
    return {**own, "PATH": os.pathsep.join(programs)}


class Here:
    """A run of this process, to be watched."""

    def __init__(self, engine: Engine, run_id: int) -> None:
        self._engine = engine
        self._console = engine.console
        self._id = run_id
        self._seen = 0
        self._refreshed = Refreshed(self.look, seconds=LOOK_EVERY)

    def news(self) -> Sequence[Told]:
        events = self._console.runs.events(self._id, self._seen)
        self._seen = events[-1].seq if events else self._seen
        return [Told(at=event.at, kind=event.kind, data=event.data) for event in events]

    def progress(self) -> Mapping[str, Any] | None:
        return self._refreshed.newest()

    def close(self) -> None:
        self._refreshed.close()

    def look(self) -> Mapping[str, Any]:
        from app.reports.progress import progress

        console = self._console
        return progress(
            self._id, runs=console.runs, faults=console.faults, metrics=console.metrics,
            evidence=console.evidence, settings=console.settings, now=console.clock.now(),
        )  # fmt: skip

    def over(self) -> bool:
        return self.run.verdict is not None

    def roll_back(self, how: str) -> str:
        by = f"{how} ({person()})"
        return self._console.runs.rollback(self._id, by=by, told=f"Ended by {by}.").sentence

    def hurry(self) -> str:
        attendance = self._console.runs.dispatch.attending(self._id)
        if attendance is not None:
            attendance.kill()
            attendance.hurry()
        return "Ending the run's processes now; what is armed is disarmed all the same."

    def document(self) -> dict[str, Any]:
        from app.reports import as_json

        return as_json.document(self._report())

    def kept(self, what: str) -> bytes | None:
        from app.reports import as_json, junit, pages

        if what == "journal":
            return self._console.runs.journal(self._id)
        forms: Mapping[str, Callable[[Report], bytes]] = {
            "junit": junit.xml, ".html": pages.html, ".md": pages.markdown, ".json": as_json.text,
        }  # fmt: skip
        return forms[what](self._report())

    def _report(self) -> Report:
        from app.reports.report import gather

        console = self._console
        return gather(console.runs, console.faults, console.metrics, self._id, now=console.clock.now())

    @property
    def run(self) -> Run:
        return self._console.runs.get(self._id)

    @property
    def file(self) -> Experiment:
        experiment: Experiment = self._console.catalog.load(self.run.experiment)
        return experiment

    def refused(self) -> bool:
        """Whether Chaos Toolkit would not even begin: the file is the mistake."""
        run = self.run
        begun = any(event.kind == "started" for event in self._console.runs.events(self._id))
        return bool(run.facts.get("problem")) and run.stopped_by is None and not begun

    def cleared(self, wait: Callable[[float], object], tell: Callable[[str], None]) -> list[str]:
        """Wait until nothing of the run is on its way out any more; what is armed all the same."""
        ends, told = time.monotonic() + CLEARED_WITHIN, False
        while (left := [one for one in self._faults() if one.active]) and time.monotonic() < ends:
            if not told:
                stores = ", ".join(f"{one.store} is {one.state}" for one in left)
                tell(f"Not over yet: {stores}. Trying for another {CLEARED_WITHIN:g} s at most.")
            told = True
            wait(0.2)
        return [f"{one.store} ({one.outcome or one.state})" for one in self._faults() if one.may_fire]

    def _faults(self) -> Sequence[Any]:
        return self._console.faults.for_run(str(self._id))
