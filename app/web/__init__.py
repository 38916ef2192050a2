"""The console's pages and its API: routes only, one file a noun; what they show comes from the rooms below."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from starlette.middleware.gzip import GZipMiddleware

from app.settings import person
from app.web import (
    calendar,
    docs,
    errors,
    evidence,
    experiments,
    faults,
    health,
    lever,
    live,
    login,
    migrating,
    runs,
    sandbox,
    schedules,
    scheduling,
    signals,
    static,
    upkeep,
)
from app.web.console import Console
from app.web.guards import Guard
from app.web.render import Show
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
    faults.pages,
    upkeep.api,
    faults.api,
    faults.by_hand,
    upkeep.by_hand,
    lever.api,
    lever.pages,
    signals.api,
    evidence.pages,
    sandbox.pages,
    sandbox.changing,
    schedules.looking,
    schedules.changing,
    scheduling.pages,
    scheduling.changing,
    calendar.pages,
)


def create_app(console: Console) -> FastAPI:
    """The ASGI app. It starts and stops nothing: its rooms' loops are the caller's.

    SettingsError where the third-party scripts are missing.
    """
    static.require_vendor()
    app = FastAPI(title="Game day", version="1", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.console = console
    app.state.person = person()
    app.state.access = console.access if console.settings.login else None
    app.state.show = Show(console)
    app.state.streams = Streams(
        console=console, boards=app.state.show.boards, watching=Watching(console.metrics)
    )
    for routes in ROUTES:
        app.include_router(routes)
    app.mount("/static", static.Assets(directory=static.FOLDER), name="static")
    errors.install(app)
    app.add_middleware(GZipMiddleware, minimum_size=500, compresslevel=6)
    app.add_middleware(Guard, allowed_hosts=console.settings.allowed_hosts, addresses=console.settings.login)
    return app
