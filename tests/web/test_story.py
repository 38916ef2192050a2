"""What an experiment would do, said on the pages that start one: of every kind of store the same."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app import experiments
from app.console import Console
from app.experiments import Catalog
from app.settings import Environment
from app.web.story import what_they_arm

TEST = Environment(name="test", region="us-east-2")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("lambda put-function-concurrency --function-name f --reserved-concurrent-executions 0", "F may not run at all."),
        ("lambda update-event-source-mapping --uuid u --no-enabled", "No message of its event source reaches the function."),
        ("events disable-rule --name nightly", "The EventBridge rule matches nothing"),
        ('ssm put-parameter --name p --value \'{"isEnabled": true, "failureMode": "statuscode", "rate": 1, "statusCode": 500}\'',
         "All of the invocations"),
        ("s3 rm s3://bucket", "no fault that the console recognises. But “Do” runs `aws s3 rm`."),
        ("s3api list-buckets", "no fault that the console recognises."),
    ],
)  # fmt: skip
def test_what_a_run_would_do_is_told_of_every_kind_of_store(tmp_path: Path, command: str, words: str) -> None:
    does = {
        "type": "action",
        "name": "Do",
        "provider": {"type": "process", "path": "aws", "arguments": command},
    }
    document: dict[str, Any] = {"title": "t", "description": "d", "method": [does], "rollbacks": []}
    (tmp_path / "one.json").write_text(json.dumps(document))
    console = SimpleNamespace(
        catalog=Catalog(tmp_path), read=lambda one, place: experiments.read(one, {}, environment=place)
    )
    assert words in what_they_arm(cast("Console", console), TEST)["one"]
