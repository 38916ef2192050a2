"""The safety lever from outside: the API, the form, and the bar on every page."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.anyio
PATH = "/api/safety-lever"


async def test_engaging_says_what_was_ended_and_what_is_still_armed(
    client: httpx.AsyncClient, console: Any
) -> None:
    run = console.runs.add()
    console.faults.armed(run_id=str(run.id))
    answer = await client.put(PATH, json={"engaged": True, "why": "customers call"})
    assert answer.status_code == 200
    told = answer.json()
    assert (told["state"], told["why"], told["environment"]) == ("engaged", "customers call", None)
    assert (told["interrupted"], told["still_armed"]) == ([run.id], [])
    assert (await client.get(PATH)).json()[0]["state"] == "engaged"


async def test_an_engaged_lever_stands_on_every_page_until_it_is_disengaged(
    client: httpx.AsyncClient, console: Any
) -> None:
    await client.put(PATH, json={"engaged": True, "why": "<b>customers</b> call"})
    for path in ("/", "/experiments", "/runs", "/faults", "/sandbox"):
        page = (await client.get(path)).text
        assert "Safety lever engaged" in page, path
        assert "&lt;b&gt;customers&lt;/b&gt; call" in page
    await client.put(PATH, json={"engaged": False})
    assert "Safety lever engaged" not in (await client.get("/")).text


async def test_the_form_works_without_javascript(client: httpx.AsyncClient, console: Any) -> None:
    headers = {"accept": "text/html"}
    answer = await client.post("/safety-lever", data={"state": "engaged", "why": "drill"}, headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, "/faults")
    assert console.faults.lever.engaged("sandbox").why == "drill"
    assert (await client.post("/safety-lever", data={"state": "perhaps"}, headers=headers)).status_code == 422


@pytest.mark.parametrize("body", [{}, {"engaged": "perhaps"}, {"engaged": True, "who": "me"}])
async def test_a_body_that_is_not_understood_changes_nothing(
    client: httpx.AsyncClient, console: Any, body: dict[str, Any]
) -> None:
    assert (await client.put(PATH, json=body)).status_code == 422
    assert console.faults.lever.all() == []
