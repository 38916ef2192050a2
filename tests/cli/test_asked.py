"""Variables, and files that must be writable before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.cli.run.asked import Asked, variables
from app.cli.run.files import check, write
from app.errors import Invalid


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a=b", {"a": "b"}),
        ("a=b=c", {"a": "b=c"}),
        ("a=", {"a": ""}),
        ("a:int=3", {"a": 3}),
        ("a:float=0.5", {"a": 0.5}),
        ("a:str=3", {"a": "3"}),
    ],
)
def test_variables_are_read_as_chaos_run_reads_them(text: str, told: dict[str, Any]) -> None:
    assert variables([text]) == told


@pytest.mark.parametrize("text", ["a", "=b", "a:int=b", "a:list=b"])
def test_a_variable_that_is_none_is_said(text: str) -> None:
    with pytest.raises(Invalid, match=f"--var {text}"):
        variables([text])


def asked(**words: Any) -> Asked:
    return Asked(source="x", folder=Path(), **words)


def test_what_can_not_be_written_is_found_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for words, told in (
        ({"junit": tmp_path / "no" / "j.xml"}, "--junit .*there is no folder"),
        ({"journal": tmp_path / "folder"}, "--journal .*that is a folder"),
        ({"report": tmp_path / "r.pdf"}, "--report .*.html, .md, .json"),
        ({"report": tmp_path / "r"}, "--report .*.html, .md, .json"),
    ):
        with pytest.raises(Invalid, match=told):
            check(asked(**words))
    check(asked(junit=tmp_path / "j.xml", journal=tmp_path / "j.json", report=tmp_path / "r.md"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder"], "looking leaves nothing behind"


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write(tmp_path / "r.md", b"one")
    write(tmp_path / "r.md", b"two")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"r.md": b"two"}
    write(Path("/dev/null"), b"a device stays what it is")
    assert Path("/dev/null").is_char_device()
