"""Whether the console lives, and whether it can do its work."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import APIRouter
from sqlalchemy import text

from app.access import Need
from app.errors import Unavailable
from app.web.asked import Rooms
from app.web.guards import needs
from app.web.shapes import Shape

LOGGER = logging.getLogger(__name__)
routes = APIRouter(tags=["health"], dependencies=[needs(Need.NOTHING)])


class Health(Shape):
    status: str


class Readiness(Health):
    stuck: int  # faults


@routes.get("/healthz", response_model=Health)
def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@routes.get("/readyz", response_model=Readiness)
def ready(console: Rooms) -> dict[str, Any]:
    """Its database answers. `stuck`: how many faults should be off and are not, since they can not be put back or still fire.

    That does not make it less ready: a console that is restarted for it would end nothing.
    """
    try:
        with console.storage.reading() as session:
            session.execute(text("SELECT 1"))
    except Exception as error:
        # Its own text may name files and addresses, and anybody may ask.
        LOGGER.warning("The database does not answer: %s", error)
        raise Unavailable("The database does not answer. The console's log says why.") from error
    return {"status": "ready", "stuck": len(console.faults.stuck())}
