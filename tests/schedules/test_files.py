"""schedules.yaml beside experiments: read strictly, with lines; followed when it changes; never edited by the console."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from app.errors import Conflict
from app.experiments import Catalog
from tests.schedules.conftest import World

NIGHTLY = """# what runs at night
schedules:
  - name: nightly
    experiment: one
    cron: "0 3 * * *"
    time_zone: UTC
    missed: run_once
    tell: [ops]
"""


def write(world: World, text: str, name: str = "lab/schedules.yaml") -> Path:
    path = world.folder / "experiments" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    stamp = path.stat().st_mtime_ns + len(text)  # two writes within a clock's tick are two writes
    os.utime(path, ns=(stamp, stamp))
    world.scheduler.step()
    return path


def listed(world: World) -> dict[str, Any]:
    return {one.name: one for one in world.schedules.list()}


def problems(world: World) -> list[str]:
    return [str(one) for one in world.schedules.files.problems]


def test_a_file_s_schedules_are_there_with_their_experiment_and_fire(world: World) -> None:
    write(world, NIGHTLY)
    one = listed(world)["nightly"]
    assert (one.experiment, one.file, one.environment) == (
        "lab/one",
        "experiments/lab/schedules.yaml",
        "test",
    )
    world.at("2026-11-25 03:00:00")
    world.scheduler.step()
    assert world.told(one) == [("11-25 03:00", "started")]


def test_a_channel_that_is_not_there_is_a_mistake_on_its_line(world: World) -> None:
    write(world, NIGHTLY.replace("[ops]", "[ops, opps]"))
    (problem,) = problems(world)
    assert problem.startswith("experiments/lab/schedules.yaml:8")
    assert "There is no channel “opps”. There are: ops, pager." in problem
    assert listed(world) == {}


def test_it_is_no_experiment(world: World) -> None:
    write(world, NIGHTLY)
    assert [one.id for one in Catalog(world.folder / "experiments").all()] == ["lab/one", "lab/two"]


def test_a_change_is_followed_and_what_did_not_change_is_left_alone(world: World) -> None:
    write(world, NIGHTLY + "  - {name: other, experiment: two, every: 6h, start: 2026-12-01}\n")
    before = listed(world)
    write(
        world,
        NIGHTLY.replace("0 3", "0 4") + "  - {name: other, experiment: two, every: 6h, start: 2026-12-01}\n",
    )
    after = listed(world)
    assert after["nightly"].fields["cron"] == "0 4 * * *"
    assert after["nightly"].id == before["nightly"].id
    assert after["other"] == before["other"]
    world.restart()
    world.scheduler.step()
    assert listed(world) == after


def test_what_leaves_the_file_ends_and_what_comes_back_is_the_same_one(world: World) -> None:
    path = write(world, NIGHTLY)
    one = listed(world)["nightly"]
    world.at("2026-11-25 03:00:00")
    world.scheduler.step()
    path.unlink()
    world.scheduler.step()
    assert listed(world) == {}
    world.at("2026-11-25 02:30:00")  # the clock stepped back, too
    write(world, NIGHTLY)
    assert listed(world)["nightly"].id == one.id
    world.at("2026-11-25 03:00:00")
    world.scheduler.step()
    assert len(world.runs.asked) == 1


def test_while_it_has_a_mistake_nothing_of_it_fires_and_both_pages_and_notices_say_so(world: World) -> None:
    write(world, NIGHTLY)
    write(world, NIGHTLY.replace("0 3", "0 25"))
    assert problems(world) == [
        "experiments/lab/schedules.yaml:5  schedules[0].cron  The hour field “25” is outside 0 to 23."
    ]
    world.at("2026-11-25 03:00:00")
    world.scheduler.step()
    one = listed(world)["nightly"]
    assert "schedules.yaml:5" in world.fires(one)[0].sentence
    assert world.notices()[0]["channels"] == ["ops"]
    write(world, NIGHTLY)
    assert (problems(world), listed(world)["nightly"].trouble) == ([], None)
    world.at("2026-11-26 03:00:00")
    world.scheduler.step()
    assert world.told(one)[-1] == ("11-26 03:00", "started")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("schedules: nightly\n", 1, "a list under the name “schedules”"),
        ("nightly: 3\n", 1, "a list under the name “schedules”"),
        ("schedules:\n  - nightly\n", 2, "a table of fields"),
        ("schedules:\n  - name: a\n    experiment: one\n    cron: '0 3 * *'\n", 4, "five fields"),
        ("schedules:\n  - name: a\n    experiment: gone\n    cron: '0 3 * * *'\n", 3, "no experiment 'lab/gone'"),
        ("schedules:\n  - {name: a, experiment: one, cron: '0 3 * * *'}\n  - {name: a, experiment: one, every: 1h}\n", 3, "two “a”"),
        ("schedules:\n  - name: a\n    experiment: one\n    every: 1h\n    colour: red\n", 5, "There is no such field"),
        ("schedules:\n  - name: a\n    experiment: one\n    every: 1h\n    environment: prod\n", 5, "no environment “prod”"),
        ("schedules:\n  - experiment: one\n    every: 1h\n", 2, "missing"),
        ("schedules:\n  - name: a\n    experiment: one\n    every: 1h\n    jitter: 1h\n", 5, "not shorter"),
        ("schedules: [\n", 2, "not YAML"),
    ],
)  # fmt: skip
def test_a_mistake_has_its_line(world: World, text: str, line: int, says: str) -> None:
    write(world, text)
    assert any(says in one and f"schedules.yaml:{line} " in one for one in problems(world)), problems(world)
    assert listed(world) == {}


def test_a_mistake_in_one_file_leaves_the_others(world: World) -> None:
    write(world, "schedules: 3\n", "other/schedules.yml")
    write(world, NIGHTLY)
    assert list(listed(world)) == ["nightly"]


@pytest.mark.parametrize("suffix", [".json", ".yaml", ".yml"])
def test_an_experiment_may_be_named_with_its_suffix(world: World, suffix: str) -> None:
    write(world, NIGHTLY.replace("experiment: one", f"experiment: one{suffix}"))
    assert problems(world) == []
    assert listed(world)["nightly"].experiment == "lab/one"


def test_a_mistake_is_over_as_soon_as_its_experiment_is_there(world: World) -> None:
    """Nobody touches the file, and nobody restarts the console."""
    write(world, NIGHTLY.replace("experiment: one", "experiment: later"))
    assert "no experiment 'lab/later'" in problems(world)[0]
    assert not world.scheduler.step()
    folder = world.folder / "experiments" / "lab"
    (folder / "later.json").write_text((folder / "one.json").read_text())
    world.scheduler.step()
    assert problems(world) == []
    one = listed(world)["nightly"]
    world.at("2026-11-25 03:00:00")
    world.scheduler.step()
    assert world.told(one) == [("11-25 03:00", "started")]


@pytest.mark.parametrize("text", ["", "# nothing yet\n"])
def test_an_empty_file_is_no_mistake(world: World, text: str) -> None:
    write(world, text)
    assert problems(world) == []


def test_it_is_read_only_here_and_can_be_paused(world: World) -> None:
    write(world, NIGHTLY)
    one = listed(world)["nightly"]
    with pytest.raises(Conflict, match=r"comes from experiments/lab/schedules\.yaml: change it there"):
        world.schedules.amend(one.id, {"missed": "skip"}, version=one.version)
    with pytest.raises(Conflict):
        world.schedules.delete(one.id)
    world.schedules.pause(one.id, by="maria")
    world.restart()
    world.at("2026-11-25 03:00:00")
    world.scheduler.step()
    assert world.runs.asked == []
    write(
        world, NIGHTLY.replace("missed: run_once", "missed: skip")
    )  # a change of the file does not resume it
    assert listed(world)["nightly"].paused
    assert world.schedules.resume(one.id).next_at is not None


def test_paused_in_the_file_it_is_resumed_there(world: World) -> None:
    write(world, NIGHTLY + "    paused: true\n")
    one = listed(world)["nightly"]
    assert one.next_at is None
    with pytest.raises(Conflict, match="Take `paused` away there"):
        world.schedules.resume(one.id)
    write(world, NIGHTLY)
    assert listed(world)["nightly"].next_at is not None


def test_a_link_to_a_file_elsewhere_is_not_followed(world: World) -> None:
    outside = world.folder / "outside.yaml"
    outside.write_text(NIGHTLY)
    (world.folder / "experiments" / "lab" / "schedules.yaml").symlink_to(outside)
    world.scheduler.step()
    assert listed(world) == {}
