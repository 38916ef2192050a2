"""The lab's own files, read without running anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.experiments import Catalog, read, snapshot
from app.queries import Tolerance

ROOT = Path(__file__).parents[2] / "experiments"
VARIABLES = {"SNS_TOPIC_NAME": "chaos-csv", "S3_BUCKET_NAME": "b", "LAMBDA_FUNCTION_NAME": "f"}
STRICT = "serverless-etl/exp_2-strict"


@pytest.fixture
def catalog() -> Catalog:
    return Catalog(ROOT)


def test_all_shipped_experiments_are_valid_and_data_files_are_not_listed(catalog):
    found = {experiment.id: experiment.problems for experiment in catalog.all()}
    assert found == {
        "serverless-etl/exp_1-minor_delay": (),
        "serverless-etl/exp_2-dynamodb_disruption": (),
        STRICT: (),
    }


def test_every_probe_of_the_lab_is_a_signal_that_can_be_charted(catalog):
    signals = read(catalog.load(STRICT), VARIABLES).signals
    told = [(s.name, s.tolerance_text, s.query.window, [t.label for t in s.terms]) for s in signals]
    assert told == [
        ("zero-sns-errors", "= 0", 900, []),
        ("messages-in-flight", "−10 … 20 %", 300, ["messages in", "CSV out", "DynamoDB writes"]),
        ("normal-error-rates", "0 … 5 %", 300, ["messages in", "Lambda errors"]),
    ]
    assert signals[1].tolerance == Tolerance(low=-10, high=20)
    assert signals[0].query.when_empty == 0


def test_configuration_from_the_environment_reaches_the_query(catalog):
    signal = read(catalog.load(STRICT), VARIABLES).signals[0]
    assert '"Value":"chaos-csv"' in signal.query.document
    assert read(catalog.load(STRICT), {}).signals[0].query is None  # it would measure another topic


def test_what_it_will_write_is_known_beforehand_its_rollback_included(catalog):
    intents = read(catalog.load("serverless-etl/exp_2-dynamodb_disruption"), VARIABLES).intents
    assert [(i.store, i.phase) for i in intents] == [
        (("ssm", "failureLambdaConfig"), "method"),
        (("ssm", "failureLambdaConfig"), "rollbacks"),
    ]
    assert '"blacklist": ["dynamodb.*.amazonaws.com"]' in intents[0].value
    assert intents[1].value == '{"isEnabled": false}'


def test_the_story_has_its_pause(catalog):
    reading = read(catalog.load(STRICT), VARIABLES)
    kinds = [step.kind for step in reading.steps]
    assert kinds == ["before", "activity", "pause", "after", "rollback"]
    assert reading.steps[2].sentence == "5 min"
    assert 300 < reading.expected_seconds < 330


def test_a_snapshot_is_the_folder_with_what_the_probes_read(catalog, tmp_path):
    taken = snapshot(catalog.load(STRICT), tmp_path / "snapshot")
    names = {path.name for path in (tmp_path / "snapshot").iterdir()}
    assert {"exp_2-strict.json", "steadyStateFlight.json", "steadyStateError.json"} <= names
    assert len(taken.sha256) == 64
