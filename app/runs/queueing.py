"""How a run is written down: its folder first, then its row, so that no row is without what it is to execute."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.errors import NotFound
from app.experiments import Experiment, SnapshotInfo
from app.runs import store
from app.runs.line import in_use_by_run, refuse_when_full
from app.runs.record import Record
from app.runs.request import Request, as_json
from app.runs.rooms import Rooms
from app.runs.run import Run, RunStatus


class Started(Exception):  # noqa: N818  it is no error: somebody was first
    """Another start with the same key has just written its run."""

    def __init__(self, run: Run) -> None:
        super().__init__(run.id)
        self.run = run


def queue_up(
    rooms: Rooms,
    record: Record,
    experiment: Experiment,
    request: Request,
    facts: Mapping[str, Any],
    *,
    key: str | None,
    wait: bool,
    by: str,
) -> Run:
    """Snapshot the experiment and write the run, queued.

    `wait`: in line where its store is busy. Else that is a Conflict, as a line is that is full, and an engaged lever.
    Started where a run with this `key` is there already.
    """
    relative = Path("runs", secrets.token_hex(8), "snapshot")
    target = rooms.settings.data / relative
    target.parent.mkdir(parents=True)
    try:
        taken = rooms.reading.snapshot(experiment, target)
        columns = _columns(experiment, request, facts, taken, by=by) | {
            "snapshot": str(relative), "created_at": rooms.clock.now(), "key": key,
        }  # fmt: skip
        return _insert(rooms, record, columns, wait=wait)
    except BaseException:
        shutil.rmtree(target.parent, ignore_errors=True)
        raise


def _insert(rooms: Rooms, record: Record, columns: dict[str, Any], *, wait: bool) -> Run:
    environment, facts = columns["environment"], columns["facts"]
    said = {"by": columns["requested_by"], "environment": environment, "experiment": columns["experiment"]}
    with rooms.storage.writing() as session:
        if columns["key"] is not None and (started := store.with_key(session, columns["key"])) is not None:
            raise Started(started)
        rooms.faults.refuse_while_engaged(environment, session)  # preflight may have taken long
        ahead = store.users_of(session, environment, facts["stores"])
        if ahead and not wait:
            raise in_use_by_run(", ".join(facts["stores"]), ahead[0].id)
        facts["waits"] = bool(ahead) or facts["waits"]
        if facts["waits"]:
            refuse_when_full(session, environment)
        run_id = store.insert(session, columns)
        events = store.append(session, run_id, [("queued", said)], at=columns["created_at"])
        run = store.read(session, run_id)
    record.announce(run_id, events)
    if run is None:
        raise NotFound(f"There is no run {run_id}.")
    return run


def _columns(
    experiment: Experiment, request: Request, facts: Mapping[str, Any], taken: SnapshotInfo, *, by: str
) -> dict[str, Any]:
    return {
        "experiment": experiment.id,
        "title": experiment.title,
        "environment": request.environment.name,
        "requested_by": by,
        "request": request.row,
        "status": str(RunStatus.QUEUED),
        "sha256": taken.sha256,
        "git_commit": taken.git_commit,
        "git_dirty": taken.git_dirty,
        "document": as_json(experiment.document),
        "facts": {**facts, "file": Path(experiment.file).name, **_place(experiment)},
        "journal_state": "none",
    }


def _place(experiment: Experiment) -> dict[str, str]:
    """Where it runs, if not in its snapshot."""
    return {} if experiment.workdir is None else {"workdir": str(experiment.workdir)}
