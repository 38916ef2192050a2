"""Texts made to take for ever, or to fill the memory: read in time that grows with them, or not at all."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from app.errors import Invalid
from app.experiments import Experiment, read
from app.experiments.catalog import Catalog
from app.experiments.commands import LONGEST_LINE, aws_command, file_or_text, seconds_ago

QUICKLY = 20.0  # seconds of this thread; what grows with the square of these texts takes minutes


def line(arguments: str) -> dict[str, Any]:
    return {"type": "process", "path": "aws", "arguments": arguments}


@pytest.mark.parametrize("text", ["$(", "`", "${", "` date", "'", "\\", "-1", "x" * 50])
@pytest.mark.parametrize("length", [LONGEST_LINE, 200_000])
def test_a_line_is_read_in_time(text: str, length: int) -> None:
    began = time.thread_time()
    aws_command(line((text * length)[:length]))
    seconds_ago("`date " + (text * length)[:length])
    seconds_ago("`date " + "1" * length)
    seconds_ago("`date 1" + " " * length)
    assert time.thread_time() - began < QUICKLY


def test_what_is_never_closed_stands_as_it_was_written() -> None:
    found = aws_command(line("ssm get-parameter --name `a b` --with $(c d) --more $(e"))
    assert found is not None
    assert found.options == {"name": "`a b`", "with": "`c d`", "more": "$(e"}


def test_a_configuration_that_multiplies_is_refused() -> None:
    document = {
        "title": "t", "description": "d", "configuration": {"a": "x" * 100_000},
        "method": [{"type": "action", "name": "n", "provider": line("${a}" * 25_000)}],
    }  # fmt: skip
    experiment = Experiment(id="one", file="one.json", path=Path("one.json"), title="t", document=document)
    with pytest.raises(Invalid, match="With its configuration filled in"):
        read(experiment, {}, {})


def test_a_fifo_or_gigabytes_beside_experiments_hold_nobody_up(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text('{"title": "t", "description": "d", "method": []}')
    os.mkfifo(tmp_path / "fifo.json")
    (tmp_path / "huge.yaml").touch()
    os.truncate(tmp_path / "huge.yaml", 20 * 1024**3)
    catalog = Catalog(tmp_path)
    assert catalog.load("good").valid
    assert "larger than 256 KiB" in catalog.load("huge").problems[0].message
    assert file_or_text("file://fifo.json", tmp_path) is None
    assert file_or_text("file://huge.yaml", tmp_path) is None
    assert file_or_text("file://good.json", tmp_path) is not None
