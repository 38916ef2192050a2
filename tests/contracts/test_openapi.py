"""The description of the API against the API: Schemathesis asks what the description allows, and what it does not."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import schemathesis
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, settings
from hypothesis import seed as from_seed
from schemathesis.checks import CHECKS

from app.web import ROUTES
from tests.contracts.conftest import Served
from tests.contracts.record import bare
from tests.waiting import PATIENCE

EXAMPLES = 5  # of each operation and phase
SEED = 20261126
STREAM = "/api/runs/{run_id}/events"
# What is not held against the API, each with its reason; everything else is.
NOT_HELD = {
    "positive_data_acceptance": "a well-formed store, dialect or pattern can still make no sense: that is a 422 with its place",
}  # fmt: skip
# What is not asked here, each with where it is.
NOT_ASKED = {
    STREAM: "it goes on for as long as its run: below for one that has ended, and in tests/web/test_streams.py"
}


schema = schemathesis.openapi.from_dict(bare()).exclude(path=list(NOT_ASKED))


@schema.parametrize()
@from_seed(SEED)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_operation_does_what_its_description_says(case: Any, served: Served) -> None:
    _not_for_long(case)
    case.call_and_validate(
        base_url=served.url,
        headers=signed(served),
        excluded_checks=[CHECKS.get_one(name) for name in NOT_HELD],
        timeout=PATIENCE,
    )


def _not_for_long(case: Any) -> None:
    """A run of the stand-ins never ends: whoever waits for it waits a second."""
    wait = str((case.query or {}).get("wait", ""))
    if wait.isascii() and wait.isdecimal() and 1 <= int(wait) <= 3600:
        case.query["wait"] = 1


def signed(served: Served) -> dict[str, str]:
    return {"Authorization": f"Bearer {served.token}"}


def test_the_stream_of_a_run_that_has_ended_is_events_and_ends(served: Served) -> None:
    answer = httpx.get(f"{served.url}/api/runs/41/events", headers=signed(served), timeout=PATIENCE)
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (
        200,
        "text/event-stream",
    )
    assert "event: verdict" in answer.text


@pytest.fixture
def document(served: Served) -> dict[str, Any]:
    told: dict[str, Any] = httpx.get(
        f"{served.url}/openapi.json", headers=signed(served), timeout=PATIENCE
    ).json()
    return told


def test_the_console_serves_that_description(document: dict[str, Any]) -> None:
    assert document == bare()


def test_no_route_of_the_api_goes_undescribed(document: dict[str, Any]) -> None:
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    offered = {
        (method, route.path_format)
        for router in ROUTES
        for route in router.routes
        if isinstance(route, APIRoute) and (route.path.startswith("/api/") or route.include_in_schema)
        for method in route.methods
    }
    assert offered <= described
    assert ("POST", "/experiments/{experiment_id}/run") in described
    assert ("POST", "/runs/{run_id}/rollback") in described


def test_every_operation_is_described_whole(document: dict[str, Any]) -> None:
    lacking = []
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            good = [answer for status, answer in told["responses"].items() if status.startswith("2")]
            bad = [answer for status, answer in told["responses"].items() if status >= "4"]
            shaped = "204" in told["responses"] or all(_shaped(answer) for answer in good)
            problems = all("application/problem+json" in answer["content"] for answer in bad)
            kept = told.get("summary") and told.get("description") and told.get("tags") and "security" in told
            body = told.get("requestBody", {}).get("content", {}).get("application/json", {"example": None})
            parameters = all("schema" in one for one in told.get("parameters", ()))
            if not (good and bad and shaped and problems and kept and "example" in body and parameters):
                lacking.append((method, path))
    assert lacking == []


def _shaped(answer: dict[str, Any]) -> bool:
    return all(media.get("schema") or media.get("itemSchema") for media in answer["content"].values())


def test_the_scheme_of_credentials_is_named_by_every_operation_but_health(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    open_ = {
        path
        for path, methods in document["paths"].items()
        for told in methods.values()
        if not told["security"]
    }
    assert open_ == {"/healthz", "/readyz"}
