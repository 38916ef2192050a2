"""Every route, and which roles it answers: written by hand, so that a route that is new or changed fails here first."""

from __future__ import annotations

import pytest
from fastapi.routing import APIRoute

from app.access import Access, Role
from app.web import ROUTES
from tests.web.test_guards import need_of
from tests.web.test_login import access, address, bearer, stranger

__all__ = ["access", "stranger"]  # fixtures
pytestmark = pytest.mark.anyio

#          nobody viewer runner author admin
NOTHING = (True, True, True, True, True)
SEE = (False, True, True, True, True)
DISARM = (False, True, True, True, True)  # whoever is signed in may end faults and runs
RUN = ARM = SANDBOX = (False, False, True, True, True)
EDIT = (False, False, False, True, True)
ADMIT = (False, False, False, False, True)

MATRIX = {
    ("GET", "/"): SEE,
    ("GET", "/api/active"): SEE,
    ("GET", "/api/environments"): SEE,
    ("GET", "/api/experiments"): SEE,
    ("GET", "/api/experiments/{experiment_id:path}"): SEE,
    ("POST", "/api/experiments/{experiment_id:path}/migrate"): EDIT,
    ("GET", "/api/experiments/{experiment_id:path}/preflight"): SEE,
    ("POST", "/api/experiments/{experiment_id:path}/preflight"): RUN,
    ("GET", "/api/faults"): SEE,
    ("PUT", "/api/faults"): ARM,
    ("GET", "/api/faults/sentence"): SEE,
    ("GET", "/api/faults/strays"): SEE,
    ("POST", "/api/faults/strays/disarm"): DISARM,
    ("DELETE", "/api/faults/{entry_id:int}"): DISARM,
    ("GET", "/api/faults/{entry_id:int}"): SEE,
    ("PATCH", "/api/faults/{entry_id:int}"): ARM,
    ("POST", "/api/faults/{entry_id:int}/choose"): DISARM,
    ("GET", "/api/me"): SEE,
    ("GET", "/api/notifications/channels"): SEE,
    ("POST", "/api/notifications/channels/{name}/test"): RUN,
    ("GET", "/api/notifications/deliveries"): SEE,
    ("GET", "/api/requests/{function}/{request_id}"): SEE,
    ("GET", "/api/runs"): SEE,
    ("GET", "/api/runs/{run_id:int}"): SEE,
    ("GET", "/api/runs/{run_id:int}/console"): SEE,
    ("GET", "/api/runs/{run_id:int}/events"): SEE,
    ("GET", "/api/runs/{run_id:int}/evidence"): SEE,
    ("GET", "/api/runs/{run_id:int}/journal"): SEE,
    ("GET", "/api/runs/{run_id:int}/junit.xml"): SEE,
    ("GET", "/api/runs/{run_id:int}/progress"): SEE,
    ("GET", "/api/runs/{run_id:int}/report"): SEE,
    ("GET", "/api/runs/{run_id:int}/report.html"): SEE,
    ("GET", "/api/runs/{run_id:int}/report.json"): SEE,
    ("GET", "/api/runs/{run_id:int}/report.md"): SEE,
    ("GET", "/api/runs/{run_id:int}/timeline"): SEE,
    ("GET", "/api/safety-lever"): SEE,
    ("PUT", "/api/safety-lever"): DISARM,
    ("GET", "/api/sandbox"): SEE,
    ("PATCH", "/api/sandbox"): SANDBOX,
    ("GET", "/api/schedules"): SEE,
    ("POST", "/api/schedules"): RUN,
    ("GET", "/api/schedules/fires"): SEE,
    ("GET", "/api/schedules/preview"): SEE,
    ("GET", "/api/schedules/problems"): SEE,
    ("GET", "/api/calendar"): SEE,
    ("DELETE", "/api/schedules/{schedule_id:int}"): RUN,
    ("GET", "/api/schedules/{schedule_id:int}"): SEE,
    ("PATCH", "/api/schedules/{schedule_id:int}"): RUN,
    ("PUT", "/api/schedules/{schedule_id:int}"): RUN,
    ("GET", "/api/schedules/{schedule_id:int}/fires"): SEE,
    ("DELETE", "/api/schedules/{schedule_id:int}/pause"): RUN,
    ("POST", "/api/schedules/{schedule_id:int}/pause"): RUN,
    ("POST", "/api/schedules/{schedule_id:int}/run"): RUN,
    ("GET", "/api/signals"): SEE,
    ("GET", "/api/signals/{query_id}/samples"): SEE,
    ("GET", "/api/tokens"): ADMIT,
    ("POST", "/api/tokens"): ADMIT,
    ("DELETE", "/api/tokens/{token_id:int}"): ADMIT,
    ("GET", "/api/usage"): SEE,
    ("GET", "/calendar"): SEE,
    ("GET", "/docs"): SEE,
    ("GET", "/experiments"): SEE,
    ("GET", "/experiments/{experiment_id:path}"): SEE,
    ("GET", "/experiments/{experiment_id:path}/migrate"): SEE,
    ("POST", "/experiments/{experiment_id:path}/migrate"): EDIT,
    ("POST", "/experiments/{experiment_id:path}/run"): RUN,
    ("GET", "/faults"): SEE,
    ("POST", "/faults"): ARM,
    ("GET", "/faults/sentence"): SEE,
    ("POST", "/faults/strays"): DISARM,
    ("POST", "/faults/{entry_id:int}/choose"): DISARM,
    ("POST", "/faults/{entry_id:int}/deadline"): ARM,
    ("POST", "/faults/{entry_id:int}/disarm"): DISARM,
    ("GET", "/healthz"): NOTHING,
    ("GET", "/login"): NOTHING,
    ("POST", "/login"): NOTHING,
    ("POST", "/logout"): NOTHING,
    ("GET", "/metrics"): SEE,
    ("GET", "/notifications"): SEE,
    ("POST", "/notifications/{name}/test"): RUN,
    ("GET", "/openapi.json"): SEE,
    ("GET", "/readyz"): NOTHING,
    ("GET", "/requests/{function}/{request_id}"): SEE,
    ("GET", "/runs"): SEE,
    ("GET", "/runs/{run_id:int}"): SEE,
    ("POST", "/runs/{run_id:int}/rollback"): DISARM,
    ("POST", "/safety-lever"): DISARM,
    ("GET", "/sandbox"): SEE,
    ("POST", "/sandbox/rate"): SANDBOX,
    ("POST", "/sandbox/variant"): SANDBOX,
    ("GET", "/schedules"): SEE,
    ("POST", "/schedules"): RUN,
    ("GET", "/schedules/preview"): SEE,
    ("GET", "/schedules/{schedule_id:int}"): SEE,
    ("POST", "/schedules/{schedule_id:int}"): RUN,
    ("POST", "/schedules/{schedule_id:int}/delete"): RUN,
    ("POST", "/schedules/{schedule_id:int}/pause"): RUN,
    ("POST", "/schedules/{schedule_id:int}/resume"): RUN,
    ("POST", "/schedules/{schedule_id:int}/run"): RUN,
    ("GET", "/stop"): NOTHING,
    ("POST", "/stop"): NOTHING,
    ("GET", "/stream"): SEE,
    ("GET", "/usage"): SEE,
}
ENDLESS = ("/stream", "/logout")  # one does not end, the other ends the token


def routes() -> dict[tuple[str, str], APIRoute]:
    return {
        (method, route.path): route
        for router in ROUTES
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in sorted(route.methods - {"HEAD"})
    }


def test_the_matrix_has_every_route_and_no_other() -> None:
    found = set(routes())
    assert found - set(MATRIX) == set(), "routes that nobody has written into the matrix"
    assert set(MATRIX) - found == set(), "rows of the matrix without a route"


def test_every_signed_in_role_may_end_what_is_armed_or_runs() -> None:
    endings = {
        key
        for key in MATRIX
        if any(word in key[1] for word in ("disarm", "rollback", "safety-lever", "choose"))
    }
    endings |= {("DELETE", "/api/faults/{entry_id:int}"), ("POST", "/faults/strays")}
    for key in endings - {("GET", "/api/safety-lever")}:
        assert MATRIX[key] == DISARM, key
        assert need_of(routes()[key]) == "disarm", key


@pytest.mark.parametrize("column", range(5))
async def test_each_route_answers_exactly_the_roles_of_its_row(stranger, access: Access, column: int) -> None:
    """403 for a role that is too low, 401 for nobody; anything else is an answer."""
    token = bearer(access, list(Role)[column - 1]) if column else {}
    refused = 403 if column else 401
    for (method, path), row in MATRIX.items():
        if path not in ENDLESS or not column:
            answer = await stranger.request(method, address(path), headers=token)
            assert (answer.status_code != refused) is row[column], (method, path, answer.status_code)
