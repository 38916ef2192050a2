"""A fault armed by hand is measured with no page open."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from app.errors import Invalid, NotFound
from app.queries import Query
from app.runs import ArmedSignals
from app.settings import Environment, Settings

QUERY = Query(document='[{"Id": "a"}]', result="a", window=300)


@dataclass
class Scene:
    armed: list[Any] = field(default_factory=list)
    over: list[Any] = field(default_factory=list)
    stores: dict[str, str] = field(
        default_factory=dict
    )  # by experiment: what it arms; empty: it breaks the reader

    reads: list[str] = field(default_factory=list)
    judged: list[str | None] = field(default_factory=list)  # queries of run 7, None: only runs measure it

    def run(self, run_id: int) -> Any:
        if run_id != 7:
            raise NotFound("no")
        rows = [{"query": query} for query in self.judged]
        return SimpleNamespace(experiment="one", variables={"table": "orders"}, signals=rows)

    def active(self, environment: str) -> list[Any]:
        return [entry for entry in self.armed if entry.environment == environment]

    def settling(self) -> list[Any]:
        return self.over

    def all(self) -> list[Any]:
        return [SimpleNamespace(id=name, file=name, valid=name != "invalid") for name in self.stores]

    def load(self, experiment_id: str) -> Any:
        return next(one for one in self.all() if one.id == experiment_id)

    def read(self, experiment: Any, environment: Environment, variables: Any) -> Any:
        self.reads.append(experiment.id)
        name = self.stores[experiment.id]
        if not name or (name == "c" and not variables):
            raise Invalid("nobody thought of this")
        within = SimpleNamespace(low=0, high=1)
        signals = [
            SimpleNamespace(query=QUERY, tolerance=within),
            SimpleNamespace(query=None, tolerance=within),
        ]
        return SimpleNamespace(intents=[SimpleNamespace(store=("ssm", name))], signals=signals)


def armed(store: str, *, run_id: str | None = None) -> Any:
    class Entry(SimpleNamespace):
        pass

    return Entry(environment="test", run_id=run_id, store=store)


def signals_of(tmp_path: Any, scene: Scene) -> ArmedSignals:
    places = {"test": Environment(name="test"), "other": Environment(name="other")}
    settings = Settings(folder=tmp_path, environments=places, default_environment="test")
    return ArmedSignals(faults=scene, catalog=scene, settings=settings, reading=scene, run=scene.run)


def unjudged_in(tmp_path: Any, scene: Scene, entry: Any) -> bool:
    found = signals_of(tmp_path, scene)
    return found.unjudged(entry, found.of(entry))


def queries(tmp_path: Any, scene: Scene) -> list[Query]:
    found = signals_of(tmp_path, scene)
    assert found.queries("other") == []
    return found.queries("test")


def test_the_signals_of_experiments_that_arm_the_same_store_are_wanted(tmp_path: Any) -> None:
    stores = {"one": "a", "two": "b", "broken": "", "invalid": "a"}
    assert queries(tmp_path, Scene(armed=[armed("ssm:a")], stores=stores)) == [QUERY]


def test_nothing_is_wanted_for_what_a_run_watches_itself_or_nobody_armed(tmp_path: Any) -> None:
    assert queries(tmp_path, Scene(armed=[armed("ssm:a", run_id="7")], stores={"one": "a"})) == []
    assert queries(tmp_path, Scene(stores={"one": "a"})) == []


def test_what_was_disarmed_is_watched_until_it_is_clean(tmp_path: Any) -> None:
    scene = Scene(over=[armed("ssm:a", run_id="7")], stores={"one": "a"})
    assert queries(tmp_path, scene) == [QUERY]


@pytest.mark.parametrize(
    ("judged", "store", "unjudged"),
    [
        ([QUERY.id], "a", False),
        ([], "a", False),
        ([QUERY.id, None], "a", True),  # only runs measure it
        (["as it was"], "a", True),  # the file asks for something else by now
        ([QUERY.id], "", True),  # the file can not be read any more
        ([QUERY.id], "c", False),  # it can, with the variables of the run
    ],
)
def test_what_a_run_judged_and_nobody_can_look_at_now(
    tmp_path: Any, judged: list[str | None], store: str, *, unjudged: bool
) -> None:
    scene = Scene(stores={"one": store}, judged=judged)
    assert unjudged_in(tmp_path, scene, armed(f"ssm:{store}", run_id="7")) is unjudged


def test_by_hand_every_signal_of_the_store_counts(tmp_path: Any) -> None:
    scene = Scene(stores={"one": "a"})
    assert unjudged_in(tmp_path, scene, armed("ssm:a"))
    assert not unjudged_in(tmp_path, scene, armed("ssm:b"))


def test_after_a_run_its_own_experiment_is_read_alone_and_once(tmp_path: Any) -> None:
    scene = Scene(stores={"one": "a", "two": "a", "three": "b"}, judged=[QUERY.id])
    assert not unjudged_in(tmp_path, scene, armed("ssm:a", run_id="7"))
    assert scene.reads == ["one"]
