"""The lab by hand on the real sandbox: plain `chaos run`, and the lab's fault. The other variants are in the journeys."""

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from chaoslib import decode_bytes

from tests.waiting import PATIENCE, until

pytestmark = [pytest.mark.sandbox]

SHIPPED = ["exp_1-minor_delay.json", "exp_2-dynamodb_disruption.json", "exp_2-strict.json"]


@pytest.fixture(scope="module")
def folder(plan, tmp_path_factory):
    """The shipped files, in a folder where a journal may be written."""
    copy = tmp_path_factory.mktemp("experiments") / "serverless-etl"
    shutil.copytree(plan.folder / "experiments" / "serverless-etl", copy)
    return copy


@pytest.fixture
def percent(clients, folder):
    """What the hypothesis measures now, as its probe computes it; None where there is no data."""

    def percent(name):
        queries = json.loads((folder / f"steadyState{name}.json").read_text())
        now = datetime.now(UTC)
        answer = clients("cloudwatch").get_metric_data(
            MetricDataQueries=queries, StartTime=now - timedelta(minutes=5), EndTime=now
        )
        values = answer["MetricDataResults"][0]["Values"]
        return values[0] if values else None

    return percent


@pytest.fixture
def steady(percent):
    """A function that waits until the strict hypothesis holds."""

    def settled():
        flight, error = percent("Flight"), percent("Error")
        if None in (flight, error) or not (readable(flight) and readable(error)):
            return False
        return -10 <= flight <= 10 and 0 <= error <= 5

    return lambda: until(settled)


def readable(value):
    """Plain `chaos run` takes some short numbers, 1.5 for one, for UTF-16: see app/child/decoding.py."""
    return decode_bytes(f"{value}\n".encode()) == f"{value}\n"


def chaos(*words, cwd, shell):
    return subprocess.run(
        ["chaos", "--no-version-check", *words],
        cwd=cwd,
        env=shell,
        capture_output=True,
        text=True,
        check=False,
    )


def copied(folder, name, *, pause, dialect):
    """The shipped experiment with a shorter pause, and in the words of the function's failure-lambda."""
    document = json.loads((folder / name).read_text())
    document["method"][0]["pauses"]["after"] = pause
    provider = document["method"][0]["provider"]
    provider["arguments"] = provider["arguments"].replace("blacklist", dialect)
    copy = folder / f"copy-{name}"
    copy.write_text(json.dumps(document))
    return copy.name


@pytest.mark.parametrize("name", SHIPPED)
def test_chaos_toolkit_finds_the_shipped_files_valid(folder, shell, name):
    done = chaos("validate", name, cwd=folder, shell=shell)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_hypotheses_hold_with_no_fault(folder, shell, steady, name):
    copy = copied(folder, name, pause=0, dialect="none")

    def holds():
        """At once, but where a busy machine's pipeline lags in the very seconds between the two looks."""
        steady()
        done = chaos("run", "--dry", "pause", copy, cwd=folder, shell=shell)
        journal = json.loads((folder / "journal.json").read_text())
        return done.returncode == 0 and journal["steady_states"]["before"]["steady_state_met"] is True

    assert until(holds, seconds=3 * PATIENCE)


def test_plain_chaos_run_shows_what_returning_early_hides_from_the_error_rate(folder, shell, percent, steady):
    name = copied(folder, "exp_2-strict.json", pause=0, dialect="denylist")
    going_on = waiting_for(folder / "seen", folder / name)

    def begun_steady():
        (folder / "seen").unlink(missing_ok=True)
        steady()
        with subprocess.Popen(["chaos", "--no-version-check", "run", name], cwd=folder, env=shell) as run:
            until(lambda: (percent("Flight") or 0) > 20 or run.poll() is not None)
            going_on()
        journal = json.loads((folder / "journal.json").read_text())
        return journal if journal["steady_states"]["before"]["steady_state_met"] else None

    journal = until(begun_steady, seconds=3 * PATIENCE)
    after = {
        probe["activity"]["name"]: probe["tolerance_met"]
        for probe in journal["steady_states"]["after"]["probes"]
    }
    assert journal["deviated"] is True
    assert after == {"zero-sns-errors": True, "messages-in-flight": False}  # the first that fails ends it
    assert 0 <= percent("Error") <= 5
    assert [rollback["status"] for rollback in journal["rollbacks"]] == ["succeeded"]


def waiting_for(mark, experiment):
    """Have the experiment's method wait at its end until what this returns is called."""
    document = json.loads(experiment.read_text())
    script = f"until [ -e '{mark}' ]; do sleep 0.2; done"
    wait = {"type": "process", "path": "sh", "arguments": ["-c", script], "timeout": 150}
    document["method"].append({"type": "action", "name": "until-it-shows", "provider": wait})
    experiment.write_text(json.dumps(document))
    return mark.touch
