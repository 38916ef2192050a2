"""`gameday notify test`, from outside: a real message, with no console running."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from tests.receivers import WebReceiver

GAMEDAY = str(Path(sys.executable).parent / "gameday")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    receiver = WebReceiver().start()
    yield receiver
    receiver.kill()


def gameday(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "HOOK_SECRET": SECRET}
    return subprocess.run(
        [GAMEDAY, *words], check=False, cwd=folder, env=environ, capture_output=True, text=True, timeout=200
    )


def test_it_sends_and_says_what_became_of_it(tmp_path: Path, web: WebReceiver) -> None:
    (tmp_path / "gameday.toml").write_text(
        '[environments.test]\nregion = "us-east-2"\nendpoint = "http://127.0.0.1:1"\n'
        f'[channels.bot]\nwebhook = "{web.url}"\nsecret_env = "HOOK_SECRET"\n'
        '[channels.gone]\nurl_env = "NOT_SET"\n'
    )
    sent = gameday(tmp_path, "notify", "test", "bot")
    assert (sent.returncode, sent.stdout) == (0, "bot: sent.\n"), sent.stderr
    (got,) = web.got
    assert Webhook(SECRET).verify(got.body, got.headers)["type"] == "gameday.test"
    both = gameday(tmp_path, "notify", "test")
    assert both.returncode == 1
    assert "bot: sent." in both.stdout
    assert (
        "gone: not sent, and tried again by the console. The variable NOT_SET is empty or not set."
        in both.stderr
    )
    unknown = gameday(tmp_path, "notify", "test", "nobody")
    assert unknown.returncode == 2
    assert "There are: bot, gone" in unknown.stderr


def test_without_a_channel_it_says_how_to_add_one(tmp_path: Path) -> None:
    answer = gameday(tmp_path, "notify", "test")
    assert answer.returncode == 2
    assert "names no channel" in answer.stderr
