"""Who may ask: the host, the origin, and what every route declares."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.datastructures import Headers

from app.access import Need
from app.web import ROUTES
from app.web.guards import CSP, Guard, Needs, from_here

pytestmark = pytest.mark.anyio


def need_of(route: APIRoute) -> Need | None:
    carried = [d.dependency for d in route.dependencies if isinstance(d.dependency, Needs)]
    return carried[-1].need if carried else None


CHANGES = {
    ("POST", "/experiments/{experiment_id:path}/run"): Need.RUN,
    ("POST", "/api/experiments/{experiment_id:path}/preflight"): Need.RUN,
    ("POST", "/experiments/{experiment_id:path}/migrate"): Need.EDIT,
    ("POST", "/api/experiments/{experiment_id:path}/migrate"): Need.EDIT,
    ("POST", "/runs/{run_id:int}/rollback"): Need.DISARM,
    ("PUT", "/api/faults"): Need.ARM,
    ("DELETE", "/api/faults/{entry_id:int}"): Need.DISARM,
    ("POST", "/faults"): Need.ARM,
    ("POST", "/faults/{entry_id:int}/disarm"): Need.DISARM,
    ("POST", "/api/faults/strays/disarm"): Need.DISARM,
    ("PATCH", "/api/faults/{entry_id:int}"): Need.ARM,
    ("POST", "/api/faults/{entry_id:int}/choose"): Need.DISARM,
    ("POST", "/faults/{entry_id:int}/deadline"): Need.ARM,
    ("POST", "/faults/{entry_id:int}/choose"): Need.DISARM,
    ("POST", "/faults/strays"): Need.DISARM,
    ("PUT", "/api/safety-lever"): Need.DISARM,
    ("POST", "/safety-lever"): Need.DISARM,
    ("POST", "/api/notifications/channels/{name}/test"): Need.RUN,
    ("POST", "/notifications/{name}/test"): Need.RUN,
    # A signed link ends one run or one fault, and expires: see app/web/stopping.py.
    ("POST", "/stop"): Need.NOTHING,
    ("POST", "/login"): Need.NOTHING,
    ("POST", "/logout"): Need.NOTHING,
    ("POST", "/sandbox/variant"): Need.SANDBOX,
    ("POST", "/sandbox/rate"): Need.SANDBOX,
    ("PATCH", "/api/sandbox"): Need.SANDBOX,
    ("POST", "/api/tokens"): Need.ADMIT,
    ("DELETE", "/api/tokens/{token_id:int}"): Need.ADMIT,
    ("POST", "/api/schedules"): Need.RUN,
    ("PUT", "/api/schedules/{schedule_id:int}"): Need.RUN,
    ("PATCH", "/api/schedules/{schedule_id:int}"): Need.RUN,
    ("DELETE", "/api/schedules/{schedule_id:int}"): Need.RUN,
    ("POST", "/api/schedules/{schedule_id:int}/pause"): Need.RUN,
    ("DELETE", "/api/schedules/{schedule_id:int}/pause"): Need.RUN,
    ("POST", "/api/schedules/{schedule_id:int}/run"): Need.RUN,
    ("POST", "/schedules"): Need.RUN,
    ("POST", "/schedules/{schedule_id:int}"): Need.RUN,
    ("POST", "/schedules/{schedule_id:int}/pause"): Need.RUN,
    ("POST", "/schedules/{schedule_id:int}/resume"): Need.RUN,
    ("POST", "/schedules/{schedule_id:int}/delete"): Need.RUN,
    ("POST", "/schedules/{schedule_id:int}/run"): Need.RUN,
}


def test_every_route_declares_what_it_needs_and_every_change_needs_more_than_to_see() -> None:
    found = {}
    for router in ROUTES:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            need = need_of(route)
            assert need is not None, f"{route.path} declares nothing"
            for method in route.methods - {"HEAD", "GET"}:
                found[(method, route.path)] = need
    assert found == CHANGES


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1:8000", True), ("localhost", True), ("[::1]:8000", True), ("127.9.9.9", True),
        ("console.example", True), ("CONSOLE.example:8000", True),
        ("evil.example", False), ("127.0.0.1.evil.example", False), ("", False), ("127.0.0.1@evil.example", False),
        ("10.0.0.7", False), ("[::1", False), ("localhost/x", False),
    ],
)  # fmt: skip
def test_only_loopback_and_configured_hosts_are_ours(host: str, ours: bool) -> None:
    assert Guard(None, allowed_hosts=["console.example"]).ours(host) is ours


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),  # curl, a token
        ({"origin": "http://127.0.0.1:8000"}, True),
        ({"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "same-origin", "cookie": "a=b"}, True),
        ({"cookie": "a=b"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "http://127.0.0.1:9000"}, False),
        ({"origin": "null"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"origin": "http://127.0.0.1:8000", "sec-fetch-site": "cross-site"}, False),
        ({"origin": "http://[bad"}, False),
    ],
)
def test_a_change_comes_from_our_pages_or_from_no_browser(headers: dict[str, str], allowed: bool) -> None:
    assert from_here(Headers({"host": "127.0.0.1:8000", **headers})) is allowed


async def test_another_host_gets_421(client: httpx.AsyncClient) -> None:
    answer = await client.get("/", headers={"host": "evil.example"})
    assert answer.status_code == 421
    assert answer.headers["content-type"] == "application/problem+json"


async def test_another_site_changes_nothing(client: httpx.AsyncClient, console: Any) -> None:
    console.faults.armed()
    foreign = {"origin": "https://evil.example"}
    for method, path in (
        ("POST", "/faults/1/disarm"),
        ("DELETE", "/api/faults/1"),
        ("POST", "/experiments/x/run"),
    ):
        assert (await client.request(method, path, headers=foreign)).status_code == 403
    assert console.faults.active()
    assert not console.runs.asked


async def test_every_answer_carries_the_headers(client: httpx.AsyncClient) -> None:
    for path in ("/", "/api/runs", "/healthz", "/nowhere", "/static/css/base.css"):
        answer = await client.get(path, headers={"accept": "text/html"})
        assert answer.headers["content-security-policy"] == CSP
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "unsafe" not in answer.headers["content-security-policy"]


async def test_a_body_has_a_ceiling_with_and_without_a_length(client: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 10_000

    large = {"content": b"x" * 300_000}
    assert (await client.post("/experiments/serverless-etl/exp_2-strict/run", **large)).status_code == 413
    streamed = await client.post("/experiments/serverless-etl/exp_2-strict/run", content=endless())
    assert streamed.status_code == 413


@pytest.mark.parametrize("path", ["/runs/99999999999999999999", "/api/runs/0", "/stream?page=run&subject=99999999999999999999",
                                  "/stream?page=run&subject=x", "/stream?page=run", "/stream?page=experiment&subject=../x",
                                  "/stream?page=colour", "/api/faults/99999999999999999999"])  # fmt: skip
async def test_numbers_that_are_none_are_refused_not_failed_on(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code in (404, 422)


async def test_deep_json_is_refused(client: httpx.AsyncClient) -> None:
    deep = b'{"variables":' + b"[" * 60_000 + b"]" * 60_000 + b"}"
    assert (
        await client.post("/experiments/serverless-etl/exp_2-strict/run", content=deep)
    ).status_code == 422
