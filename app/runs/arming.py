"""A run's faults: recognised when the child asks, in the ledger before it may go on, read back when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from app.dialects import Fault
from app.errors import GamedayError, Unavailable
from app.experiments import FaultIntent
from app.experiments.rewriting import with_value
from app.experiments.unproven import ends
from app.faults import Entry, FaultState, Lease, Store, Understanding
from app.runs.changes import as_they_are
from app.runs.record import Told
from app.runs.rooms import Rooms
from app.runs.run import Run

NOT_PLAYED = ("actions", "activities")  # dry runs that leave actions out


class Refusal(Exception):  # noqa: N818  it is an answer
    """The child may not go on; its text says why."""


@dataclass(frozen=True, kw_only=True)
class Intent:
    """A write of a fault store by an activity, kept with the run as it was read from the file."""

    kind: str  # ssm
    name: str
    value: str
    activity: str
    phase: str = "method"  # or rollbacks
    over: bool = False  # the value goes over what the store holds
    version: str = ""  # AppConfig: the hosted version that is deployed

    @classmethod
    def of(cls, intent: FaultIntent, activity: str | None = None) -> Intent:
        kind, name = intent.store
        return cls(
            kind=kind,
            name=name,
            value=intent.value,
            activity=activity or intent.activity,
            phase=str(intent.phase),
            over=intent.over,
            version=intent.version,
        )


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Go on, perhaps with another provider, after `told` is written."""

    provider: dict[str, Any] | None = None
    told: tuple[Told, ...] = ()


GO = Answer()


class Arming:
    def __init__(self, rooms: Rooms, run: Run) -> None:
        self._rooms = rooms
        self._run = run
        self.entries: dict[int, Entry] = {}  # of the ledger, by id
        self._over: set[str] = set()  # activities that have ended
        self._open: dict[str, list[int]] = {}  # by activity: entries that were not read back yet

    def asked(self, activity: Mapping[str, Any]) -> Answer:
        """Raises Refusal where the fault can not be written down first."""
        if self._run.dry in NOT_PLAYED:
            return GO
        intent = self._recognise(activity)
        if intent is None:
            return GO
        try:
            return self._intend(intent, activity)
        except GamedayError as error:
            raise Refusal(str(error)) from error

    def over(self, name: str) -> list[Told]:
        """The activity has ended: read back what it wrote."""
        return [told for entry in self._open.get(name, ())[:] for told in self._confirm(name, entry)]

    def confirm_open(self) -> list[Told]:
        """Try again where AWS could not be asked."""
        return [told for name in list(self._open) if name in self._over for told in self.over(name)]

    def taken_away(self) -> str | None:
        """Who disarmed a fault of this run while the run was going on; None where nobody did."""
        for entry in self._rooms.faults.for_run(str(self._run.id)):
            if entry.id in self.entries and entry.taken_away:
                return str(entry.disarmed_by or entry.outcome or "the guardian")
        return None

    def _recognise(self, activity: Mapping[str, Any]) -> Intent | None:
        """From what the child is about to run, else from what the file announced under that name."""
        name = str(activity.get("name"))
        away = {one["activity"] for one in self._run.facts.get("unproven", ()) if one.get("elsewhere")}
        for intent in self._rooms.reading.intents(activity):
            where = self._elsewhere(intent)
            if where and name not in away:
                raise Refusal(
                    f"“{name}” writes {':'.join(intent.store)} elsewhere ({where}), where nobody would put it back."
                )
            if where or (name in away and not intent.place):  # a person said yes to that
                return None
            return Intent.of(intent, name)
        announced = self._run.facts.get("intents", ())
        return next(
            (Intent(**i) for i in announced if i["activity"] == name and i["phase"] == "method"), None
        )

    def _elsewhere(self, intent: FaultIntent) -> str:
        if not intent.place:
            return ""
        environment = self._rooms.settings.environment(self._run.environment)
        return intent.elsewhere(environment, self._rooms.aws.identity(environment.name).region)

    def _intend(self, intent: Intent, activity: Mapping[str, Any]) -> Answer:
        environment = self._rooms.settings.environment(self._run.environment)
        place = self._rooms.reading.store(environment.name, intent.kind, intent.name)
        known = intent
        if intent.over or (intent.version and not intent.value):
            intent = replace(
                intent, value=self._rooms.faults.written(place, over=intent.value, version=intent.version)
            )
        understood = self._rooms.faults.understand(environment.name, place, intent.value)
        if understood.fault is None:
            self._refuse_what_nobody_accepted(intent, place)
            return GO
        if understood.refusal:
            raise Refusal(understood.refusal)
        file = known if known.over else intent  # a field by field change is written whole instead
        value, provider, told = self._translated(file, understood, activity)
        lease = self._lease(intent, place, value, understood, understood.fault)
        entry = self._rooms.faults.intend(lease)
        self.entries[entry.id] = entry
        self._open.setdefault(intent.activity, []).append(entry.id)
        asked: Told = ("asked", {
            "name": intent.activity, "store": str(place), "value": entry.shown(value.encode()), "fault": entry.id,
            "functions": as_they_are(self._rooms.aws, environment.name, understood.functions),
        })  # fmt: skip
        return Answer(provider=provider, told=(asked, *told))

    def _lease(
        self, intent: Intent, store: Store, value: str, understood: Understanding, fault: Fault
    ) -> Lease:
        environment = self._rooms.settings.environment(self._run.environment)
        now, patience = self._rooms.clock.now(), self._rooms.patience
        expected = float(self._run.facts.get("expected_seconds", 0)) / environment.speed
        lifetime = min(timedelta(seconds=expected + patience.margin), environment.longest_lease)
        return Lease(
            store=store, value=value, fault=fault, dialect=understood.function_dialect or understood.dialect or "",
            translated_from=understood.translated_from, functions=understood.functions, secure=understood.reads_secure,
            run_id=str(self._run.id), by=self._run.requested_by, disarm_by=now + lifetime,
            lease_until=now + timedelta(seconds=patience.lease), announced=(*self._announced(intent), value),
            safe_value=self._safe_value(intent), plan=replace(understood.plan, by_hand=self._by_hand()),
        )  # fmt: skip

    def _refuse_what_nobody_accepted(self, intent: Intent, place: Store) -> None:
        """A value that arms nothing passes where it is off, where this run holds the store, or where a person said yes."""
        holder = self._rooms.faults.busy(place)
        ours = holder is not None and holder.run_id == str(self._run.id)
        accepted = {one["activity"] for one in self._run.facts.get("unproven", ())}
        if not (ours or ends(intent.kind, intent.value) or intent.activity in accepted):
            raise Refusal(
                f"“{intent.activity}” would write {place}, which is no fault that this console can undo or prove."
            )

    def _translated(
        self, intent: Intent, understood: Understanding, activity: Mapping[str, Any]
    ) -> tuple[str, dict[str, Any] | None, tuple[Told, ...]]:
        """The value that the function obeys, the provider that writes it, and what the timeline says of it."""
        if understood.value == intent.value:
            return intent.value, None, ()
        provider = with_value(activity.get("provider") or {}, understood.value)
        if provider is None:
            raise Unavailable(
                f"The function obeys {understood.function_dialect}, the file speaks {understood.dialect}, and where "
                f"“{intent.activity}” has its value could not be found. Write it in {understood.function_dialect}."
            )
        words = {
            "name": intent.activity,
            "from": understood.dialect,
            "to": understood.function_dialect,
            "written": intent.value,
            "value": understood.value,
            "functions": list(understood.functions),
        }
        return understood.value, provider, (("translated", words),)

    def _by_hand(self) -> str:
        """What the run's other activities change, to be checked by hand."""
        return "; ".join(f"“{one['activity']}” {one['what']}" for one in self._run.facts.get("unproven", ()))

    def _announced(self, intent: Intent) -> tuple[str, ...]:
        intents = [Intent(**i) for i in self._run.facts.get("intents", ())]
        values = [i.value for i in intents if (i.kind, i.name) == (intent.kind, intent.name)]
        return tuple(dict.fromkeys([*values, intent.value]))

    def _safe_value(self, intent: Intent) -> str | None:
        """What the experiment's own rollbacks leave in that store."""
        intents = [Intent(**i) for i in self._run.facts.get("intents", ()) if i["phase"] == "rollbacks"]
        values = [i.value for i in intents if (i.kind, i.name) == (intent.kind, intent.name)]
        return values[-1] if values else None

    def _confirm(self, name: str, entry_id: int) -> list[Told]:
        self._over.add(name)
        try:
            entry = self._rooms.faults.confirm(entry_id)
        except GamedayError as error:
            return [("note", {"text": f"What “{name}” wrote could not be read back yet: {error}"})]
        self._open[name].remove(entry_id)
        self.entries[entry_id] = entry
        armed = entry.state is FaultState.ARMED
        kind = "armed" if armed else "note"
        text = "armed and read back" if armed else f"“{name}” ended, but the store does not hold its value"
        return [(kind, {"name": name, "store": str(entry.store), "fault": entry_id, "text": text})]
