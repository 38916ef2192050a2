"""People who change schedules at random, by the API and in a file, and what they remember of it."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.schedules import Schedule, store
from app.schedules.definition import WHENS, Definition
from app.schedules.rule import EPOCH
from tests.schedules.conftest import World
from tests.schedules.history import Edit

IN_A_FILE = 40  # of the schedules
AT_ONCE = 8  # that are changed in one go

Draw = Callable[[random.Random, int, datetime], Mapping[str, Any]]


@dataclass
class People:
    world: World
    dice: random.Random
    seen: datetime = EPOCH  # when the console has last looked
    histories: dict[int, list[Edit]] = field(default_factory=dict)
    known: dict[int, Definition] = field(default_factory=dict)  # as it was written last, held or not
    file: dict[str, dict[str, Any]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)  # of those in the file
    changes: int = 0

    def begin(self, definitions: Sequence[Mapping[str, Any]]) -> None:
        for fields in definitions[:IN_A_FILE]:
            wanted = {key: value for key, value in fields.items() if value is not None}
            self.file[str(fields["name"])] = {**wanted, "experiment": "one"}
        self.write()
        for fields in definitions[IN_A_FILE:]:
            self.world.create(**fields)
        self.seen = self.world.clock.now()
        for one in self.world.schedules.list(limit=1000):
            self.names |= {one.id: one.name} if one.file else {}
            self.known[one.id] = one.definition
            self.remember(one.id, one.definition)

    def change(self, draw: Draw) -> None:
        """Some that have come and wait for their jitter, and some others."""
        now = self.world.clock.now()
        waiting = [
            one.id for one in self.world.schedules.soonest(1000)
            if one.next_at and one.due_at and one.next_at <= now < one.due_at
        ]  # fmt: skip
        chosen = {
            *self.dice.sample(waiting, min(AT_ONCE, len(waiting))),
            *self.dice.sample([*self.known], AT_ONCE),
        }
        for one in sorted(chosen):
            kind = self.dice.choices([self.rule, self.jitter, self.tell, self.hold], [40, 15, 20, 25])[0]
            kind(one, draw)
            self.changes += 1

    def rule(self, one: int, draw: Draw) -> None:
        drawn = draw(self.dice, one, self.world.clock.now())
        fields = {when: drawn.get(when) for when in WHENS} | {"jitter": drawn.get("jitter")}
        if one not in self.names and self.dice.random() < 0.3:
            fields["name"] = f"s{one}, once more"
        self.put(one, fields)

    def jitter(self, one: int, _draw: Draw) -> None:
        self.put(one, {"jitter": self.dice.choice([None, "5m", "20m"])})

    def tell(self, one: int, _draw: Draw) -> None:
        self.put(one, {"tell": [self.dice.choice(["ops", "pager"])]})

    def hold(self, one: int, _draw: Draw) -> None:
        """Pause or resume it; take it out of its file, or put it back."""
        held = self.histories[one][-1].definition is None
        if one in self.names:
            if held:
                self.file[self.names[one]] = written(self.known[one])
            else:
                self.known[one] = self.row(one).definition
                del self.file[self.names[one]]
            self.write()
        elif held:
            self.world.schedules.resume(one)
        else:
            self.world.schedules.pause(one, by="maria")
        self.remember(one, self.known[one] if held else None)

    def put(self, one: int, fields: Mapping[str, Any]) -> None:
        before, held = self.known[one], self.histories[one][-1].definition is None
        over = before.rule.kind == "once" and before.rule.at <= self.world.clock.now()
        named = any(fields.get(when) for when in WHENS)
        if (over and not named) or (held and one in self.names):
            return  # refused, or not there
        if one in self.names:
            kept = {
                key: value
                for key, value in self.file[self.names[one]].items()
                if not named or key not in WHENS
            }
            self.file[self.names[one]] = {k: v for k, v in (kept | dict(fields)).items() if v is not None}
            self.write()
        else:
            given = {key: value for key, value in fields.items() if value is not None or key not in WHENS}
            self.world.schedules.amend(one, given, version=self.row(one).version)
        after = self.known[one] = self.row(one).definition
        if not held and (after.rule, after.seed) != (before.rule, before.seed):
            self.remember(one, after)

    def remember(self, one: int, definition: Definition | None) -> None:
        edit = Edit(at=self.world.clock.now(), seen=self.seen, definition=definition)
        self.histories.setdefault(one, []).append(edit)

    def row(self, one: int) -> Schedule:
        with self.world.storage.reading() as session:
            found = store.read(session, one)
        assert found is not None
        return found

    def write(self) -> None:
        """As an editor does it; the console reads it as its step does first."""
        path = self.world.folder / "experiments" / "lab" / "schedules.yaml"
        stamp = path.stat().st_mtime_ns + 10**9 if path.exists() else 10**18
        path.write_text(json.dumps({"schedules": [*self.file.values()]}))
        os.utime(path, ns=(stamp, stamp))
        self.world.schedules.files.sync()
        assert not self.world.schedules.files.problems


def written(one: Definition) -> dict[str, Any]:
    """As its file has it."""
    return {**one.fields, "experiment": "one"}
