"""A misspelt query parameter of the API is refused by its name, wherever it stands; a page passes it by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from app.access import Need, Role
from app.web import ROUTES
from app.web.openapi import need_of
from tests.web.material import STRICT, bearer
from tests.web.test_api import RUN

pytestmark = pytest.mark.anyio
FILLED = {
    "{experiment_id:path}": STRICT, "{run_id:int}": "1", "{entry_id:int}": "1", "{token_id:int}": "1", "{schedule_id:int}": "1",
    "{query_id}": "q", "{function}": "f", "{request_id}": "r", "{name}": "ops",
}  # fmt: skip


def offered() -> Iterator[tuple[str, str]]:
    """Method and address of every route that is in the API's description, but for those that tell of our health, or end something."""
    for route in (route for routes in ROUTES for route in routes.routes if isinstance(route, APIRoute)):
        if route.include_in_schema and need_of(route) not in (Need.NOTHING, Need.DISARM):
            path = route.path
            for name, value in FILLED.items():
                path = path.replace(name, value)
            yield from ((method, path) for method in route.methods or ())


async def test_every_operation_refuses_what_it_does_not_know(client: httpx.AsyncClient, console: Any) -> None:
    console.faults.armed()
    for method, path in offered():
        answer = await client.request(method, f"{path}?colour=red&dry=true")
        told, asked = answer.json(), (method, path)
        assert (asked, answer.status_code) == (asked, 422)
        assert answer.headers["content-type"] == "application/problem+json", asked
        assert [one["path"] for one in told["problems"]] == ["colour", "dry"], asked
        assert "colour: There is no such query parameter." in told["detail"], asked
    assert not console.runs.asked


async def test_what_ends_a_fault_ends_it_whatever_else_is_said(
    client: httpx.AsyncClient, console: Any
) -> None:
    entry = console.faults.armed()
    assert (await client.delete(f"/api/faults/{entry.id}?colour=red")).is_success
    assert not console.faults.entry(entry.id).active


async def test_a_misspelt_wait_starts_nothing_and_is_told_what_was_meant(
    client: httpx.AsyncClient, console: Any
) -> None:
    answer = await client.post(f"{RUN}?wiat=600", json={})
    assert answer.status_code == 422
    assert (
        answer.json()["detail"]
        == "wiat: There is no such query parameter. Did you mean wait? There are: queue, wait."
    )
    assert not console.runs.asked
    assert (await client.post(f"{RUN}?queue=true", json={})).status_code == 202


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("Limit=5", "Did you mean limit? There are: limit, experiment,"),
        ("requestedby=ada", "Did you mean requested_by?"),
        ("colour=red", "There is no such query parameter. There are:"),
    ],
)
async def test_the_closest_one_is_named_where_there_is_one(
    client: httpx.AsyncClient, query: str, said: str
) -> None:
    assert said in (await client.get(f"/api/runs?{query}")).json()["detail"]


async def test_what_is_read_into_a_model_is_known(client: httpx.AsyncClient) -> None:
    daily = {"cron": "0 3 * * *", "time_zone": "Europe/Berlin"}
    assert (await client.get("/api/schedules/preview", params=daily)).status_code == 200
    told = (await client.get("/api/schedules/preview", params={**daily, "timezone": "UTC"})).json()
    assert "timezone: There is no such query parameter. Did you mean time_zone?" in told["detail"]


async def test_where_there_are_none_it_says_so(client: httpx.AsyncClient, console: Any) -> None:
    run = console.runs.add()
    told = (await client.get(f"/api/runs/{run.id}/timeline?wait=5")).json()
    assert told["detail"] == "wait: There is no such query parameter. There are none here."


async def test_the_start_by_a_form_is_as_strict(client: httpx.AsyncClient, console: Any) -> None:
    page = {"accept": "text/html"}
    answer = await client.post(f"{RUN}?enviroment=prod", data={"dry": "pause"}, headers=page)
    assert answer.status_code == 422
    assert "There is no such query parameter" in answer.text
    assert not console.runs.asked


@pytest.mark.parametrize(
    "path", ["/", "/experiments", f"/experiments/{STRICT}", "/runs", "/faults", "/schedules"]
)
async def test_a_link_to_a_page_may_carry_more(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(f"{path}?utm_source=chat", headers={"accept": "text/html"})).status_code == 200


async def test_a_machine_that_asks_for_our_health_is_answered(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz?nocache=1")).status_code == 200


async def test_a_stranger_is_told_of_no_parameters(signed: httpx.AsyncClient, access: Any) -> None:
    assert (await signed.get("/api/runs?colour=red")).status_code == 401
    viewer = bearer(access, Role.VIEWER)
    assert (await signed.post(f"{RUN}?wiat=1", headers=viewer)).status_code == 403
    assert (await signed.get("/api/runs?colour=red", headers=viewer)).status_code == 422
