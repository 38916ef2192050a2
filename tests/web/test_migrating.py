"""The migration page: side by side, and written only over what was shown."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.anyio
LAB = Path(__file__).parents[2] / "experiments" / "serverless-etl" / "exp_2-strict.json"
PAGE = "/experiments/serverless-etl/exp_1-minor_delay/migrate"


class File:
    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def text(self) -> str:
        return self._path.read_text()


@pytest.fixture
def file(console: Any, tmp_path: Path) -> File:
    copied = Path(shutil.copy(LAB, tmp_path / "one.json"))
    console.catalog.known[1].path = copied
    return File(copied)


async def test_both_sides_are_shown_and_nothing_is_written(client: httpx.AsyncClient, file: File) -> None:
    before = file.text
    page = (await client.get(PAGE, params={"to": "failure-lambda/1.x"})).text
    assert "as it would be" in page
    assert "deny_list" in page
    answer = (await client.post(f"/api{PAGE}", json={"to": "failure-lambda/1.x"})).json()
    assert (answer["written"], len(answer["changed"])) == (False, 2)
    assert file.text == before


async def test_the_button_writes_the_file(client: httpx.AsyncClient, file: File) -> None:
    page = (await client.get(PAGE, params={"to": "failure-lambda/0.x"})).text
    seen = page.partition('name="sha256" value="')[2].partition('"')[0]
    form = {"to": "failure-lambda/0.x", "sha256": seen}
    answer = await client.post(PAGE, data=form)
    assert answer.status_code == 303
    assert "denylist" in file.text


async def test_a_file_that_changed_meanwhile_is_not_overwritten(
    client: httpx.AsyncClient, file: File
) -> None:
    answer = await client.post(PAGE, data={"to": "failure-lambda/0.x", "sha256": "0" * 64})
    assert answer.status_code == 409
    assert "denylist" not in file.text


async def test_what_can_not_be_said_is_refused(client: httpx.AsyncClient, file: File) -> None:
    before = file.text
    answer = await client.post(f"/api{PAGE}", json={"to": "chaos_lambda/0.3", "write": True})
    assert (answer.status_code, "denylist fault" in answer.json()["detail"]) == (422, True)
    assert file.text == before
