"""The console's pages and its API: routes only, one file a noun; what they show comes from the rooms below."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.gzip import GZipMiddleware

from app.console import Console
from app.settings import person
from app.web import (
    active,
    agenda,
    calendar,
    docs,
    environments,
    errors,
    evidence,
    experiments,
    faults,
    health,
    lever,
    live,
    login,
    migrating,
    notifications,
    reports,
    runs,
    sandbox,
    schedules,
    scheduling,
    scrape,
    signals,
    static,
    stopping,
    tokens,
    upkeep,
    usage,
)
from app.web.guards import Guard, is_stranger
from app.web.lanes import Lanes
from app.web.openapi import described
from app.web.rates import Rates
from app.web.render import Show
from app.web.requests import Requests
from app.web.streams import Streams
from app.web.watching import Watching

__all__ = ["Console", "create_app"]

ROUTES: tuple[APIRouter, ...] = (
    health.routes,
    login.routes,
    live.routes,
    docs.routes,
    migrating.pages,
    migrating.api,
    migrating.changing,
    experiments.starting,  # before the pages: an experiment's id takes the rest of the path
    experiments.pages,
    experiments.api,
    runs.pages,
    runs.api,
    runs.ending,
    reports.api,
    faults.pages,
    upkeep.api,
    faults.api,
    faults.by_hand,
    upkeep.by_hand,
    lever.api,
    lever.pages,
    signals.api,
    environments.api,
    evidence.pages,
    sandbox.pages,
    sandbox.changing,
    active.api,
    notifications.pages,
    notifications.api,
    notifications.trying,
    stopping.routes,
    scrape.routes,
    usage.pages,
    usage.api,
    sandbox.api,
    evidence.api,
    tokens.api,
    tokens.me,
    schedules.looking,
    schedules.changing,
    scheduling.pages,
    scheduling.changing,
    calendar.pages,
    agenda.api,
)


def allowed(path: str) -> list[str]:
    """Every method that a path is answered with. A framework's 405 names those of the first route that it met."""
    if path.startswith("/static/"):
        return ["GET", "HEAD"]
    every = [route for routes in ROUTES for route in routes.routes if isinstance(route, APIRoute)]
    first = next((route for route in every if route.path_regex.match(path)), None)
    return sorted({m for route in every if first and route.path == first.path for m in route.methods or ()})


def create_app(console: Console) -> FastAPI:
    """The ASGI app. It starts and stops nothing: its rooms' loops are the caller's.

    SettingsError where the third-party scripts are missing.
    """
    static.require_vendor()
    app = FastAPI(title="Game day", version="1", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.console = console
    app.state.person = person()
    app.state.access = console.access if console.settings.login else None
    app.state.rates = Rates()
    app.state.allowed = allowed
    app.state.stranger = is_stranger
    app.state.show = Show(console)
    app.state.streams = Streams(
        console=console, boards=app.state.show.boards, watching=Watching(console.metrics)
    )
    for routes in ROUTES:
        app.include_router(routes)
    app.openapi = partial(described, app, ROUTES)  # type: ignore[method-assign]  # as FastAPI's own guide does it
    app.mount("/static", static.Assets(directory=static.FOLDER), name="static")
    errors.install(app)
    app.add_middleware(Lanes)
    app.add_middleware(GZipMiddleware, minimum_size=500, compresslevel=6)
    app.add_middleware(Guard, allowed_hosts=console.settings.names, addresses=console.settings.login)
    app.add_middleware(Requests)
    return app
