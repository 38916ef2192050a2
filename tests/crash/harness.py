"""Consoles that are started as processes and die as processes do, and what must be true afterwards."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import boto3
import httpx

from app.dialects import any_armed
from app.runs import processes
from tests.crash.oracle import Oracle
from tests.ports import free_port
from tests.waiting import PATIENCE, until

GAMEDAY = str(Path(sys.executable).parent / "gameday")
NAME = "failureLambdaConfig"
FUNCTION = "ChaosTransformer"
BEFORE = '{"isEnabled": false,  "owner": "payments"}\n'
ARMED = '{"isEnabled": true, "failureMode": "denylist", "rate": 0.5, "denylist": ["dynamodb.*"]}'
ROLLBACK = '{"isEnabled": false}'
UNFINISHED = ("queued", "running")


def writes(name: str, value: str) -> dict[str, Any]:
    arguments = ["ssm", "put-parameter", "--name", NAME, "--type", "String", "--overwrite", "--value", value]
    return {
        "type": "action",
        "name": name,
        "provider": {"type": "process", "path": "aws", "arguments": arguments},
    }


def experiment(pause: float = 60, *, probe: str = "true", **more: Any) -> dict[str, Any]:
    looks = {
        "type": "probe", "name": "works", "tolerance": 0,
        "provider": {"type": "process", "path": "sh", "arguments": ["-c", probe]},
    }  # fmt: skip
    return {
        "title": "Refused", "description": "d",
        "steady-state-hypothesis": {"title": "works", "probes": [looks]},
        "method": [{**writes("Arm", ARMED), "pauses": {"after": pause}}],
        "rollbacks": [writes("Disarm", ROLLBACK)], **more,
    }  # fmt: skip


@dataclass
class World:
    """A folder with a console's state, an oracle before the emulator, and whoever runs there."""

    folder: Path
    oracle: Oracle
    ssm: Any  # straight to the emulator: somebody's hands, past the oracle
    alive: list[subprocess.Popen[str]] = field(default_factory=list)
    url: str = ""
    started_at: float = 0.0  # the newest console or guardian, by the wall's clock

    def prepare(self, before: str | None = BEFORE, **experiments: dict[str, Any]) -> None:
        self.add(**experiments)
        (self.folder / "gameday.toml").write_text(
            f'[environments.test]\nregion = "us-east-2"\nendpoint = "{self.oracle.url}"\n'
            f'[environments.test.dialects]\n{NAME} = "failure-lambda/0.x"\n[environments.test.variables]\n{self.variables}'
            f"\n{self.channels}"
        )
        with contextlib.suppress(self.ssm.exceptions.ParameterNotFound):
            self.ssm.delete_parameter(Name=NAME)
        with contextlib.suppress(self.ssm.exceptions.ParameterNotFound):
            self.ssm.delete_parameter(Name=f"{NAME}.gameday-lock")
        if before is not None:
            self.ssm.put_parameter(Name=NAME, Value=before, Type="String")

    def add(self, **experiments: dict[str, Any]) -> None:
        """Further experiments; the store stays as it is."""
        (self.folder / "experiments").mkdir(exist_ok=True)
        for name, document in experiments.items():
            (self.folder / "experiments" / f"{name}.json").write_text(json.dumps(document))

    variables: str = ""
    channels: str = ""  # tables of gameday.toml

    def start(self, *, crash_at: str = "", command: tuple[str, ...] = ("serve",)) -> subprocess.Popen[str]:
        """A console, or another command on the same folder. Ready when this returns, unless it dies on its way."""
        words = list(command)
        if command[0] == "serve":
            port = free_port()
            self.url = f"http://127.0.0.1:{port}"
            words += ["--port", str(port)]
        environ = {**os.environ, "GAMEDAY_TESTING": "1", "CRASH_AT": crash_at}
        self.started_at = time.time()
        log = (self.folder / "console.log").open("a")
        process = subprocess.Popen(
            [GAMEDAY, *words], cwd=self.folder, env=environ, stdout=log, stderr=log, text=True
        )
        self.alive.append(process)
        if command[0] == "serve":
            until(lambda: process.poll() is not None or self.ready(), "the console answers")
        return process

    def ready(self) -> bool:
        return httpx.get(f"{self.url}/readyz", timeout=5).is_success

    def kill(self, process: subprocess.Popen[str]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)

    def run(self, name: str = "one", **body: Any) -> int:
        """Ask for a run; 0 where the console died of it."""
        try:
            answer = httpx.post(f"{self.url}/experiments/{name}/run", json=body, timeout=PATIENCE)
        except httpx.TransportError:
            return 0
        return int(answer.raise_for_status().json()["id"])

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        path = self.folder / ".gameday" / "gameday.sqlite"
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=PATIENCE)
        connection.row_factory = sqlite3.Row
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    def told(self, kind: str) -> bool:
        """Whether the newest run has told of such an event."""
        return bool(
            self.rows("select 1 from run_events where kind = ? and run_id = (select max(id) from runs)", kind)
        )

    def expire(self, *, patience: float = 10) -> None:
        """As if half a minute had passed: no lease is renewed any more. `patience`: seconds for somebody else's write."""
        with contextlib.closing(
            sqlite3.connect(self.folder / ".gameday" / "gameday.sqlite", timeout=patience)
        ) as database:
            database.execute(
                "update ledger set lease_until = datetime('now', '-1 second'), next_attempt_at = null"
            )
            database.commit()

    @property
    def child(self) -> int:
        rows = self.rows("select child_pid from runs order by id desc limit 1")
        return int(rows[0]["child_pid"] or 0) if rows else 0

    @property
    def value(self) -> str | None:
        with contextlib.suppress(self.ssm.exceptions.ParameterNotFound):
            return str(self.ssm.get_parameter(Name=NAME)["Parameter"]["Value"])
        return None

    def armed(self) -> bool:
        return self.value is not None and any_armed(self.value)

    def settled(self) -> bool:
        """Every run has ended with a verdict, and no entry of the ledger is on its way."""
        runs = self.rows("select 1 from runs where verdict is null")
        faults = self.rows(
            "select 1 from ledger where state in ('intended', 'armed', 'disarming', 'flushing')"
        )
        return not runs and not faults

    def recover(self) -> None:
        """Start a console that nothing kills, and wait until the dust settles."""
        self.oracle.knobs.clear()
        self.start()
        until(
            self.settled,
            f"settled; {[tuple(row) for row in self.rows('select state, outcome from ledger')]}",
        )

    def end(self) -> None:
        for process in self.alive:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        for process in self.alive:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)
            if process.poll() is None:
                self.kill(process)

    # --- what must be true, whatever died -------------------------------------------------------------

    def broken(self, before: str | None = BEFORE) -> list[str]:
        """Each invariant that does not hold, from the oracle, the database's file and the disk."""
        return [*self._store(before), *self._runs(), *self._ledger(), *self._journals()]

    def _store(self, before: str | None) -> Iterator[str]:
        armed = any(write.value is not None and any_armed(write.value) for write in self.oracle.history(NAME))
        # Where nothing was armed, an orphan's own rollbacks may have been played, as `chaos run` plays them.
        if self.value != before and (armed or self.value != ROLLBACK):
            yield f"I2: the store holds {self.value!r} and held {before!r}"
        lasting = self.oracle.history(NAME)
        if lasting and lasting[-1].value is not None and any_armed(lasting[-1].value) and self.armed():
            yield "I1: the last write armed it"
        if lasting and lasting[-1].value is not None and lasting[-1].kind != "String":
            yield f"I2: the store became a {lasting[-1].kind}"
        yield from self._stood_too_long()

    def _stood_too_long(self) -> Iterator[str]:
        """From a lease's or deadline's end, or the start of whoever could act on it, there is one patience."""
        ends = [
            min(filter(None, map(wall, row)))
            for row in self.rows("select disarm_by, lease_until from ledger")
        ]
        limit = max([self.started_at, *ends]) + PATIENCE
        history = self.oracle.history(NAME)
        for write, after in pairwise(history):
            if write.value is not None and any_armed(write.value) and after.wall > limit:
                yield f"I1: {write.value} stood for {after.wall - write.wall:.0f} s"

    def _runs(self) -> Iterator[str]:
        for row in self.rows("select id, status, verdict, child_pid, child_started from runs"):
            if row["status"] in UNFINISHED or row["verdict"] is None:
                yield f"I3: run {row['id']} is {row['status']} with verdict {row['verdict']}"
            pid = row["child_pid"]
            if pid and processes.started(pid) == row["child_started"] and not zombie(pid):
                yield f"I6: child {pid} of run {row['id']} lives"
            seqs = [
                e["seq"]
                for e in self.rows("select seq from run_events where run_id = ? order by seq", row["id"])
            ]
            if seqs != list(range(1, len(seqs) + 1)):
                yield f"I5: events of run {row['id']} are numbered {seqs}"
            if row["verdict"] == "held":
                yield from self._held(row["id"])

    def _held(self, run_id: int) -> Iterator[str]:
        entries = self.rows("select state, armed_at from ledger where run_id = ?", str(run_id))
        kinds = {row["kind"] for row in self.rows("select kind from run_events where run_id = ?", run_id)}
        if not entries or any(row["armed_at"] is None or row["state"] != "disarmed" for row in entries):
            yield f"I7: run {run_id} held with {[tuple(row) for row in entries]}"
        if "hypothesis-after" not in kinds:
            yield f"I7: run {run_id} held and was not judged after its method"

    def _ledger(self) -> Iterator[str]:
        arms = [
            write for write in self.oracle.history(NAME) if write.value is not None and any_armed(write.value)
        ]
        entries = self.rows("select id, created_at, state from ledger order by id")
        if len(arms) > len(entries):
            yield f"I6: {len(arms)} writes armed it for {len(entries)} entries"
        for entry in entries:
            if entry["state"] in ("intended", "armed", "disarming"):
                yield f"I8: fault {entry['id']} is {entry['state']}"
        if arms and not entries:
            yield "I8: it was armed without an intent"
        for write, entry in zip(arms, entries, strict=False):
            if write.wall < (wall(entry["created_at"]) or 0):
                yield f"I8: it was armed before the intent of fault {entry['id']}"

    def _journals(self) -> Iterator[str]:
        for row in self.rows("select id, snapshot, journal_state, journal_sha256 from runs"):
            path = (self.folder / ".gameday" / row["snapshot"]).parent / "journal.json"
            if row["journal_state"] in ("kept", "rebuilt"):
                content = path.read_bytes()
                json.loads(content)
                if hashlib.sha256(content).hexdigest() != row["journal_sha256"]:
                    yield f"I4: the journal of run {row['id']} is not the one in the database"
            elif path.exists():
                yield f"I4: run {row['id']} has a journal that is {row['journal_state']}"


def wall(at: str | None) -> float | None:
    """A time as the database has it."""
    return None if at is None else datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()


def zombie(pid: int) -> bool:
    """Dead, and its parent has not asked for its end: in a container nobody may."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def emulators(endpoint: str, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-2",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
