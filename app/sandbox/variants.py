"""The ways the handler can end an invocation, and switching between them while traffic flows."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from app.errors import Invalid, Unavailable
from app.sandbox.clients import Clients
from app.sandbox.names import FUNCTION

PATIENCE = 30.0  # seconds
POLL = 0.1  # seconds


class Variant(StrEnum):
    RETURNS_EARLY = "returns-early"  # the lab's bug: answers while the write is in flight
    WAITS = "waits"  # the lab's fix: a write that fails is an error
    RESILIENT = "resilient"  # what DynamoDB refuses is parked, and tried again until it is stored


def parse(name: str) -> Variant:
    """Invalid where there is none of that name."""
    try:
        return Variant(name)
    except ValueError as error:
        known = ", ".join(Variant)
        raise Invalid(f"The handler has no variant {name!r}. Choose one of {known}.") from error


def live_variant(clients: Clients) -> Variant:
    return Variant(_configuration(clients)["Environment"]["Variables"]["HANDLER_VARIANT"])


def switch(clients: Clients, variant: Variant) -> None:
    """Return once new invocations run the variant. Their containers are new, as on AWS.

    Unavailable where it does not come to be.
    """
    try:
        environment = _configuration(clients)["Environment"]["Variables"]
        if environment.get("HANDLER_VARIANT") == variant:
            return
        clients("lambda").update_function_configuration(
            FunctionName=FUNCTION,
            Environment={"Variables": {**environment, "HANDLER_VARIANT": variant.value}},
        )
        _wait(clients, variant)
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(f"The handler could not be switched to {variant}: {error}") from error


def _configuration(clients: Clients) -> dict[str, Any]:
    answer: dict[str, Any] = clients("lambda").get_function_configuration(FunctionName=FUNCTION)
    return answer


def _wait(clients: Clients, variant: Variant) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        now = _configuration(clients)
        live = now["Environment"]["Variables"]["HANDLER_VARIANT"] == variant
        if live and now.get("LastUpdateStatus") == "Successful" and now.get("State", "Active") == "Active":
            return
        time.sleep(POLL)
    raise Unavailable(f"The handler is not switched to {variant} after {PATIENCE:.0f} s.")
