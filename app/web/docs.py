"""The API described: OpenAPI as JSON, and as a page of our own, since nothing is loaded from elsewhere."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, JSONResponse

from app.access import Need
from app.web.asked import Place, Shown
from app.web.errors import KINDS, slug
from app.web.guards import needs
from app.web.panels import Page

routes = APIRouter(include_in_schema=False, dependencies=[needs(Need.SEE)])
METHODS = ("get", "put", "post", "patch", "delete")


@routes.get("/openapi.json")
def schema(request: Request) -> JSONResponse:
    return JSONResponse(request.app.openapi())


@routes.get("/docs")
def page(request: Request, place: Place, show: Shown) -> HTMLResponse:
    found = operations(request.app.openapi())
    problems = [(slug(kind), kind.title, kind.status, told) for kind, told in KINDS.items()]
    return show.page(
        request,
        "docs/index.html",
        Page(name="docs", environment=place.name),
        operations=found,
        problems=problems,
    )


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Method, path, summary, parameters and body fields of everything that is offered."""
    return [
        {
            "method": method.upper(), "path": path, "summary": told.get("description") or told.get("summary", ""),
            "parameters": told.get("parameters", []), "fields": _fields(document, told),
            "answers": sorted(told.get("responses", {})),
        }
        for path, methods in sorted(document.get("paths", {}).items())
        for method, told in methods.items()
        if method in METHODS
    ]  # fmt: skip


def _fields(document: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    name = body.get("$ref", "").rpartition("/")[2]
    schema = document.get("components", {}).get("schemas", {}).get(name, body)
    found: dict[str, Any] = schema.get("properties", {})
    return found
