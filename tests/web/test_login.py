"""Who is let in, and to what, on a console that others can reach."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from app.access import Access, Kind, Need, Role, may
from app.clock import FrozenClock
from app.web import ROUTES, create_app
from app.web.login import local
from tests.web.test_guards import need_of

pytestmark = pytest.mark.anyio
PUBLIC = {"/healthz", "/readyz", "/login", "/logout", "/stop"}
HERE = {"origin": "http://10.0.0.7:8000", "accept": "text/html"}
EVERY = [
    (method, route.path, need_of(route))
    for router in ROUTES
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods - {"HEAD"})
]


@pytest.fixture
def clock() -> FrozenClock:
    """Today: the client throws a cookie away that has expired by its own clock."""
    return FrozenClock(datetime.now(UTC))


@pytest.fixture
def access(console: Any, clock: Any) -> Access:
    console.access = Access(console.storage, clock)
    console.settings = replace(console.settings, host="10.0.0.7")
    return console.access


@pytest.fixture
async def stranger(console: Any, access: Access) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=create_app(console), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://10.0.0.7:8000") as client:
        yield client


def bearer(access: Access, role: Role) -> dict[str, str]:
    made = access.issue(Kind.TOKEN, name="ci", role=role, lifetime=timedelta(days=1), by="maria")
    return {"authorization": f"Bearer {made.secret}"}


def address(path: str) -> str:
    """An address of the route, about things that are not there: what is refused is refused before."""
    for name, value in (
        ("run_id:int", "9"),
        ("entry_id:int", "9"),
        ("token_id:int", "9"),
        ("schedule_id:int", "9"),
        ("experiment_id:path", "nothing"),
    ):
        path = path.replace(f"{{{name}}}", value)
    return path if "{" not in path else path.replace("{", "").replace("}", "")


async def test_a_stranger_gets_nothing_but_health_and_the_way_in(stranger: httpx.AsyncClient) -> None:
    assert {path for _, path, need in EVERY if need is Need.NOTHING} == PUBLIC
    for method, path, _ in EVERY:
        answer = await stranger.request(method, address(path))
        assert (answer.status_code == 401) is (path not in PUBLIC), (method, path, answer.status_code)


@pytest.mark.parametrize("role", list(Role))
async def test_each_route_answers_the_roles_that_the_matrix_names(
    stranger: httpx.AsyncClient, access: Access, role: Role
) -> None:
    token = bearer(access, role)
    for method, path, need in EVERY:
        if path in ("/stream", "/logout"):
            continue  # one does not end, the other ends the token
        answer = await stranger.request(method, address(path), headers=token)
        forbidden = answer.status_code == 403
        assert forbidden is not may(role, need), (method, path, answer.status_code, answer.text[:200])


async def test_a_viewer_may_engage_the_lever_and_not_disengage_it(
    stranger: httpx.AsyncClient, access: Access
) -> None:
    token = bearer(access, Role.VIEWER)
    engaged = await stranger.put("/api/safety-lever", json={"engaged": True}, headers=token)
    assert engaged.json()["by"] == "ci"
    refused = await stranger.put("/api/safety-lever", json={"engaged": False}, headers=token)
    assert refused.status_code == 403
    assert "runner" in refused.json()["detail"]


async def test_a_preview_of_a_link_does_not_spend_it_and_its_press_makes_a_session(
    stranger: httpx.AsyncClient, access: Access
) -> None:
    code = access.setup_link()
    for _ in range(2):
        assert "Sign in" in (await stranger.get(f"/login?code={code}")).text
    answer = await stranger.post("/login", data={"code": code, "after": "/faults"}, headers=HERE)
    assert answer.headers["location"] == "/faults"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "the first admin" in (await stranger.get("/faults", headers=HERE)).text
    again = await stranger.post("/login", data={"code": code}, headers=HERE)
    assert again.status_code == 422
    assert "was used" in again.text


async def test_a_cookie_changes_nothing_from_another_site(
    stranger: httpx.AsyncClient, access: Access
) -> None:
    await stranger.post("/login", data={"code": access.setup_link()}, headers=HERE)
    for origin in ({}, {"origin": "https://evil.example"}, {"origin": "null"}):
        answer = await stranger.put("/api/safety-lever", json={"engaged": True}, headers=origin)
        assert answer.status_code == 403


async def test_a_wrong_bearer_is_not_helped_by_a_good_cookie(
    stranger: httpx.AsyncClient, access: Access
) -> None:
    await stranger.post("/login", data={"code": access.setup_link()}, headers=HERE)
    assert (await stranger.get("/api/runs")).status_code == 200
    for wrong in ("Bearer gd_wrong", "Basic YTpi", "Bearer"):
        assert (await stranger.get("/api/runs", headers={"authorization": wrong})).status_code == 401


async def test_an_unauthenticated_answer_says_how_to_sign_in(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/api/runs")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "/login" in answer.json()["detail"]
    page = await stranger.get("/runs/7", headers=HERE)
    assert page.headers["location"] == "/login?after=/runs/7"
    fragment = await stranger.get("/", headers={"hx-request": "true"})
    assert fragment.headers["hx-redirect"].startswith("/login")


@pytest.mark.parametrize(
    ("given", "used"),
    [("/runs/7", "/runs/7"), ("", "/"), ("//evil.example", "/"), ("/\\evil.example", "/"),
     ("https://evil.example/", "/"), ("javascript:alert(1)", "/"), ("/a\r\nSet-Cookie: x", "/")],
)  # fmt: skip
async def test_nobody_is_sent_elsewhere_after_signing_in(given: str, used: str) -> None:
    assert local(given) == used
