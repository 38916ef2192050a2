"""Schedules as other rooms see them: make one, look ahead, change it, hold it, run it now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from app.clock import Clock
from app.errors import Changed, Conflict, KeyReused, NotFound, Problem
from app.schedules import cron, definition, store, zones
from app.schedules.calendars import Calendars
from app.schedules.definition import Definition
from app.schedules.files import Files
from app.schedules.firing import Firing, RunRoom
from app.schedules.reading import CatalogRoom
from app.schedules.rule import INSTANT, Kind, due, fires
from app.schedules.schedule import Fire, FireState, Schedule, Upcoming, WantedFires
from app.settings import Settings
from app.storage import Storage

PREVIEWED = 10


@dataclass(frozen=True, kw_only=True)
class Preview:
    definition: Definition
    words: str  # the rule, as a person says it
    upcoming: tuple[Upcoming, ...]
    troubles: tuple[str, ...] = ()  # freeze calendars that can not be read


class Schedules:
    """`changed` is called after each change, so that whoever waits for the next fire looks again."""

    def __init__(
        self, *, storage: Storage, catalog: CatalogRoom, settings: Settings, runs: RunRoom, clock: Clock, calendars: Calendars
    ) -> None:  # fmt: skip
        self._storage = storage
        self._catalog = catalog
        self._settings = settings
        self._clock = clock
        self.calendars = calendars
        self.firing = Firing(
            storage=storage,
            runs=runs,
            clock=clock,
            environments=settings.environments,
            blackout=calendars.blackout,
        )
        self.files = Files(
            settings=settings, catalog=catalog, storage=storage, clock=clock, firing=self.firing
        )
        self.changed: Callable[[], None] = lambda: None

    def list(
        self,
        *,
        experiment: str | None = None,
        environment: str | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> Sequence[Schedule]:
        """By id, those with a greater one than `after`."""
        with self._storage.reading() as session:
            return store.listed(
                session, experiment=experiment, environment=environment, after=after, limit=limit
            )

    def soonest(
        self, limit: int = 200, *, environment: str | None = None, before: datetime | None = None
    ) -> Sequence[Schedule]:
        """Those that fire next, first; `before`: only those whose next fire is earlier."""
        with self._storage.reading() as session:
            return store.soonest(session, environment=environment, before=before, limit=limit)

    def get(self, schedule_id: int) -> Schedule:
        with self._storage.reading() as session:
            found = store.read(session, schedule_id)
        if found is None or found.deleted_at is not None:
            raise NotFound(f"There is no schedule {schedule_id}.")
        return found

    def create(self, given: Mapping[str, Any], *, by: str) -> Schedule:
        """Invalid with a problem for each field; NotFound where there is no such experiment."""
        one, now = self._read(given), self._clock.now()
        new = Schedule(id=0, definition=one, created_by=by, created_at=now, changed_at=now)
        with self._storage.writing() as session:
            made = store.insert(
                session, one, created_by=by, created_at=now, changed_at=now, **self.firing.following(new, now)
            )
        self.changed()
        return self.get(made)

    def replace(self, schedule_id: int, given: Mapping[str, Any], *, version: int) -> Schedule:
        """The whole definition anew. Changed where it is not at that version any more."""
        schedule = self._own(schedule_id)
        return self._change(schedule, version, self._read(given))

    def amend(self, schedule_id: int, given: Mapping[str, Any], *, version: int) -> Schedule:
        """Some fields; null takes one away. Naming another of cron, every and at takes the place of the one there was."""
        schedule = self._own(schedule_id)
        kept = dict(schedule.fields)
        if any(given.get(one) for one in definition.WHENS):
            kept = {key: value for key, value in kept.items() if key not in definition.WHENS}
        fields = {key: value for key, value in (kept | dict(given)).items() if value is not None}
        return self._change(schedule, version, self._read(fields))

    def delete(self, schedule_id: int, *, version: int | None = None) -> None:
        """What it ran stays. Changed where it is not at that version any more."""
        schedule = self._own(schedule_id)
        self._change(schedule, version, deleted_at=self._clock.now())

    def pause(self, schedule_id: int, *, by: str) -> Schedule:
        """Nothing fires, and nothing that was due meanwhile is missed. A second time changes nothing."""
        schedule = self.get(schedule_id)
        if schedule.paused_by is not None:
            return schedule
        return self._change(schedule, None, paused_by=by)

    def resume(self, schedule_id: int) -> Schedule:
        """From now on. Conflict where its file says that it is paused."""
        schedule = self.get(schedule_id)
        if schedule.definition.paused:
            where = f"in {schedule.file}" if schedule.file else "in its definition"
            raise Conflict(f"“{schedule.name}” is paused {where}. Take `paused` away there.")
        if schedule.paused_by is None:
            return schedule
        return self._change(schedule, None, paused_by=None)

    def run_now(self, schedule_id: int, *, by: str, key: str | None = None) -> Fire:
        """As it would run by itself, asked for by a person: what came of it, a run or why there is none.

        A second call with the same `key` is told the first one's fire, `replayed`, unless that came to nothing.
        """
        schedule, now = self.get(schedule_id), self._clock.now()
        with self._storage.writing() as session:
            fire = self._first(session, schedule_id, key)
            if fire is None:
                if now in store.written(session, [schedule_id], now).get(schedule_id, ()):
                    raise Conflict(f"“{schedule.name}” fires at this very moment.")
                fire_id = store.write(
                    session, schedule_id, at=now, due_at=now, written_at=now, state=FireState.INTENDED, by=by,
                    asked_key=key,
                )  # fmt: skip
                fire = store.fire(session, fire_id)
        if fire is None:
            raise NotFound(f"There is no schedule {schedule_id}.")
        return replace(self.firing.start(fire), replayed=fire.replayed) if fire.state.open else fire

    def _first(self, session: Session, schedule_id: int, key: str | None) -> Fire | None:
        """What an earlier call with that key made. KeyReused where that was of another schedule."""
        first = None if key is None else store.with_key(session, key)
        if first is None:
            return None
        if first.schedule_id != schedule_id:
            raise KeyReused(
                f"That Idempotency-Key came with another request before, which ran schedule {first.schedule_id}. "
                "A new request needs a new key."
            )
        if first.state is FireState.REFUSED:
            store.free_key(session, first.id)
            return None
        return replace(first, replayed=True)

    def fires(self, schedule_id: int, *, before: int | None = None, limit: int = 50) -> Sequence[Fire]:
        """What came of it, the newest first, those with a smaller id than `before`."""
        self.get(schedule_id)
        return self.find_fires(WantedFires(schedule=schedule_id), before=before, limit=limit)

    def find_fires(
        self, wanted: WantedFires, *, before: int | None = None, limit: int = 50
    ) -> Sequence[Fire]:
        """Of all schedules, deleted ones, too: the newest first, those with a smaller id than `before`."""
        with self._storage.reading() as session:
            return store.found_fires(session, wanted, before=before, limit=limit)

    def marks(self, environment: str, **span: Any) -> Sequence[tuple[datetime, int, int]]:
        """When fires were due, their ids and their schedules'; `span`: `begin`, `end`, whether the `newest` first, `limit`."""
        with self._storage.reading() as session:
            return store.marks(session, environment, **span)

    def those_fires(self, ids: Sequence[int]) -> Mapping[int, Fire]:
        """By id; without those that there are not."""
        with self._storage.reading() as session:
            return store.those_fires(session, ids)

    def named(self, ids: Iterable[int]) -> Mapping[int, Schedule]:
        """By id, deleted ones, too."""
        with self._storage.reading() as session:
            return store.named(session, tuple(ids))

    def upcoming(
        self, schedule: Schedule, after: datetime | None = None, most: int = PREVIEWED
    ) -> tuple[Upcoming, ...]:
        """Its next fires; none where it is paused or over."""
        if schedule.next_at is None:
            return ()
        begin = max(schedule.next_at, after) if after else schedule.next_at
        return self._upcoming(schedule.definition, begin - INSTANT, most, schedule)

    def preview(self, given: Mapping[str, Any]) -> Preview:
        """What a definition would do, whose name and experiment may be missing yet. Invalid as `create`."""
        known = {"environment": self._settings.default_environment, "name": "new", "experiment": "new"}
        said = {key: value for key, value in given.items() if value is not None}
        fields = known | {key: value for key, value in said.items() if value or key in definition.WHENS}
        one = self._parsed(fields)
        place = self._settings.environments[one.environment]
        upcoming = self._upcoming(one, self._clock.now(), PREVIEWED, None)
        return Preview(
            definition=one,
            words=_words(one),
            upcoming=upcoming,
            troubles=tuple(self.calendars.troubles(place)),
        )

    def _upcoming(
        self, one: Definition, after: datetime, most: int, schedule: Schedule | None
    ) -> tuple[Upcoming, ...]:
        found = islice(fires(one.rule, after, self.firing.workday(one.environment)), most)
        place = self._settings.environments.get(one.environment)
        told = []
        for at in found:
            late = due(one.rule, at, one.seed)
            hindered = self.calendars.planned(place, late) if place else "in an environment that is gone"
            told.append(Upcoming(at=at, due_at=late, hindered=hindered, schedule=schedule))
        return tuple(told)

    def _read(self, given: Mapping[str, Any]) -> Definition:
        one, now = (
            self._formed({"environment": self._settings.default_environment} | dict(given)),
            self._clock.now(),
        )
        definition.refuse_all(
            lambda: definition.refuse_long_jitter(one, now),
            lambda: definition.refuse_never(one, now),
            lambda: definition.refuse_unknown_channels(one, self._settings.channels),
        )
        self._catalog.load(one.experiment)
        return one

    def _parsed(self, fields: Mapping[str, Any]) -> Definition:
        one = self._formed(fields)
        definition.refuse_long_jitter(one, self._clock.now())
        return one

    def _formed(self, fields: Mapping[str, Any]) -> Definition:
        try:
            place = self._settings.environment(str(fields["environment"]))
        except NotFound as error:
            raise definition.refused([Problem(message=str(error), path="environment")]) from error
        return definition.parse({"time_zone": place.time_zone} | dict(fields))

    def _own(self, schedule_id: int) -> Schedule:
        schedule = self.get(schedule_id)
        if schedule.file:
            raise Conflict(
                f"“{schedule.name}” comes from {schedule.file}: change it there. It can be paused here."
            )
        return schedule

    def _change(
        self, schedule: Schedule, version: int | None, one: Definition | None = None, **columns: Any
    ) -> Schedule:
        """Compare and swap. It counts from now on: what is due by now is written first."""
        if version is not None and version != schedule.version:
            raise _changed(schedule)
        now = self._clock.now()
        new = replace(schedule, definition=one or schedule.definition, **columns)
        with self._storage.writing() as session:
            columns |= self.firing.turned(session, schedule, new)
            if not store.change(session, schedule, one, changed_at=now, **columns):
                raise _changed(schedule)
            changed = store.read(session, schedule.id)
        self.changed()
        return changed or schedule


def _changed(schedule: Schedule) -> Changed:
    return Changed(
        f"“{schedule.name}” was changed meanwhile. Look at it again, and change what there is now."
    )


def _words(one: Definition) -> str:
    rule = one.rule
    if rule.kind is Kind.CRON:
        return cron.words(rule.cron)
    if rule.kind is Kind.INTERVAL:
        return f"Every {zones.written(rule.every)}"
    return f"Once, on {rule.at.astimezone(rule.zone):%a %Y-%m-%d at %H:%M}"
