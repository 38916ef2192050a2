"""The API's own description, completed: errors of every operation, who may call it, and examples that can be tried."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from app.access import Need
from app.access.roles import least
from app.web.errors import MEDIA_TYPE
from app.web.guards import Needs
from app.web.rates import DEFAULTS, kind_of
from app.web.schedule_shapes import NIGHTLY
from app.web.shapes import Problem

ABOUT = (
    "Everything that the pages can do. Errors are problem details (RFC 9457). A console that listens beyond its own machine "
    "wants a token: `Authorization: Bearer gd_…`."
)
TAGS = {
    "experiments": "The files: what they would do, and the way to run them.",
    "runs": "What was run, what became of it, and how to end it.",
    "faults": "The ledger: what is armed, by whom, until when.",
    "safety lever": "Engaged, nothing runs and nothing arms.",
    "signals": "What the hypothesis measures.",
    "evidence": "What the functions' logs show.",
    "environments": "Where experiments can be run.",
    "sandbox": "The example pipeline.",
    "schedules": "What runs by itself, when, and what came of it.",
    "active": "Is it us? For other teams' bots.",
    "notifications": "Who is told what, and what became of it.",
    "usage": "What asking CloudWatch costs.",
    "access": "Who may come in.",
    "health": "For machines that look after the console.",
}
BUSY = "Something else stands in the way: `run` or `fault` says which."
SAID = {
    "401": "Not signed in, where a login is required.",
    "403": "The role is too low, or a page of another site asked.",
    "404": "There is nothing of that name or number.",
    "406": "Nothing that the API answers is accepted.",
    "409": BUSY,
    "412": "It has changed since it was read.",
    "413": "The body is larger than 256 KiB.",
    "415": "The body is no JSON.",
    "421": "The console does not answer for that host name.",
    "422": "Not valid: `problems` says what and where.",
    "428": "It takes an If-Match.",
    "429": "Too many calls: see Retry-After.",
    "500": "The console made a mistake.",
    "503": "AWS or the database does not answer: see Retry-After.",
}
# Of parameters, by name; below, where one name means different things.
EXAMPLES: Mapping[str, Any] = {
    "experiment_id": "serverless-etl/exp_2-strict",
    "experiment": "serverless-etl/exp_2-strict",
    "environment": "sandbox",
    "run_id": 41,
    "entry_id": 1,
    "token_id": 1,
    "schedule_id": 1,
    "cron": "0 3 * * 1-5",
    "time_zone": "Europe/Berlin",
    "channel": "ops",
    "month": "2026-11",
    "query_id": "a1b2c3d4e5f6",
    "function": "ChaosTransformer",
    "request_id": "7b2c3ad9-0e0c-4f4e-9a54-6a1f0f3a9f10",
    "since": "2026-11-24T12:00:00Z",
    "store": "ssm:failureLambdaConfig",
    "rate": 0.5,
    "deny_list": ["dynamodb.*.amazonaws.com"],
    "minutes": 5,
    "status": "completed",
    "verdict": "held",
    "requested_by": "maria",
    "schedule": 1,
    "until": "2026-11-25T12:00:00Z",
    "from": "2026-11-23",
    "to": "2026-11-30",
    "tag": "serverless",
    "text": "disruption",
    "limit": 50,
    "cursor": "NDE=",
    "run": 41,
    "look": True,
    "queue": True,
    "wait": 600,
    "kind": "verdict",
    "account": "123456789012",
    "name": "nightly",
    "every": "6h",
    "at": "2026-12-24T09:00",
    "start": "2026-12-01",
    "end": "2027-12-31",
    "jitter": "10m",
    "only_on_business_days": True,
    "last-event-id": "12",
    "If-Match": '"5c1f0c2e9d3b4a7788aa90b1c2d3e4f5"',
    "if-none-match": '"5c1f0c2e9d3b4a7788aa90b1c2d3e4f5"',
    "Idempotency-Key": "3f0c1c1e-7c0b-4a53-9d0a-2f2f6f0f7a11",
}
EXAMPLES_THERE: Mapping[tuple[str, str], Any] = {
    ("/api/faults", "state"): "armed",
    ("/api/notifications/deliveries", "state"): "sent",
    ("/api/schedules/fires", "state"): "refused",
    ("/api/schedules/{schedule_id}/fires", "state"): "refused",
    ("/api/notifications/channels/{name}/test", "name"): "ops",
}
ANSWERS_FILE = Path(__file__).with_name("openapi_answers.json")  # by tests/contracts/record.py
BODIES: Mapping[tuple[str, str], Any] = {
    ("post", "/experiments/{experiment_id}/run"): {"environment": "sandbox"},
    ("post", "/api/experiments/{experiment_id}/preflight"): {"environment": "sandbox", "accept": ["unproven"]},
    ("put", "/api/faults"): {
        "store": "ssm:failureLambdaConfig", "rate": 0.5, "deny_list": ["dynamodb.*.amazonaws.com"], "minutes": 5,
    },
    ("patch", "/api/faults/{entry_id}"): {"minutes": 10},
    ("post", "/api/faults/{entry_id}/choose"): {"keep": "theirs"},
    ("post", "/api/faults/strays/disarm"): {"store": "ssm:failureLambdaConfig"},
    ("put", "/api/safety-lever"): {"engaged": True, "why": "checkout is failing"},
    ("post", "/api/experiments/{experiment_id}/migrate"): {"to": "failure-lambda/1.x"},
    ("patch", "/api/sandbox"): {"variant": "waits"},
    ("post", "/api/schedules"): NIGHTLY,
    ("put", "/api/schedules/{schedule_id}"): NIGHTLY,
    ("patch", "/api/schedules/{schedule_id}"): {"cron": "0 4 * * 1-5", "jitter": "10m"},
    ("post", "/api/tokens"): {"name": "ci", "role": "runner", "days": 90},
}  # fmt: skip


def described(app: FastAPI, routers: Sequence[APIRouter]) -> dict[str, Any]:
    """The whole document, made once. `routers`: those that the app is made of."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=ABOUT, routes=app.routes,
            tags=[{"name": name, "description": told} for name, told in TAGS.items()],
        )  # fmt: skip
        answers = json.loads(ANSWERS_FILE.read_text()) if ANSWERS_FILE.exists() else {}
        parts = document.setdefault("components", {})
        parts.setdefault("schemas", {})["Problem"] = Problem.model_json_schema(
            ref_template="#/components/schemas/{model}"
        )
        parts["schemas"] |= parts["schemas"]["Problem"].pop("$defs", {})
        parts["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer", "description": "Of `gameday token create` or POST /api/tokens."},
        }  # fmt: skip
        for route, method in _operations(routers):
            operation = document["paths"].get(route.path_format, {}).get(method)
            if operation is not None:
                _complete(operation, route, method)
                _show(operation, answers.get(f"{method.upper()} {route.path_format}", {}))
        app.openapi_schema = document
    return app.openapi_schema


def need_of(route: APIRoute) -> Need:
    """What the route asks of whoever calls it; the last one that it carries counts."""
    carried = [one.dependency.need for one in route.dependencies if isinstance(one.dependency, Needs)]
    return carried[-1]


def _operations(routers: Sequence[APIRouter]) -> Iterator[tuple[APIRoute, str]]:
    for route in (route for routes in routers for route in routes.routes):
        if isinstance(route, APIRoute) and route.include_in_schema:
            yield from ((route, method.lower()) for method in route.methods or ())


def _complete(operation: dict[str, Any], route: APIRoute, method: str) -> None:
    need, path = need_of(route), route.path_format
    open_to_all = need is Need.NOTHING
    operation["security"] = [] if open_to_all else [{"token": []}]
    told = operation.get("description", "").strip()
    operation["summary"] = told.partition("\n")[0].partition(". ")[0].rstrip(".:") or operation["summary"]
    if not open_to_all:
        operation["description"] = f"{told}\n\nRole: {least(need)}."
    for status in _statuses(operation, route, method):
        operation["responses"][status] = _problem(status)
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        if (example := EXAMPLES_THERE.get((path, name), EXAMPLES.get(name))) is not None:
            parameter["example"] = example
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None and (method, path) in BODIES:
        body["example"] = BODIES[method, path]


def _show(operation: dict[str, Any], answers: Mapping[str, Mapping[str, Any]]) -> None:
    """What the operation answers where it succeeds, as a console did: by status and media type."""
    for status, by_media in answers.items():
        content = operation["responses"].get(status, {}).get("content", {})
        for media, example in by_media.items():
            if media in content:
                content[media]["example"] = example


def _statuses(operation: Mapping[str, Any], route: APIRoute, method: str) -> list[str]:
    """Every status of an error that the operation can answer with."""
    need, path = need_of(route), route.path_format
    names = {parameter["name"] for parameter in operation.get("parameters", ())}
    statuses = ["421", "500", "503", *(status for status in operation["responses"] if status in SAID)]
    if need is not Need.NOTHING:
        statuses += ["401", "403", "422"]  # 422: a query parameter that there is not
    if path.startswith("/api/"):
        statuses.append("406")
    if "{" in path or "environment" in names or path.startswith("/api/sandbox"):
        statuses.append("404")
    if method != "get":
        statuses += ["403", "409", "413", "404"]
        statuses += ["415"] if path.startswith("/api/") or "requestBody" in operation else []
    if "If-Match" in names:
        statuses.append("412")
    if _limited(route, method):
        statuses.append("429")
    return sorted(set(statuses))


def _limited(route: APIRoute, method: str) -> bool:
    kind = kind_of(method.upper(), route.path_format, need_of(route), stream=False)
    return kind in DEFAULTS


def _problem(status: str) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": SAID[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in ("429", "503"):
        answer["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "string"}}}
    return answer
