"""The end of a run: disarmed, its journal kept or rebuilt, its verdict given once the logs have settled."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app import crash, regular
from app.errors import GamedayError
from app.faults import Entry
from app.runs import findings, journal, kept, store, telling
from app.runs.record import Record, Told
from app.runs.rooms import Rooms
from app.runs.run import JournalState, Run, RunStatus
from app.runs.verdict import judge

LOGGER = logging.getLogger(__name__)
SIGNALLED = "its process was killed by signal {}"


def end(
    rooms: Rooms,
    record: Record,
    run_id: int,
    *,
    told: Mapping[str, Any],
    before: Sequence[Told] = (),
    stopped_by: str | None,
    exit_code: int | None,
    crashed: bool = False,
) -> None:
    """Disarm, keep the journal, and say that the run has ended. Its processes are gone already.

    `told`: the child's last word; `before`: what it told last and is not written yet.
    """
    run = _read(rooms, run_id)
    if run is None or run.ended:
        return
    told_disarmed: list[Told] = [
        *before,
        *disarmed(rooms, run, by=stopped_by or "the run", why="the run ended"),
    ]
    with contextlib.suppress(Exception):  # the poller only asks for more than it needs
        rooms.metrics.unwatch(run.topic)
    stopped_by, problem = _why(told, stopped_by, exit_code)
    if stopped_by is not None and told_disarmed:
        record.append(run_id, *told_disarmed)  # a journal may have to be rebuilt from them
        told_disarmed = []
    raw, state, unread = keep_journal(rooms, run, stopped=stopped_by is not None)
    if unread:
        told_disarmed.append(("note", {"text": f"{unread[:1].upper()}{unread[1:]}."}))
        problem = problem or (unread if stopped_by is None else None)
    crash.here("journal-kept")
    status = RunStatus.INTERRUPTED if crashed else _status(raw, state, stopped=stopped_by is not None)
    words: dict[str, Any] = {"status": str(status), "journal": str(state), "problem": problem}
    record.append(
        run_id,
        *told_disarmed,
        ("ended", {**words, "stopped_by": stopped_by}),
        status=str(status),
        deviated=None if raw is None else bool(raw.get("deviated")),
        stopped_by=stopped_by,
        journal_state=str(state),
        journal_sha256=None if raw is None else kept.digest(journal_path(rooms, run)),
        facts={**run.facts, "problem": problem},
        ended_at=rooms.clock.now(),
    )


def _why(
    told: Mapping[str, Any], stopped_by: str | None, exit_code: int | None
) -> tuple[str | None, str | None]:
    """Who stopped it, and what went wrong."""
    if stopped_by is None and exit_code is not None and exit_code < 0:
        stopped_by = SIGNALLED.format(-exit_code)
    silent = not told and stopped_by is None
    words = f"its process ended with code {exit_code} and without a word" if silent else None
    return stopped_by, told.get("problem") or words


def disarmed(rooms: Rooms, run: Run, *, by: str, why: str) -> list[Told]:
    """Disarm everything of the run, and what its timeline says of that."""
    entries = rooms.faults.disarm_run(str(run.id), by=by, why=why)
    return [
        ("disarmed", {"fault": e.id, "store": str(e.store), "state": str(e.state), "outcome": e.outcome})
        for e in entries
    ]


def journal_path(rooms: Rooms, run: Run) -> Path:
    return rooms.folder(run.snapshot) / "journal.json"


def keep_journal(rooms: Rooms, run: Run, *, stopped: bool) -> tuple[dict[str, Any] | None, JournalState, str]:
    """Chaos Toolkit's journal; else one from the run's events, where its process was killed. And what is to be said."""
    path = journal_path(rooms, run)
    raw, unread = kept.journal(path)
    if raw is not None:
        return raw, JournalState.KEPT, ""
    if not stopped:
        return None, JournalState.LOST, unread
    with rooms.storage.reading() as session:
        text = journal.rebuild(run, store.events_after(session, run.id, 0))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        regular.put(path, text)
    except OSError as error:
        return None, JournalState.LOST, f"its journal can not be written ({error.strerror})"
    return json.loads(text), JournalState.REBUILT, unread


def settle(rooms: Rooms, record: Record, run_id: int, *, hurry: threading.Event) -> None:
    """Give the verdict: at once where it is clear, else when the logs show the fault, or patience ends."""
    deadline = rooms.clock.monotonic() + rooms.patience.settling
    identified = False
    while True:
        run = _read(rooms, run_id)
        if run is None or run.verdict is not None:
            return
        if not identified:
            identify(rooms, record, run)
            identified = True
        entries = list(rooms.faults.for_run(str(run.id)))
        proofs = [_proof(rooms, entry) for entry in entries if entry.armed_at and not entry.fault.is_switch]
        found = findings.gather(rooms, run, proofs, entries)
        nobody = bool(entries) and not any(entry.functions for entry in entries)  # no log to wait for
        late = nobody or hurry.is_set() or rooms.clock.monotonic() >= deadline
        if late or not found.faults or found.fired or found.stopped_by or found.refused or found.problem:
            break
        hurry.wait(rooms.patience.look_again)
    verdict, reason = judge(found)
    record.append(
        run_id,
        ("verdict", {"verdict": str(verdict), "reason": reason}),
        also=lambda session: telling.verdict(session, run, entries, verdict, reason, at=rooms.clock.now()),
        verdict=str(verdict),
        verdict_reason=reason,
        proof=findings.plain(proofs[0]) if proofs else None,
    )


def identify(rooms: Rooms, record: Record, run: Run) -> None:
    """Note the account and region that a run with faults or CloudWatch queries has touched."""
    if run.region or not (run.facts.get("stores") or any(signal["query"] for signal in run.signals)):
        return
    try:
        identity = rooms.aws.identity(run.environment)
    except GamedayError as error:
        LOGGER.info("Run %s: the account could not be read: %s", run.id, error)
        return
    record.append(run.id, account=identity.account, region=identity.region)


def _proof(rooms: Rooms, entry: Entry) -> Any:
    """What the functions' logs show about one of the run's faults."""
    try:
        return rooms.evidence.of(entry)
    except GamedayError as error:
        return findings.Unseen(why=str(error))


def _status(raw: Mapping[str, Any] | None, state: JournalState, *, stopped: bool) -> RunStatus:
    """Chaos Toolkit's own word, where it is one that is known."""
    if raw is not None and state is JournalState.KEPT:
        told = raw.get("status")
        return RunStatus(told) if told in set(RunStatus) else RunStatus.INTERRUPTED
    return RunStatus.INTERRUPTED if stopped else RunStatus.ABORTED


def _read(rooms: Rooms, run_id: int) -> Run | None:
    with rooms.storage.reading() as session:
        return store.read(session, run_id)
