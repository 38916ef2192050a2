"""How much one caller may ask for, and who may come in."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.access import Access, Kind, Need, Role
from app.runs import Verdict
from app.web.rates import Kind as Bucket
from app.web.rates import Rates, kind_of
from tests.web.material import bearer
from tests.web.test_api import RUN, WANTED

pytestmark = pytest.mark.anyio


# --- limits -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "bucket"),
    [
        (("POST", "/login", Need.NOTHING, False), None),
        (("GET", "/login", Need.NOTHING, False), None),
        (("GET", "/healthz", Need.NOTHING, False), None),
        (("GET", "/api/runs", Need.SEE, False), Bucket.READS),
        (("GET", "/api/runs/1/events", Need.SEE, True), Bucket.STREAMS),
        (("POST", RUN, Need.RUN, False), Bucket.STARTS),
        (("PUT", "/api/faults", Need.ARM, False), Bucket.STARTS),
        (("POST", "/api/schedules/1/run", Need.RUN, False), Bucket.STARTS),
        (("POST", "/schedules/1/run", Need.RUN, False), Bucket.STARTS),
        (("POST", "/api/schedules", Need.RUN, False), Bucket.CHANGES),
        (("POST", "/api/schedules/1/pause", Need.RUN, False), Bucket.CHANGES),
        (("POST", "/api/notifications/channels/ops/test", Need.RUN, False), Bucket.CHANGES),
        (("PATCH", "/api/sandbox", Need.SANDBOX, False), Bucket.CHANGES),
        (("POST", "/api/tokens", Need.ADMIT, False), Bucket.CHANGES),
        (("DELETE", "/api/faults/1", Need.DISARM, False), None),
        (("PUT", "/api/safety-lever", Need.DISARM, False), None),
    ],
)
def test_each_call_counts_in_its_own_window(call: tuple[Any, ...], bucket: Bucket | None) -> None:
    method, path, need, stream = call
    assert kind_of(method, path, need, stream=stream) is bucket


async def test_too_many_starts_are_refused_and_ending_them_never_is(
    app: Any, client: httpx.AsyncClient
) -> None:
    app.state.rates = Rates({Bucket.STARTS: "2 per minute", Bucket.READS: "3 per minute"})
    for _ in range(2):
        assert (await client.put("/api/faults", json=WANTED)).status_code in (201, 409)
    refused = await client.post(RUN)
    assert (refused.status_code, refused.json()["retryable"]) == (429, True)
    assert 0 < int(refused.headers["retry-after"]) <= 60
    for _ in range(5):
        assert (await client.delete("/api/faults/1")).status_code == 200
        assert (await client.put("/api/safety-lever", json={"engaged": True})).status_code == 200
    assert [(await client.get("/api/runs")).status_code for _ in range(4)] == [200, 200, 200, 429]


async def test_streams_have_a_window_of_their_own(app: Any, client: httpx.AsyncClient, console: Any) -> None:
    run = console.runs.add(verdict=Verdict.HELD)
    console.runs.tell(run.id, "verdict", verdict="held")
    app.state.rates = Rates({Bucket.STREAMS: "1 per minute"})
    path = f"/api/runs/{run.id}/events"
    assert [(await client.get(path)).status_code for _ in range(2)] == [200, 429]
    assert (await client.get("/api/runs")).status_code == 200


async def test_the_window_moves_on(app: Any, client: httpx.AsyncClient) -> None:
    app.state.rates = Rates({Bucket.READS: "2 per 1 second"})
    assert [(await client.get("/api/runs")).status_code for _ in range(3)] == [200, 200, 429]
    for _ in range(100):
        if (await client.get("/api/runs")).status_code == 200:
            return
        await asyncio.sleep(0.05)
    pytest.fail("it stays closed")


async def test_fifty_wrong_logins_stop_one_address_and_no_other(
    console: Any, access: Access, signed: httpx.AsyncClient
) -> None:
    here = {"origin": "http://10.0.0.7:8000", "accept": "text/html"}
    answers = [await signed.post("/login", data={"code": f"gd_{n}"}, headers=here) for n in range(50)]
    assert [answer.status_code for answer in answers].count(422) == 10
    assert answers[-1].status_code == 429
    assert 'id="armed"' not in answers[-1].text
    assert int(answers[-1].headers["retry-after"]) > 0
    made = access.issue(Kind.TOKEN, name="ci", role=Role.VIEWER, lifetime=timedelta(days=1), by="maria")
    other = httpx.ASGITransport(app=signed._transport.app, client=("10.9.9.9", 4711))
    async with httpx.AsyncClient(transport=other, base_url="http://10.0.0.7:8000") as elsewhere:
        answer = await elsewhere.post("/login", data={"code": made.secret}, headers=here)
        assert answer.status_code == 303
    assert (await signed.post("/login", data={"code": made.secret}, headers=here)).status_code == 303


async def test_one_token_uses_up_its_own_window_only(signed: httpx.AsyncClient, access: Access) -> None:
    signed._transport.app.state.rates = Rates({Bucket.READS: "1 per minute"})
    one, other = bearer(access, Role.VIEWER, "one"), bearer(access, Role.VIEWER, "other")
    assert [(await signed.get("/api/runs", headers=one)).status_code for _ in range(2)] == [200, 429]
    assert (await signed.get("/api/runs", headers=other)).status_code == 200


async def test_an_admin_makes_lists_and_revokes_tokens(signed: httpx.AsyncClient, access: Access) -> None:
    admin = bearer(access, Role.ADMIN, "root")
    made = await signed.post("/api/tokens", json={"name": "ci", "role": "runner", "days": 7}, headers=admin)
    assert made.status_code == 201
    token = {"authorization": f"Bearer {made.json()['secret']}"}
    assert (await signed.get("/api/me", headers=token)).json() == {
        "name": "ci", "role": "runner", "login": True,
    }  # fmt: skip
    listed = (await signed.get("/api/tokens", headers=admin)).json()
    assert [one["name"] for one in listed] == ["root", "ci"]
    assert made.json()["secret"] not in str(listed)
    for role in (Role.VIEWER, Role.RUNNER, Role.AUTHOR):
        assert (await signed.get("/api/tokens", headers=bearer(access, role))).status_code == 403
    gone = await signed.delete(f"/api/tokens/{made.json()['id']}", headers=admin)
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await signed.get("/api/me", headers=token)).status_code == 401
    assert (await signed.delete(f"/api/tokens/{made.json()['id']}", headers=admin)).status_code == 404


async def test_tokens_come_a_page_at_a_time_and_those_that_let_nobody_in_are_left_out(
    signed: httpx.AsyncClient, access: Access, console: Any
) -> None:
    admin = bearer(access, Role.ADMIN)
    made = [
        access.issue(Kind.TOKEN, name=f"t{number}", role=Role.VIEWER, lifetime=timedelta(days=number), by="m")
        for number in (1, 9, 9, 9, 9)
    ]
    link = access.issue(Kind.LINK, name="link", role=Role.VIEWER, lifetime=timedelta(days=9), by="m")
    access.sign_in(link.secret)
    access.revoke(made[2].credential.id)
    console.clock.advance(2 * 86400)
    admin = bearer(access, Role.ADMIN)
    page, seen = await signed.get("/api/tokens?limit=2", headers=admin), []
    while True:
        assert len(page.json()) <= 2
        seen += page.json()
        if "next" not in page.links:
            break
        page = await signed.get(page.links["next"]["url"], headers=admin)
    assert [one["id"] for one in seen] == [one.id for one in access.all()]
    assert {made[0].credential.id, made[2].credential.id, link.credential.id}.isdisjoint(
        one["id"] for one in seen
    )


async def test_a_stranger_sees_no_armed_bar_on_the_page_of_an_error(
    signed: httpx.AsyncClient, console: Any
) -> None:
    console.faults.armed()
    page = await signed.get("/nowhere", headers={"accept": "text/html"})
    assert page.status_code == 404
    assert "failureLambdaConfig" not in page.text
    assert "/login" in page.text
