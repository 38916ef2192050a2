"""Settings of AWS that faults can be leased in like parameters: a value of one setting, and nothing.

None of them counts versions: 0 stands for "not counted".
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import ClientError

from app.aws.parameters import Parameter
from app.aws.problems import code, told
from app.errors import Invalid, Unavailable

SETTLES_WITHIN = 60.0  # seconds that an event source mapping may take from `Disabling` to `Disabled`
LOOK_AGAIN = 1.0
LIMIT = "ReservedConcurrentExecutions"


class _Switch:
    """What settings have in common: no versions, no history, no atomic first write."""

    def __init__(self, client: Any, *, wait: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._wait = wait

    def get(self, name: str) -> Parameter | None:
        raise NotImplementedError

    def describe(self, name: str) -> Parameter | None:
        return self.get(name)

    def create(self, name: str, value: bytes) -> bool:
        raise Invalid(f"{name} is a setting of AWS, not something to be created: {value.decode()}")

    def delete(self, name: str) -> bool:
        raise Invalid(f"{name} can be switched on and off, not deleted.")

    def same(self, one: str, other: str) -> bool:
        return one == other

    def at(self, name: str, version: str) -> bytes | None:
        del name, version
        return None

    def history(self, name: str) -> Sequence[Parameter]:
        del name
        return ()


class ConcurrencyStore(_Switch):
    """Reserved concurrency of a function; nothing where none is reserved."""

    def get(self, name: str) -> Parameter | None:
        with told(f"Reading the concurrency of {name}"):
            limit = self._client.get_function_concurrency(FunctionName=name).get(LIMIT)
        return None if limit is None else _setting(name, LIMIT, limit)

    def put(self, name: str, value: bytes, **details: Any) -> int:
        del details
        with told(f"Setting the concurrency of {name}"):
            self._client.put_function_concurrency(FunctionName=name, **json.loads(value))
        return 0

    def delete(self, name: str) -> bool:
        with told(f"Lifting the concurrency of {name}"):
            self._client.delete_function_concurrency(FunctionName=name)
        return True


class MappingStore(_Switch):
    """Whether an event source mapping, by its UUID, is enabled."""

    def get(self, name: str) -> Parameter | None:
        with told(f"Reading event source mapping {name}"):
            try:
                state = self._client.get_event_source_mapping(UUID=name)["State"]
            except ClientError as error:
                if code(error) == "ResourceNotFoundException":
                    return None
                raise
        return _setting(name, "Enabled", state in ("Enabled", "Enabling", "Creating", "Updating"))

    def put(self, name: str, value: bytes, **details: Any) -> int:
        """Returns once AWS has done it, or refuses a change for so long."""
        del details
        wanted = json.loads(value)["Enabled"]
        with told(f"Switching event source mapping {name}"):
            self._until_settled(name)
            self._client.update_event_source_mapping(UUID=name, Enabled=wanted)
            self._until_settled(name)
        return 0

    def _until_settled(self, name: str) -> None:
        """AWS takes no change of a mapping that is changing."""
        for _ in range(round(SETTLES_WITHIN / LOOK_AGAIN)):
            state = self._client.get_event_source_mapping(UUID=name)["State"]
            if not state.endswith("ing"):
                return
            self._wait(LOOK_AGAIN)
        raise Unavailable(f"Event source mapping {name} has been {state} for {SETTLES_WITHIN:g} s.")


class RuleStore(_Switch):
    """Whether an EventBridge rule matches anything. `bus/rule`, or the rule's name on the default bus."""

    def get(self, name: str) -> Parameter | None:
        with told(f"Reading rule {name}"):
            try:
                state = self._client.describe_rule(**_rule(name))["State"]
            except ClientError as error:
                if code(error) == "ResourceNotFoundException":
                    return None
                raise
        return _setting(name, "State", state)

    def put(self, name: str, value: bytes, **details: Any) -> int:
        del details
        on = json.loads(value)["State"] != "DISABLED"
        with told(f"Switching rule {name}"):
            (self._client.enable_rule if on else self._client.disable_rule)(**_rule(name))
        return 0


def _setting(name: str, setting: str, value: Any) -> Parameter:
    return Parameter(name=name, value=json.dumps({setting: value}).encode(), type="Setting")


def _rule(name: str) -> dict[str, str]:
    bus, slash, rule = name.rpartition("/")
    return {"Name": rule, "EventBusName": bus} if slash else {"Name": name}
