"""`gameday run --var-file` and `--control-file`, as they are typed; side by side with `chaos run` in tests/compat."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli.run.var_files import read
from tests.cli.test_run import experiment, process
from tests.cli.test_run_here import gameday, write
from tests.cli.typed import typed

NOWHERE = "http://127.0.0.1:9"


def configured(command: str) -> dict[str, object]:
    document = experiment("true", process("look", command))
    return {
        **document,
        "configuration": {"where": "of the file"},
        "secrets": {"bank": {"pin": "of the file"}},
    }


def test_an_id_is_given_what_was_named_for_it_and_nothing_else(tmp_path: Path) -> None:
    document = configured(f'printf "%s %s" "$NAMED" "$MINE" > {tmp_path}/seen')
    write(tmp_path / "experiments" / "one.json", document)
    (tmp_path / "a.env").write_text("NAMED=yes\nGAMEDAY_TOKEN=gd_x\n")
    done = gameday(tmp_path, "one", "--accept", "unproven", "--var-file", "a.env", MINE="no")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "seen").read_text() == "yes "


def test_a_secret_of_a_file_is_kept_nowhere(tmp_path: Path) -> None:
    look = process("look", "true")
    look["provider"]["arguments"] = ["-c", "test ${pin} != file && echo it is ${pin}"]
    file = write(tmp_path / "e.json", {**configured("true"), "method": [{**look, "secrets": ["bank"]}]})
    values = write(tmp_path / "values.json", {"secrets": {"bank": {"pin": "hunter2-hunter2"}}})
    work = tmp_path / "work"
    work.mkdir()
    words = ("--var-file", str(values), "--report", "r.json", "--output", "json", "--folder", str(work))
    done = gameday(tmp_path, str(file), *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hunter2" not in done.stdout + done.stderr + (tmp_path / "r.json").read_text()
    kept = [path for path in work.rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()]
    assert [path.name for path in kept] == ["journal.json"]  # Chaos Toolkit's own: what the activity printed


def test_preflight_looks_at_the_run_with_the_files_values(tmp_path: Path) -> None:
    write(tmp_path / "experiments" / "one.json", configured("echo ${where}"))
    values = write(tmp_path / "values.json", {"configuration": {"where": float("inf")}})
    done = typed(tmp_path, "run", "one", "--check", "--var-file", str(values))
    assert (done.returncode, "A journal has no infinity" in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("a.yaml", "secrets: {bank: {pin: hunter2}}", "it has secrets (bank), and a console is sent none"),
        (
            "a.env",
            "VAR_FILES_ONLY=hunter2",
            "it has variables of the environment (VAR_FILES_ONLY), and a console",
        ),
    ],
)
def test_what_stays_here_is_refused_with_a_server(tmp_path: Path, name: str, text: str, why: str) -> None:
    (tmp_path / name).write_text(text)
    done = typed(tmp_path, "run", "one", "--server", NOWHERE, "--var-file", name)
    assert (done.returncode, why in done.stderr, "hunter2" in done.stderr) == (2, True, False), done.stderr


def test_controls_are_refused_with_a_server(tmp_path: Path) -> None:
    write(tmp_path / "c.json", {})
    done = typed(tmp_path, "run", "one", "--server", NOWHERE, "--control-file", "c.json")
    assert done.returncode == 2
    assert "controls are Python code, and a console plays none from afar" in done.stderr


def test_the_configuration_of_a_file_is_sent(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("configuration: {day: 2026-11-24, number: 2, text: of the file}")
    given = read([str(file)], {"text": "typed"}, server=NOWHERE)
    assert json.loads(json.dumps(given.variables)) == {"day": "2026-11-24", "number": 2, "text": "typed"}


def test_what_a_file_has_is_in_no_text_about_it(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("secrets: {bank: {pin: hunter2}}")
    assert "hunter2" not in repr(read([str(file)], {}, server=None))
