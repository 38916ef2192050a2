"""The safety lever from outside: the API, the form, and the bar on every page."""

from __future__ import annotations

from dataclasses import replace
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


async def test_what_is_engaged_already_is_not_offered_again(client: httpx.AsyncClient, console: Any) -> None:
    def card(page: str) -> str:
        return page.partition('id="safety-lever"')[2].partition("</section>")[0]

    assert "Stop everything" in card((await client.get("/faults")).text)
    await client.put(PATH, json={"engaged": True, "why": "customers call", "environment": "sandbox"})
    engaged = card((await client.get("/faults")).text)
    assert "Stop everything" not in engaged
    assert "Engaged in sandbox" in engaged
    assert "customers call" in engaged
    console.settings.environments["staging"] = replace(
        console.settings.environments["sandbox"], name="staging"
    )
    assert "<option>staging</option>" in card((await client.get("/faults")).text)
    await client.put(PATH, json={"engaged": True})
    assert "Stop everything" not in card((await client.get("/faults")).text)


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


async def test_disengaging_asks_first_and_an_engaged_lever_holds_its_own_environment_only(
    client: httpx.AsyncClient, console: Any
) -> None:
    here = console.settings.environments["sandbox"]
    console.settings.environments["staging"] = replace(here, name="staging")
    await client.put(PATH, json={"engaged": True, "environment": "staging"})
    bar = (
        (await client.get("/?environment=sandbox")).text.partition('id="lever"')[2].partition("</section>")[0]
    )
    assert 'class="holds"' not in bar
    assert "<summary" in bar
    assert "Disengage in staging" in bar
    assert 'class="holds"' in (await client.get("/?environment=staging")).text.partition('id="lever"')[2]
