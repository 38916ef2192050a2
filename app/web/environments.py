"""Where experiments can be run: the environments of gameday.toml, without what is secret in them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse

from app.access import Need
from app.console import Console
from app.errors import GamedayError
from app.settings import Environment
from app.web import shapes
from app.web.answers import answered
from app.web.asked import Rooms
from app.web.guards import needs

api = APIRouter(prefix="/api/environments", tags=["environments"], dependencies=[needs(Need.SEE)])


@api.get("", response_model=list[shapes.Environment])
def listed(console: Rooms) -> JSONResponse:
    """Every environment, in the order of gameday.toml."""
    return answered([_json(console, one) for one in console.settings.environments.values()])


def _json(console: Console, environment: Environment) -> dict[str, Any]:
    same = ("name", "role_arn", "speed", "poll_seconds", "recycle")
    account, region = _place(console, environment)
    return {
        **{name: getattr(environment, name) for name in same},
        "default": environment.name == console.settings.default_environment,
        "account": account,
        "region": region,
        "endpoint": environment.endpoint_url,
        "longest_lease_seconds": environment.longest_lease.total_seconds(),
        "dialects": dict(environment.dialects),
        "stores": list(environment.stores),
        "blackouts": environment.blackouts,
        "dead_mans_switch": environment.dead_mans_switch_role is not None,
    }


def _place(console: Console, environment: Environment) -> tuple[str | None, str | None]:
    """Account and region, as far as AWS tells."""
    try:
        found = console.aws.identity(environment.name)
    except GamedayError:
        return None, environment.region
    return found.account, found.region or environment.region
