"""`gameday guardian`, `gameday disarm` and `gameday faults migrate`, as processes would be used."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

from app.cli import gameday
from app.cli.rooms import faults_of
from app.dialects import Fault, FaultMode
from app.faults import FaultState, Store
from app.settings import Environment
from tests.ports import free_port

pytestmark = pytest.mark.sandbox
LAB = Path(__file__).parents[2] / "experiments" / "serverless-etl" / "exp_2-strict.json"
OFF = '{"isEnabled": false, "owner": "a"}'
ARMED = '{"isEnabled": true, "owner": "a"}'
REFUSED = Fault(mode=FaultMode.DENYLIST, rate=1, deny_list=("s3",))


@pytest.fixture
def ssm(emulated: Environment) -> Any:
    return boto3.client(
        "ssm", endpoint_url=emulated.endpoint_url, region_name="us-east-2", aws_access_key_id="test",
        aws_secret_access_key="test",
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, emulated: Environment, ssm: Any) -> Iterator[Path]:
    (tmp_path / "gameday.toml").write_text(
        f'[environments.test]\nregion = "us-east-2"\nendpoint = "{emulated.endpoint_url}"\nstores = ["ssm:commanded"]\n'
    )
    ssm.put_parameter(Name="commanded", Value=OFF, Type="String", Overwrite=True)
    yield tmp_path
    ssm.delete_parameter(Name="commanded")


def call(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(gameday, list(words), standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value, result.output


def arm(folder: Path, **given: Any) -> int:
    store = Store(environment="test", name="commanded")
    with faults_of(folder) as (_, faults):
        return faults.arm(store=store, fault=REFUSED, by="ann", lifetime=timedelta(minutes=5), **given).id


def held(ssm: Any) -> str:
    return str(ssm.get_parameter(Name="commanded")["Parameter"]["Value"])


def test_the_guardian_disarms_what_is_due_without_a_console_and_nothing_else(folder: Path, ssm: Any) -> None:
    entry = arm(folder)
    code, told = call("guardian", "--once", "--folder", str(folder))
    assert (code, 'isEnabled": true' in held(ssm)) == (1, True)
    assert "looks once into" in told
    assert "Ctrl-C" not in told
    with faults_of(folder) as (_, faults):
        faults.ledger.change(entry, disarm_by=faults.entry(entry).created_at)
    code, told = call("guardian", "--once", "--folder", str(folder))
    assert (code, held(ssm)) == (0, OFF)
    assert "ssm:commanded in test: disarmed" in told


def test_the_guardian_tells_of_what_the_ledger_does_not_hold_and_leaves_it(folder: Path, ssm: Any) -> None:
    ssm.put_parameter(Name="commanded", Value=ARMED, Type="String", Overwrite=True)
    _, told = call("guardian", "--once", "--folder", str(folder))
    assert "ARMED, and not in the ledger: ssm:commanded" in told
    assert held(ssm) == ARMED


def test_two_guardians_do_no_harm(folder: Path, ssm: Any) -> None:
    entry = arm(folder)
    with faults_of(folder) as (_, faults):
        faults.ledger.change(entry, disarm_by=faults.entry(entry).created_at)
    for _ in range(2):
        call("guardian", "--once", "--folder", str(folder))
    assert held(ssm) == OFF
    with faults_of(folder) as (_, faults):
        assert faults.entry(entry).state is FaultState.DISARMED
    assert len(ssm.get_parameter_history(Name="commanded")["Parameters"]) == 3  # before, armed, back


def test_disarm_all_puts_back_what_the_ledger_holds(folder: Path, ssm: Any) -> None:
    arm(folder)
    code, told = call("disarm", "--all", "--folder", str(folder))
    assert (code, held(ssm)) == (0, OFF)
    assert "Nothing is armed." in told


def test_disarm_all_works_without_a_database(folder: Path, ssm: Any) -> None:
    arm(folder)
    database = folder / ".gameday" / "gameday.sqlite"
    assert database.exists()
    database.write_bytes(b"this is no database at all" * 100)
    for beside in folder.glob(".gameday/gameday.sqlite-*"):
        beside.unlink()
    code, told = call("disarm", "--all", "--folder", str(folder))
    assert (code, held(ssm)) == (
        0,
        '{"isEnabled": false, "owner": "a", "failureMode": "denylist", "rate": 1, "denylist": ["s3"]}',
    )
    assert "The database can not be used" in told


def test_nothing_is_called_off_where_nobody_knows_what_functions_read(tmp_path: Path) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    (tmp_path / "gameday.toml").write_text(
        f'[environments.test]\nregion = "us-east-2"\nendpoint = "{endpoint}"\n'
    )
    code, told = call("disarm", "--all", "--folder", str(tmp_path))
    assert code == 1
    assert "NOT KNOWN TO BE OFF: what functions of test read." in told
    assert "Nothing is armed" not in told
    code, told = call("guardian", "--once", "--folder", str(tmp_path))
    assert (code, "NOT KNOWN TO BE OFF: what functions of test read." in told) == (1, True)


def test_a_store_that_nobody_could_read_is_not_called_armed(tmp_path: Path) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    (tmp_path / "gameday.toml").write_text(
        f'[environments.test]\nregion = "us-east-2"\nendpoint = "{endpoint}"\n'
    )
    code, told = call("disarm", "ssm:foo", "--folder", str(tmp_path))
    assert (code, "NOT KNOWN TO BE OFF: ssm:foo in test." in told) == (1, True)
    assert "STILL ARMED" not in told


def test_a_stray_is_switched_off_with_its_other_fields_kept(folder: Path, ssm: Any) -> None:
    ssm.put_parameter(Name="commanded", Value=ARMED, Type="String", Overwrite=True)
    code, told = call("disarm", "ssm:commanded", "--folder", str(folder))
    assert (code, held(ssm)) == (0, OFF)
    assert "was armed with" in told


def test_nothing_named_is_a_mistake(folder: Path) -> None:
    from app.errors import Invalid  # noqa: PLC0415

    with pytest.raises(Invalid, match="--all"):
        call("disarm", "--folder", str(folder))


def test_a_file_is_migrated_only_when_told_to(tmp_path: Path) -> None:
    file = Path(shutil.copy(LAB, tmp_path / "one.json"))
    before = file.read_text()
    code, told = call("faults", "migrate", str(file), "--to", "failure-lambda/0.x")
    assert (code, file.read_text()) == (0, before)
    assert '+                "arguments"' in told
    code, told = call("faults", "migrate", str(file), "--to", "failure-lambda/0.x", "--write")
    assert "denylist" in file.read_text()
    code, told = call("faults", "migrate", str(file), "--to", "failure-lambda/0.x")
    assert "every fault in" in told
