"""The API described: OpenAPI as JSON, and as a page of our own, since nothing is loaded from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
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
    document = request.app.openapi()
    found = list(operations(document))
    common = set.intersection(*(set(one["answers"]) for one in found))
    problems = [(slug(kind), kind.title, kind.status, told) for kind, told in KINDS.items()]
    return show.page(
        request,
        "docs/index.html",
        Page(name="docs", environment=place.name),
        about=document["info"]["description"],
        subjects=[
            (tag["name"], tag["description"], [one for one in found if one["tag"] == tag["name"]])
            for tag in document["tags"]
        ],
        common=common,
        problems=problems,
    )


def operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Everything that is offered, with what it takes and answers, and an example of each, as text."""
    for path, methods in sorted(document["paths"].items()):
        for method, told in methods.items():
            if method in METHODS:
                body = told.get("requestBody", {}).get("content", {}).get("application/json", {})
                yield {
                    "method": method.upper(), "path": path, "tag": next(iter(told.get("tags", ())), ""),
                    "about": told.get("description", ""), "parameters": told.get("parameters", []),
                    "fields": _fields(document, body.get("schema", {})), "body": _shown(body.get("example")),
                    "answers": sorted(told["responses"]), "answer": _shown(_answer(told["responses"])),
                }  # fmt: skip


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of a body: name, description and whether it is needed."""
    named = document["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], schema)
    needed = named.get("required", ())
    return [
        {"name": name, "description": told.get("description", ""), "required": name in needed}
        for name, told in named.get("properties", {}).items()
    ]


def _answer(responses: Mapping[str, Any]) -> Any:
    """What it answers as JSON where it succeeds; None where that is something else."""
    for status, told in responses.items():
        if status.startswith("2"):
            return told.get("content", {}).get("application/json", {}).get("example")
    return None


def _shown(example: Any) -> str:
    return "" if example is None else json.dumps(example, indent=2, ensure_ascii=False)
