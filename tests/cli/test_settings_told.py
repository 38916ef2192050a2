"""What is wrong with gameday.toml is told as an editor finds it: `gameday.toml:LINE`."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.main import address
from app.settings import Environment, Settings
from tests.cli.typed import typed


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[environments.a]\nregion us-east-2\n", "gameday.toml:2  Expected '=' after a key"),
        ("[environments.a]\nregion us-east-2\n", ", at column 8."),
        ("[environments.a]\n\nstores = [", "gameday.toml:3  Invalid value."),
        ('[environments.a]\ntell = ["ops"]\n', "There is no channel “ops”. There are no channels yet: add one, [channels.ops] in gameday.toml, which gameday serve reads."),
        ('[environments.a]\ntell = ["op"]\n[channels.ops]\nurl = "https://a.example"\n', "There are: ops."),
    ],
)  # fmt: skip
def test_a_mistake_has_its_line(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "gameday.toml").write_text(text)
    done = typed(tmp_path, "environments", "list")
    assert (done.returncode, told in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("0.0.0.0", "http://127.0.0.1:8152"),
        ("::", "http://127.0.0.1:8152"),
        ("::1", "http://[::1]:8152"),
        ("gameday.internal", "http://gameday.internal:8152"),
    ],
)
def test_a_console_that_listens_everywhere_is_found_on_loopback(host: str, told: str) -> None:
    place = {"default": Environment(name="default")}
    settings = Settings(
        folder=Path(), environments=place, default_environment="default", host=host, port=8152
    )
    assert address(settings) == told
