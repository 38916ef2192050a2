"""Whether the console lives, and whether it can do its work."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from sqlalchemy import text

from app.access import Need
from app.errors import Unavailable
from app.web.asked import Rooms
from app.web.guards import needs
from app.web.shapes import Shape

routes = APIRouter(tags=["health"], dependencies=[needs(Need.NOTHING)])


class Health(Shape):
    status: str


class Readiness(Health):
    stuck: list[str]


@routes.get("/healthz", response_model=Health)
def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@routes.get("/readyz", response_model=Readiness)
def ready(console: Rooms) -> dict[str, Any]:
    """Its database answers. What should be off and is not, since it can not be put back or still fires, is told here, too.

    That does not make it less ready: a console that is restarted for it would end nothing.
    """
    try:
        with console.storage.reading() as session:
            session.execute(text("SELECT 1"))
    except Exception as error:
        raise Unavailable(f"The database does not answer: {error}.") from error
    stuck = [str(entry.store) for entry in console.faults.stuck()]
    return {"status": "ready", "stuck": stuck}
