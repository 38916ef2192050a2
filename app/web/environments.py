"""The places that experiments run in, as the settings have them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from app.access import Need
from app.errors import NotFound
from app.settings import Environment, Settings
from app.web.asked import Rooms
from app.web.guards import needs

api = APIRouter(prefix="/api/environments", tags=["environments"], dependencies=[needs(Need.SEE)])


@api.get("")
def listed(console: Rooms) -> list[dict[str, Any]]:
    """In the order of gameday.toml."""
    return [environment_json(one, console.settings) for one in console.settings.environments.values()]


@api.get("/{name}")
def one(name: str, console: Rooms) -> dict[str, Any]:
    return environment_json(named(name, console.settings), console.settings)


def named(name: str, settings: Settings) -> Environment:
    """NotFound, with the names there are, for any other."""
    if name not in settings.environments:
        raise NotFound(f"There is no environment “{name}”. There are: {', '.join(settings.environments)}.")
    return settings.environments[name]


def environment_json(environment: Environment, settings: Settings) -> dict[str, Any]:
    """Of variables the names only: their values may be secrets."""
    return {
        "name": environment.name,
        "default": environment.name == settings.default_environment,
        "region": environment.region,
        "profile": environment.profile,
        "role_arn": environment.role_arn,
        "endpoint": environment.endpoint_url,
        "longest_lease": environment.longest_lease.total_seconds(),
        "recycle": environment.recycle,
        "dead_mans_switch_role": environment.dead_mans_switch_role,
        "stores": list(environment.stores),
        "dialects": dict(environment.dialects),
        "variables": list(environment.variables),
        "blackouts": [f"{begin.isoformat()}/{end.isoformat()}" for begin, end in environment.blackouts],
        "poll_seconds": environment.poll_seconds,
    }
