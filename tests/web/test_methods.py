"""What is there, and is asked for with another method, is 405 with those that there are; what is not there is 404."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from app.web import ROUTES, allowed
from tests.web.material import STRICT, experiment
from tests.web.test_parameters import FILLED

pytestmark = pytest.mark.anyio
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def addresses() -> dict[str, set[str]]:
    """Every address that there is a route for, with the methods of them all."""
    found: dict[str, set[str]] = {}
    for route in (route for routes in ROUTES for route in routes.routes if isinstance(route, APIRoute)):
        path = route.path
        for name, value in FILLED.items():
            path = path.replace(name, value)
        found.setdefault(path, set()).update(route.methods or ())
    return found


async def test_every_address_names_its_methods_to_whoever_uses_another(
    client: httpx.AsyncClient, console: Any
) -> None:
    console.faults.armed()
    for path, methods in addresses().items():
        for method in set(METHODS) - methods:
            answer = await client.request(method, path, json=None if method == "GET" else {})
            asked = (method, path, answer.text[:200])
            assert (asked, answer.status_code) == (asked, 405)
            assert (asked, answer.headers["allow"]) == (asked, ", ".join(sorted(methods)))
            assert (asked, answer.json()["status"]) == (asked, 405)
    assert not console.runs.asked
    assert console.faults.entry(1).active


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
async def test_a_start_that_is_looked_at_is_told_to_be_posted(client: httpx.AsyncClient, accept: str) -> None:
    answer = await client.get(f"/experiments/{STRICT}/run", headers={"accept": accept})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert f"GET /experiments/{STRICT}/run: Method Not Allowed. There is: POST." in answer.text


@pytest.mark.parametrize(
    "path", ["/experiments/nothing", "/api/experiments/nothing", "/runs/9", "/api/faults/9"]
)
async def test_what_is_not_there_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


async def test_a_start_of_what_is_not_there_is_not_found(client: httpx.AsyncClient, console: Any) -> None:
    assert (await client.post("/runs/9/rollback")).status_code == 404


async def test_an_experiment_that_is_called_run_has_its_page(client: httpx.AsyncClient, console: Any) -> None:
    console.catalog.known.append(experiment("payments/run", "Pay"))
    answer = await client.get("/experiments/payments/run", headers={"accept": "text/html"})
    assert answer.status_code == 200


async def test_our_own_files_are_only_read(client: httpx.AsyncClient) -> None:
    answer = await client.post("/static/css/base.css")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert allowed("/nowhere") == []
