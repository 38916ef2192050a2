"""Small stand-ins for the rooms below, and a real fork server with real children."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.aws import InMemoryFunctions
from app.clock import SystemClock
from app.dialects import Fault, FaultMode
from app.errors import Conflict, NotFound
from app.experiments import FaultIntent, Reading
from app.experiments.commands import named_place
from app.faults import Entry, FaultState, Lease, Store, Understanding
from app.live import Live
from app.metrics import Sample
from app.runs import Run, Runs, Supervisor, Wish
from app.runs.children import Children, start_fork_server
from app.runs.rooms import Patience
from app.settings import Environment, Settings
from app.storage import Storage
from app.storage.engine import sqlite_url

OFF = '{"isEnabled": false}'
ARMED = '{"isEnabled": true, "failureMode": "denylist", "rate": 0.5, "denylist": ["dynamodb.*"]}'
OLD_WORDS = ARMED.replace("denylist", "blacklist")
PROBE = {"type": "probe", "name": "works", "tolerance": True,
         "provider": {"type": "python", "module": "os.path", "func": "exists", "arguments": {"path": "/"}}}  # fmt: skip
STEADY = {"title": "It works", "probes": [PROBE]}
# Stands for the AWS command line: writes --value into the file named by --name, after $AWS_DELAY seconds.
FAKE_AWS = """#!/bin/sh
while [ $# -gt 0 ]; do
  case "$1" in --name) name="$2"; shift;; --value) value="$2"; shift;; esac
  shift
done
sleep "${AWS_DELAY:-0}"
printf '%s' "$value" > "$name.$$" && mv "$name.$$" "$name"
"""


@pytest.fixture(scope="session")
def children() -> Children:
    return start_fork_server()


@dataclass
class Experiment:
    id: str
    document: dict[str, Any]
    folder: Path
    valid: bool = True
    problems: tuple[Any, ...] = ()
    workdir: Path | None = None

    @property
    def file(self) -> str:
        return f"{self.id}.json"

    @property
    def title(self) -> str:
        return str(self.document["title"])


class FakeCatalog:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[str, Experiment] = {}

    def add(self, name: str, document: Mapping[str, Any], *, valid: bool = True) -> Experiment:
        self.folder.mkdir(exist_ok=True)
        (self.folder / f"{name}.json").write_text(json.dumps(document))
        self.known[name] = Experiment(name, dict(document), self.folder, valid)
        return self.known[name]

    def load(self, experiment_id: str) -> Experiment:
        if experiment_id not in self.known:
            raise NotFound(f"There is no experiment {experiment_id}.")
        return self.known[experiment_id]


class FakeReading:
    """Reads `aws ssm put-parameter` and pauses, nothing else."""

    signals: Sequence[Any] = ()
    unproven: Sequence[Any] = ()

    def read(self, experiment: Experiment, environment: Environment, variables: Mapping[str, Any]) -> Any:
        intents = [
            replace(intent, phase=phase)
            for phase in ("method", "rollbacks")
            for activity in experiment.document.get(phase, [])
            for intent in self.intents(activity)
        ]
        steps = [
            SimpleNamespace(kind=kind, name=a["name"], sentence="", seconds=None, background=False)
            for phase, kind in (("method", "activity"), ("rollbacks", "rollback"))
            for a in experiment.document.get(phase, [])
        ]
        return Reading(
            signals=tuple(self.signals), intents=tuple(intents), steps=tuple(steps), expected_seconds=1.0,
            unproven=tuple(self.unproven),
        )  # fmt: skip

    def snapshot(self, experiment: Experiment, to: Path) -> Any:
        shutil.copytree(experiment.folder, to)
        return SimpleNamespace(sha256="0" * 64, git_commit=None, git_dirty=None)

    def taken(self, run: Run, folder: Path) -> Any:
        return SimpleNamespace(document=run.document, file=run.facts["file"])

    def intents(self, activity: Mapping[str, Any]) -> Sequence[Any]:
        arguments = activity.get("provider", {}).get("arguments")
        found = isinstance(arguments, str) and re.search(
            r"put-parameter --name (\S+) .*--value '(.*)'", arguments
        )
        if not found:
            return ()
        return (
            FaultIntent(
                store=("ssm", found[1]),
                value=found[2],
                activity=activity["name"],
                phase="method",
                index=0,
                place=named_place(activity["provider"]),
            ),
        )

    def store(self, environment: str, kind: str, name: str) -> Store:
        return Store(environment=environment, kind=kind, name=name)


@dataclass
class FakeFaults:
    """A ledger in memory, over stores that are files."""

    entries: dict[int, Entry] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    lock: Any = field(default_factory=threading.RLock)
    on_intend: Callable[[], None] = lambda: None
    lever: str = ""  # why it is engaged
    others: list[str] = field(default_factory=list)  # other faults on the same functions

    def refuse_while_engaged(self, environment: str, session: Any = None) -> None:
        del environment, session
        if self.lever:
            raise Conflict(f"The safety lever is engaged: {self.lever}")

    def engage(self, environment: str | None, *, by: str, why: str) -> None:
        del environment
        self.lever = why
        for entry in list(self.entries.values()):
            self.disarm(entry.id, by=by, why="the safety lever was engaged")

    def understand(self, environment: str, store: Store, text: str) -> Understanding:
        armed = json.loads(text).get("isEnabled") is True
        old = "blacklist" in text
        return Understanding(
            fault=Fault(mode=FaultMode.DENYLIST, rate=0.5) if armed else None,
            dialect="failure-lambda/0.2" if old else "failure-lambda/0.x",
            function_dialect="failure-lambda/0.x",
            functions=("transform",),
            version="0.4.4",
            known_by="a test",
            value=text.replace("blacklist", "denylist"),
        )

    def busy(self, store: Store) -> Entry | None:
        with self.lock:
            return next((e for e in self.entries.values() if e.store == store and e.active), None)

    def intend(self, lease: Lease) -> Entry:
        self.on_intend()
        with self.lock:
            self.calls.append("intend")
            if self.busy(lease.store):
                raise Conflict("The store is busy.", fault=1)
            path = Path(lease.store.name)
            before = {"previous": path.read_bytes() if path.exists() else None}
            entry = lease.entry(before, disarm_by=lease.disarm_by, now=datetime.now().astimezone())
            entry = replace(entry, id=len(self.entries) + 1)
            self.entries[entry.id] = entry
            return entry

    def confirm(self, entry_id: int) -> Entry:
        with self.lock:
            self.calls.append("confirm")
            entry = self.entries[entry_id]
            if Path(entry.store.name).read_bytes() == entry.value:
                entry = replace(entry, state=FaultState.ARMED, armed_at=datetime.now().astimezone())
            self.entries[entry_id] = entry
            return entry

    def disarm(self, entry_id: int, *, by: str, why: str) -> Entry:
        with self.lock:
            self.calls.append("disarm")
            entry = self.entries[entry_id]
            path = Path(entry.store.name)
            if path.exists() and path.read_text() in (*entry.announced, entry.value.decode()):
                if entry.previous is None:
                    path.unlink()
                else:  # whole or not at all: a test may read it at any moment
                    beside = path.with_suffix(".back")
                    beside.write_bytes(entry.previous)
                    beside.replace(path)
            self.entries[entry_id] = replace(
                entry, state=FaultState.DISARMED, disarmed_by=by, disarmed_at=datetime.now().astimezone()
            )
            return self.entries[entry_id]

    def disarm_run(self, run_id: str, *, by: str, why: str) -> list[Entry]:
        return [self.disarm(entry.id, by=by, why=why) for entry in self.for_run(run_id)]

    def renew(self, run_id: str, until: datetime) -> None:
        self.calls.append("renew")

    def others_on(self, *asked: Any) -> list[str]:
        del asked
        return self.others

    def for_run(self, run_id: str) -> list[Entry]:
        with self.lock:
            return [entry for entry in self.entries.values() if entry.run_id == run_id]


@dataclass
class FakeMetrics:
    watched: list[str] = field(default_factory=list)
    recorded: list[Sample] = field(default_factory=list)

    def watch(self, subject: str, environment: str, queries: Sequence[Any]) -> None:
        self.watched.append(subject)

    def record(self, samples: Sequence[Sample]) -> None:
        self.recorded += samples

    def unwatch(self, subject: str) -> None:
        if subject in self.watched:
            self.watched.remove(subject)

    def samples(self, environment: str, query_id: str, *_window: Any) -> list[Any]:
        return []


@dataclass
class FakeEvidence:
    hit: int = 5
    on_proof: Callable[[], None] = lambda: None

    def of(self, _entry: Any) -> Any:
        self.on_proof()
        return SimpleNamespace(hit=self.hit, interceptions=self.hit, can_see=True, why="")


class FakeAws:
    def __init__(self) -> None:
        self.known = InMemoryFunctions({"transform": ("p", "0.4.4")})

    def functions(self, environment: str) -> InMemoryFunctions:
        return self.known

    def identity(self, environment: str) -> Any:
        return SimpleNamespace(account="000000000000", alias=None, region="us-east-2")

    def child_variables(self, environment: str) -> dict[str, str]:
        return {"AWS_REGION": "us-east-2"}


@dataclass
class Stage:
    """A console's engine room on a folder, with everything a test wants to look at."""

    folder: Path
    catalog: FakeCatalog
    faults: FakeFaults
    evidence: FakeEvidence
    live: Live
    runs: Runs
    supervisor: Supervisor
    store: Path  # the file that stands for the fault store

    def start(self, document: Mapping[str, Any], name: str = "one", **words: Any) -> Run:
        """`words`: of the start, and of the wish."""
        self.catalog.add(name, document)
        own = {word: words.pop(word) for word in ("key", "fingerprint", "queue") if word in words}
        return self.runs.start(name, Wish(**words), by="test", **own)

    def finish(self, run: Run) -> Run:
        attendance = self.runs.dispatch.attending(run.id)
        assert attendance is None or attendance.wait_settled(30)
        return self.runs.get(run.id)

    def kinds(self, run: Run) -> list[str]:
        return [event.kind for event in self.runs.events(run.id)]

    def arms(self, value: str = ARMED, **more: Any) -> dict[str, Any]:
        return self.writes("Arm", value, **more)

    def disarms(self) -> dict[str, Any]:
        return self.writes("Disarm", OFF)

    def writes(self, name: str, value: str, **more: Any) -> dict[str, Any]:
        arguments = f"ssm put-parameter --name {self.store} --type String --overwrite --value '{value}'"
        provider = {"type": "process", "path": "aws", "arguments": arguments}
        return {"type": "action", "name": name, "provider": provider, **more}


@pytest.fixture
def stage(tmp_path: Path, children: Children) -> Iterator[Stage]:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "aws").write_text(FAKE_AWS)
    (programs / "aws").chmod(0o755)
    (programs / "dawdling.py").write_text("import time\n\n\ndef dawdle():\n    time.sleep(60)\n")
    environment = Environment(
        name="test",
        variables={"PATH": f"{programs}:/usr/bin:/bin", "COLOUR": "green", "PYTHONPATH": str(programs)},
    )
    settings = Settings(folder=tmp_path, environments={"test": environment}, default_environment="test")
    settings.data.mkdir()
    storage = Storage(sqlite_url(settings.data / "gameday.sqlite"))
    storage.migrate()
    catalog, faults, evidence, live = FakeCatalog(tmp_path / "files"), FakeFaults(), FakeEvidence(), Live()
    runs = Runs(
        storage=storage, catalog=catalog, settings=settings, faults=faults, metrics=FakeMetrics(), evidence=evidence,
        aws=FakeAws(), live=live, clock=SystemClock(), children=children, reading=FakeReading(),
        patience=Patience(rollbacks=10, settling=0.2, look_again=0.05, lease=1.2, shutdown=5, in_line=0.05),
    )  # fmt: skip
    store = tmp_path / "store"
    store.write_text(OFF)
    supervisor = Supervisor(runs)
    yield Stage(tmp_path, catalog, faults, evidence, live, runs, supervisor, store)
    supervisor.shutdown(wait=False)
    supervisor.stop()
    storage.close()


def experiment(*method: Mapping[str, Any], rollbacks: Sequence[Any] = (), **more: Any) -> dict[str, Any]:
    """With a steady state that is met, unless `more` has another one."""
    return {
        "title": "T", "description": "d", "steady-state-hypothesis": STEADY, "method": list(method),
        "rollbacks": list(rollbacks), **more,
    }  # fmt: skip


@pytest.fixture(name="experiment")
def _experiment() -> Callable[..., dict[str, Any]]:
    return experiment
