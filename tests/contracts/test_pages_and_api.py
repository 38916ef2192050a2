"""Everything that a page can do is in the API, under the same need: every form and every link of every template is looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute

from app.shipped import shipped
from app.web import ROUTES
from app.web.openapi import need_of

TEMPLATES = shipped("templates")
DOES = re.compile(r'(?:action|hx-post|hx-put|hx-delete|hx-get)="([^"]+)"')
SHOWS = re.compile(r'href="(/[^"]*)"')
EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
# What a template posts to or fetches, with what the API has for it. A stop is either of a run or of a fault.
API = {
    "/experiments/{}/run": [("POST", "/experiments/{experiment_id}/run")],
    "/experiments/{}": [("GET", "/api/experiments/{experiment_id}/preflight")],  # looked at again
    "/runs/{}/rollback": [("POST", "/runs/{run_id}/rollback")],
    "{}": [("POST", "/runs/{run_id}/rollback"), ("DELETE", "/api/faults/{entry_id}")],  # fault.stop
    "/faults": [("PUT", "/api/faults")],
    "/faults/sentence": [("GET", "/api/faults/sentence")],
    "/faults/strays": [("POST", "/api/faults/strays/disarm")],
    "/faults/{}/choose": [("POST", "/api/faults/{entry_id}/choose")],
    "/faults/{}/deadline": [("PATCH", "/api/faults/{entry_id}")],
    "/safety-lever": [("PUT", "/api/safety-lever")],
    "/sandbox/variant": [("PATCH", "/api/sandbox")],
    "/sandbox/rate": [("PATCH", "/api/sandbox")],
    "/requests/{}/{}": [("GET", "/api/requests/{function}/{request_id}")],
    "/schedules": [("POST", "/api/schedules")],
    "/schedules/": [("PUT", "/api/schedules/{schedule_id}"), ("PATCH", "/api/schedules/{schedule_id}")],
    "/schedules/preview": [("GET", "/api/schedules/preview")],
    "/schedules/{}/run": [("POST", "/api/schedules/{schedule_id}/run")],
    "/schedules/{}/pause": [("POST", "/api/schedules/{schedule_id}/pause")],
    "/schedules/{}/resume": [("DELETE", "/api/schedules/{schedule_id}/pause")],
    "/schedules/{}/delete": [("DELETE", "/api/schedules/{schedule_id}")],
    "/notifications/{}/test": [("POST", "/api/notifications/channels/{name}/test")],
    # A stop link is its holder's, signed in or not: whoever has a token ends things by the API.
    "/stop": [("POST", "/runs/{run_id}/rollback"), ("DELETE", "/api/faults/{entry_id}")],
    # A session is a browser's: programs send a token.
    "/login": [],
    "/logout": [],
    "/": [],  # chooses the environment that a browser looks at: programs name it
}
# Where a link leads, with where a program reads the same.
READ = {
    "/": [("GET", "/api/signals"), ("GET", "/api/environments")],
    "/experiments": [("GET", "/api/experiments")],
    "/experiments/{}": [("GET", "/api/experiments/{experiment_id}"), ("GET", "/api/experiments/{experiment_id}/preflight")],
    "/experiments/{}{}": [("GET", "/api/experiments/{experiment_id}")],
    "/experiments/{}/migrate": [("POST", "/api/experiments/{experiment_id}/migrate")],
    "/experiments/serverless-etl/exp_2-strict": [("GET", "/api/experiments/{experiment_id}")],
    "/runs": [("GET", "/api/runs")],
    "/runs/{}": [("GET", "/api/runs/{run_id}"), ("GET", "/api/runs/{run_id}/timeline"), ("GET", "/api/runs/{run_id}/evidence")],
    "/api/runs/{}/journal": [("GET", "/api/runs/{run_id}/journal")],
    "/api/runs/{}/console": [("GET", "/api/runs/{run_id}/console")],
    "/faults": [("GET", "/api/faults"), ("GET", "/api/faults/{entry_id}"), ("GET", "/api/faults/strays"), ("GET", "/api/safety-lever")],
    "/requests/{}/{}": [("GET", "/api/requests/{function}/{request_id}")],
    "/sandbox": [("GET", "/api/sandbox")],
    "/api/runs/{}/report.html": [("GET", "/api/runs/{run_id}/report.html"), ("GET", "/api/runs/{run_id}/report")],
    "/api/runs/{}/report.md": [("GET", "/api/runs/{run_id}/report.md")],
    "/api/runs/{}/report.json": [("GET", "/api/runs/{run_id}/report.json")],
    "/api/runs/{}/junit.xml": [("GET", "/api/runs/{run_id}/junit.xml")],
    "/schedules": [("GET", "/api/schedules"), ("GET", "/api/schedules/problems")],
    "/schedules/{}": [("GET", "/api/schedules/{schedule_id}"), ("GET", "/api/schedules/{schedule_id}/fires")],
    "/calendar": [("GET", "/api/calendar")],
    "/usage": [("GET", "/api/usage")],
    "/notifications": [("GET", "/api/notifications/channels"), ("GET", "/api/notifications/deliveries")],
    "/docs": [],
    "/openapi.json": [],
    "/login": [],
}  # fmt: skip


def offered() -> dict[tuple[str, str], APIRoute]:
    return {
        (method, route.path_format): route
        for router in ROUTES
        for route in router.routes
        if isinstance(route, APIRoute) and route.include_in_schema
        for method in route.methods or ()
    }


def found(pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    for file in sorted(TEMPLATES.rglob("*.html")):
        # An expression may hold quotes of its own.
        text = EXPRESSION.sub("{}", file.read_text()).replace("{}{}{}", "{}")
        for address in pattern.findall(text):
            yield str(file.relative_to(TEMPLATES)), address.partition("?")[0].partition("#")[0]


@pytest.mark.parametrize(("pattern", "known"), [(DOES, API), (SHOWS, READ)], ids=["does", "shows"])
def test_what_a_template_does_or_shows_has_its_place_in_the_api(
    pattern: re.Pattern[str], known: dict[str, list[tuple[str, str]]]
) -> None:
    there = offered()
    missing = {(file, address) for file, address in found(pattern) if address not in known}
    assert not missing, "say here what the API has for it"
    assert {one for places in known.values() for one in places} <= there.keys()


def test_the_api_asks_for_no_more_than_the_page(  # nor for less
) -> None:
    pages = {
        (method, route.path): need_of(route)
        for router in ROUTES
        for route in router.routes
        if isinstance(route, APIRoute) and not route.include_in_schema
        for method in route.methods or ()
    }
    there = offered()
    pairs = {
        ("POST", "/faults"): ("PUT", "/api/faults"),
        ("POST", "/faults/{entry_id:int}/disarm"): ("DELETE", "/api/faults/{entry_id}"),
        ("POST", "/faults/{entry_id:int}/choose"): ("POST", "/api/faults/{entry_id}/choose"),
        ("POST", "/faults/{entry_id:int}/deadline"): ("PATCH", "/api/faults/{entry_id}"),
        ("POST", "/faults/strays"): ("POST", "/api/faults/strays/disarm"),
        ("POST", "/safety-lever"): ("PUT", "/api/safety-lever"),
        ("POST", "/sandbox/variant"): ("PATCH", "/api/sandbox"),
        ("POST", "/sandbox/rate"): ("PATCH", "/api/sandbox"),
        ("POST", "/experiments/{experiment_id:path}/migrate"): (
            "POST", "/api/experiments/{experiment_id}/migrate",
        ),
        ("POST", "/schedules"): ("POST", "/api/schedules"),
        ("POST", "/schedules/{schedule_id:int}"): ("PUT", "/api/schedules/{schedule_id}"),
        ("POST", "/schedules/{schedule_id:int}/pause"): ("POST", "/api/schedules/{schedule_id}/pause"),
        ("POST", "/schedules/{schedule_id:int}/resume"): ("DELETE", "/api/schedules/{schedule_id}/pause"),
        ("POST", "/schedules/{schedule_id:int}/delete"): ("DELETE", "/api/schedules/{schedule_id}"),
        ("POST", "/schedules/{schedule_id:int}/run"): ("POST", "/api/schedules/{schedule_id}/run"),
        ("POST", "/notifications/{name}/test"): ("POST", "/api/notifications/channels/{name}/test"),
        ("GET", "/schedules/preview"): ("GET", "/api/schedules/preview"),
        ("GET", "/schedules"): ("GET", "/api/schedules"),
        ("GET", "/calendar"): ("GET", "/api/calendar"),
        ("GET", "/usage"): ("GET", "/api/usage"),
        ("GET", "/notifications"): ("GET", "/api/notifications/channels"),
    }  # fmt: skip
    for page, api in pairs.items():
        assert pages[page] is need_of(there[api]), page
