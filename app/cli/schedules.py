"""`gameday schedules`: read from the folder's own database, whether a console runs there or not, or from a console."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from zoneinfo import ZoneInfo

import click

from app.cli.beside import tell
from app.cli.listing import Column, table
from app.cli.listings import nothing_such, width
from app.cli.run.asking import Api
from app.errors import Conflict, NotFound, Problem

if TYPE_CHECKING:
    from app.runs import Run, Wish
    from app.schedules import Schedules
    from app.storage import Storage

MOST = 500
LAST = 10  # fires
KNOWN = 10  # fires to come, of each schedule
Told = Mapping[str, Any]


def listed(
    folder: Path, server: str | None, *, environment: str | None, experiment: str | None, output: str
) -> int:
    beside = "" if server else tell(folder)
    with _source(folder, server) as source:
        found, mistakes = source.all(environment=environment, experiment=experiment), source.mistakes()
    for mistake in mistakes:
        click.echo(f"✕ {mistake}", err=True)
    if output == "json":
        click.echo(json.dumps(found, indent=2))
        return 0
    if found:
        click.echo(table(found, COLUMNS, width=width()))
    if not (found or mistakes or beside):
        chosen = {"environment": environment, "experiment": experiment}
        click.echo(
            nothing_such("schedules", [name for name, value in chosen.items() if value])
            or "Nothing runs by itself. Add a schedules.yaml beside an experiment, or a schedule on its page."
        )
    return 0


def show(folder: Path, server: str | None, number: int, *, output: str) -> int:
    try:
        with _source(folder, server) as source:
            one, fires = source.one(number), source.fires(number)
    except NotFound as error:
        there = f" --server {server}" if server else ""
        raise NotFound(f"{error} `gameday schedules list{there}` has them.") from error
    if output == "json":
        click.echo(json.dumps({**one, "fires": fires}, indent=2))
        return 0
    rule = one.get("cron") or one.get("every") or one.get("at")
    click.echo(
        f"{one['name']}: {one['experiment']} in {one['environment']}, {rule} {one['time_zone']}{_where(one)}"
    )
    click.echo(f"Next: {_next(one)}")
    for fire in one["upcoming"]:
        hindered = f"  ▲ {fire['hindered']}: it will be refused" if fire["hindered"] else ""
        click.echo(f"  {_local(fire['due_at'], one)}{hindered}")
    if fires:
        click.echo("Last:")
    for fire in fires:
        came = fire["verdict"] or fire["status"] or fire["state"]
        run = f"  run {fire['run']}" if fire["run"] else ""
        click.echo(f"  {_local(fire['due_at'], one)}  {came}{run}  {fire['sentence']}".rstrip())
    return 0


def following(folder: Path, server: str | None, *, limit: int, output: str) -> int:
    beside = "" if server else tell(folder)
    with _source(folder, server) as source:
        found = [one for one in source.all() if one["due_at"]]
        soonest = sorted(found, key=lambda one: str(one["due_at"]))[:limit]
        known = [(one, source.one(int(one["id"]))["upcoming"]) for one in soonest]
    fires, until = _in_turn(known)
    fires, left_out = fires[:limit], len(fires) < limit and until
    if output == "json":
        told = [{"schedule": one["id"], "name": one["name"], **fire} for fire, one in fires]
        click.echo(json.dumps(told, indent=2))
    for fire, one in fires if output != "json" else ():
        hindered = f"  ▲ {fire['hindered']}" if fire["hindered"] else ""
        click.echo(
            f"{_local(fire['due_at'], one)} {one['time_zone']:<20} {one['name']} ({one['experiment']}){hindered}"
        )
    if left_out:
        click.echo(
            f"Of each schedule the next {KNOWN} are known: what comes later is left out. The calendar has all.",
            err=True,
        )
    if not fires and not beside and output != "json":
        click.echo("Nothing fires by itself.")
    return 0


def _in_turn(known: Sequence[tuple[Told, Sequence[Told]]]) -> tuple[list[tuple[Told, Told]], str]:
    """Fires with their schedules in the order of time, as far as nothing between them is missing, and until when that is.

    Empty: all of them are known.
    """
    ends = [str(fires[-1]["due_at"]) for _, fires in known if len(fires) >= KNOWN]
    until = min(ends, default="")
    pairs = [
        (fire, one) for one, fires in known for fire in fires if not until or str(fire["due_at"]) <= until
    ]
    return sorted(pairs, key=lambda pair: str(pair[0]["due_at"])), until


@contextmanager
def _source(folder: Path, server: str | None) -> Iterator[_Console | _Folder]:
    if server:
        yield _Console(server)
        return
    from app.cli.listing_folder import storage_of
    from app.clock import SystemClock
    from app.experiments import Catalog
    from app.schedules import Calendars, Schedules
    from app.settings import load

    settings, clock = load(folder), SystemClock()
    calendars = Calendars(
        settings.environments, folder=folder, cache=settings.data / "calendars", clock=clock
    )
    with storage_of(settings) as storage:
        runs = _Runs(storage)
        schedules = Schedules(
            storage=storage, catalog=Catalog(settings.experiments), settings=settings, runs=runs, clock=clock,
            calendars=calendars,
        )  # fmt: skip
        schedules.files.sync()
        yield _Folder(schedules, runs)


class _Console:
    """Through a running console."""

    def __init__(self, server: str) -> None:
        self._api = Api(server)

    def all(self, **filters: str | None) -> list[Told]:
        query: Mapping[str, Any] = {name: value for name, value in filters.items() if value}
        return list(self._api.all("/api/schedules", params=query))

    def mistakes(self) -> Sequence[str]:
        """Of its files, with their lines."""
        return [str(Problem(**one)) for one in self._api.json("GET", "/api/schedules/problems")]

    def one(self, number: int) -> Told:
        told: Told = self._api.json("GET", f"/api/schedules/{number}")
        return told

    def fires(self, number: int) -> list[Told]:
        told: list[Told] = self._api.json("GET", f"/api/schedules/{number}/fires", params={"limit": LAST})
        return told


class _Runs:
    """Of runs, what has become of them. Nothing is started from here."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def those(self, ids: Sequence[int]) -> Mapping[int, Run]:
        from app.runs import store

        with self._storage.reading() as session:
            return {run.id: run for run in store.those(session, ids)}

    def start(self, experiment_id: str, asked: Wish, /, **more: Any) -> NoReturn:
        del more
        raise Conflict(f"This command only looks, and starts no {experiment_id}, however asked: {asked}.")

    def started_with(self, key: str, /) -> None:
        del key

    def announced(self, experiment_id: str, /, **place: Any) -> Mapping[str, Any]:
        del experiment_id, place
        return {}


class _Folder:
    """From the database, in the API's own words."""

    def __init__(self, schedules: Schedules, runs: _Runs) -> None:
        self._schedules = schedules
        self._runs = runs

    def all(self, *, environment: str | None = None, experiment: str | None = None) -> list[Told]:
        found: list[Told] = []
        after = 0
        while page := self._schedules.list(
            environment=environment, experiment=experiment, after=after, limit=MOST
        ):
            found += [_plain(one.as_json) for one in page]
            after = page[-1].id
        return found

    def mistakes(self) -> Sequence[str]:
        """Of its files, with their lines."""
        return [str(one) for one in self._schedules.files.problems]

    def one(self, number: int) -> Told:
        schedule = self._schedules.get(number)
        upcoming = [one.as_json for one in self._schedules.upcoming(schedule)]
        return _plain({**schedule.as_json, "upcoming": upcoming})

    def fires(self, number: int) -> list[Told]:
        fires = self._schedules.fires(number, limit=LAST)
        runs = self._runs.those([fire.run_id for fire in fires if fire.run_id])
        told: list[Told] = []
        for fire in fires:
            run = runs.get(fire.run_id or 0)
            more = {
                "status": str(run.status) if run else None,
                "verdict": str(run.verdict) if run and run.verdict else None,
            }
            told.append(_plain({**fire.as_json, **more}))
        return told


def _plain(told: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(
        json.dumps(told, default=lambda one: one.isoformat() if isinstance(one, datetime) else str(one))
    )
    return plain


def _local(at: str, one: Told) -> str:
    return f"{datetime.fromisoformat(at).astimezone(ZoneInfo(one['time_zone'])):%a %Y-%m-%d %H:%M}"


def _next(one: Told) -> str:
    if one["trouble"]:
        return "its file has a mistake"
    if one["paused"]:
        return "paused"
    return _local(one["due_at"], one) if one["due_at"] else "over"


def _where(one: Told) -> str:
    return f", from {one['file']}" if one["file"] else ""


COLUMNS = (
    Column(head="ID", text=lambda one: str(one["id"])),
    Column(head="NEXT", text=_next),
    Column(head="ZONE", text=lambda one: str(one["time_zone"])),
    Column(head="NAME", text=lambda one: str(one["name"])),
    Column(head="EXPERIMENT", text=lambda one: str(one["experiment"])),
    Column(head="ENVIRONMENT", text=lambda one: str(one["environment"])),
    Column(head="FROM", text=lambda one: str(one["file"] or "a person"), prose=True),
)
