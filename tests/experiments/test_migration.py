"""Migrating a file: what changes, what stays, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from app.dialects import DIALECTS
from app.errors import Invalid
from app.experiments.intents import intents_of
from app.experiments.migration import migrate

LAB = Path(__file__).parents[2] / "experiments" / "serverless-etl" / "exp_2-dynamodb_disruption.json"
FLAGS = "failure-lambda/1.x"


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    return Path(shutil.copy(LAB, tmp_path / LAB.name))


@pytest.mark.parametrize("dialect", ["failure-lambda/0.x", FLAGS])
def test_the_labs_file_means_the_same_in_another_dialect(lab: Path, dialect: str) -> None:
    found = migrate(lab, lab.name, dialect)
    before, after = json.loads(found.before), json.loads(found.after)
    assert len(found.before.splitlines()) == len(found.after.splitlines())
    (value,) = [intent.value for one in after["method"] for intent in intents_of(one)]
    fault = DIALECTS[dialect].parse(value)
    assert fault is not None
    assert (fault.rate, fault.deny_list) == (0.5, ("dynamodb.*.amazonaws.com",))
    assert {**after, "method": 0, "rollbacks": 0} == {**before, "method": 0, "rollbacks": 0}
    assert lab.read_text() == found.before  # nothing is written


def test_what_switches_off_is_translated_too_where_its_name_differs(lab: Path) -> None:
    after = json.loads(migrate(lab, lab.name, FLAGS).after)
    values = [intent.value for one in after["rollbacks"] for intent in intents_of(one)]
    assert values == ["{}"]
    unchanged = json.loads(migrate(lab, lab.name, "failure-lambda/0.x").after)
    assert unchanged["rollbacks"] == json.loads(lab.read_text())["rollbacks"]


def test_a_file_that_speaks_the_dialect_already_stays(lab: Path) -> None:
    found = migrate(lab, lab.name, "failure-lambda/0.2")
    assert (found.changed, found.after, found.unified) == ((), found.before, "")


def test_yaml_keeps_its_comments(tmp_path: Path) -> None:
    value = '{"isEnabled": true, "failureMode": "blacklist", "rate": 0.5, "blacklist": ["s3"]}'
    path = tmp_path / "one.yaml"
    path.write_text(
        "title: t  # mine\ndescription: d\nmethod:\n- type: action\n  name: Arm\n  provider:\n    type: process\n"
        f"    path: aws\n    arguments: [ssm, put-parameter, --name, p, --value, '{value}']\n"
    )
    found = migrate(path, path.name, "failure-lambda/0.x")
    assert "# mine" in found.after
    (intent,) = intents_of(yaml.safe_load(found.after)["method"][0])
    assert json.loads(intent.value)["denylist"] == ["s3"]


def test_what_the_dialect_can_not_say_is_refused_with_the_activitys_name(lab: Path) -> None:
    with pytest.raises(
        Invalid, match=r"BLACKLIST” can not be migrated\. chaos_lambda/0.3 has no denylist fault"
    ):
        migrate(lab, lab.name, "chaos_lambda/0.3")


def test_an_unknown_dialect_names_those_that_there_are(lab: Path) -> None:
    with pytest.raises(Invalid, match=r"There are: failure-lambda/0\.2"):
        migrate(lab, lab.name, "failure-lambda/7")


def test_the_two_sides_stand_line_by_line(lab: Path) -> None:
    found = migrate(lab, lab.name, "failure-lambda/0.x")
    changed = [(before, after) for kind, before, after in found.rows if kind == "changed"]
    assert len(changed) == 1
    assert "blacklist" in changed[0][0]
    assert "denylist" in changed[0][1]
    assert [before for kind, before, _ in found.rows if kind == "gap"] == ["line 85"]
    assert found.unified.count("\n+ ") == 1
