"""AWS in memory, for tests: parameters that can fail, be slow, or be written by somebody else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from app.aws.clients import Aws, Identity
from app.aws.functions import Function, Functions
from app.aws.packages import Code
from app.aws.parameters import Parameter, Parameters
from app.settings import Environment


def _nothing(call: str, name: str) -> None:
    del call, name


class InMemoryParameters:
    """SSM's rules for versions and history. `before` is called with every call's name and parameter, and may raise."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._lock = threading.RLock()
        self._versions: dict[str, list[Parameter]] = {}
        self.calls: list[tuple[str, str]] = []
        self.before: Callable[[str, str], None] = _nothing
        self.after: Callable[[str, str], None] = _nothing
        for name, value in (values or {}).items():
            self._append(name, value.encode(), "String", "Standard", "text")

    def get(self, name: str) -> Parameter | None:
        with self._called("get", name):
            return self.peek(name)

    def describe(self, name: str) -> Parameter | None:
        with self._called("describe", name):
            return self.peek(name)

    def put(
        self,
        name: str,
        value: bytes,
        *,
        kind: str = "String",
        tier: str | None = None,
        data_type: str | None = None,
        key_id: str | None = None,
        hosted: str | None = None,
        arming: bool = False,
    ) -> int:
        del hosted, arming
        with self._called("put", name):
            return self._append(name, value, kind, tier or "Standard", data_type or "text", key_id=key_id)

    def create(self, name: str, value: bytes) -> bool:
        with self._called("create", name):
            if name in self._versions:
                return False
            self._append(name, value, "String", "Standard", "text")
            return True

    def delete(self, name: str) -> bool:
        with self._called("delete", name):
            return self._versions.pop(name, None) is not None

    def same(self, one: str, other: str) -> bool:
        return one == other

    def at(self, name: str, version: str) -> bytes | None:
        return next((row.value for row in self.history(name) if str(row.version) == version), None)

    def history(self, name: str) -> Sequence[Parameter]:
        with self._called("history", name):
            return tuple(self._versions.get(name, ()))[-100:]

    def peek(self, name: str) -> Parameter | None:
        """As `get`, unseen."""
        with self._lock:
            versions = self._versions.get(name)
            return versions[-1] if versions else None

    def text(self, name: str) -> str | None:
        found = self.peek(name)
        return found.value.decode() if found else None

    def write(self, name: str, value: str) -> None:
        """Somebody else writes."""
        self._append(name, value.encode(), "String", "Standard", "text")

    def _append(
        self, name: str, value: bytes, type_: str, tier: str, data_type: str, *, key_id: str | None = None
    ) -> int:
        with self._lock:
            versions = self._versions.setdefault(name, [])
            number = len(versions) + 1
            versions.append(
                Parameter(
                    name=name,
                    value=value,
                    type=type_,
                    version=number,
                    tier=tier,
                    data_type=data_type,
                    key_id=key_id,
                )
            )
            return number

    def _called(self, call: str, name: str) -> _Call:
        return _Call(self, call, name)


class _Call:
    def __init__(self, parameters: InMemoryParameters, call: str, name: str) -> None:
        self._parameters, self._call, self._name = parameters, call, name

    def __enter__(self) -> None:
        self._parameters.calls.append((self._call, self._name))
        self._parameters.before(self._call, self._name)
        self._parameters._lock.acquire()  # noqa: SLF001  one double, two classes

    def __exit__(self, *failed: object) -> None:
        self._parameters._lock.release()  # noqa: SLF001
        if failed[0] is None:
            self._parameters.after(self._call, self._name)


class InMemoryFunctions:
    """Functions by name, each with the parameter it reads and its library's version."""

    def __init__(self, functions: Mapping[str, tuple[str, str | None]] | None = None) -> None:
        self.functions = dict(functions or {})
        self.details: dict[str, dict[str, Any]] = {}  # further members of a Function, by its name
        self.recycled: list[str] = []
        self.aliased: dict[str, dict[str, str]] = {}  # by function: versions by alias

    def all(self) -> Sequence[Function]:
        return tuple(self._of(name) for name in self.functions)

    def reading(self, store: str) -> Sequence[Function]:
        return tuple(function for function in self.all() if function.store == store)

    def named(self, name: str) -> Function | None:
        return self._of(name) if name in self.functions else None

    def aliases(self, name: str) -> Mapping[str, str]:
        return self.aliased.get(name, {})

    def recycle(self, name: str) -> None:
        self.recycled.append(name)

    def _of(self, name: str) -> Function:
        same = {
            "name": name,
            "code_sha256": name,
            "runtime": "nodejs20.x",
            "parameter": self.functions[name][0],
        }
        return Function(**{**same, **self.details.get(name, {})})

    def library(self, function: Function) -> Code:
        version = self.functions[function.name][1]
        return Code(
            version=version, why="read from the deployment package" if version else "not in the package"
        )


class InMemoryAws(Aws):
    """The console's AWS without a network: one set of parameters and functions for every environment."""

    def __init__(
        self,
        *,
        parameters: InMemoryParameters | None = None,
        functions: InMemoryFunctions | None = None,
        clients: Mapping[str, Any] | None = None,
        environments: Mapping[str, Environment] | None = None,
    ) -> None:
        super().__init__(environments or {"test": Environment(name="test", region="us-east-2")})
        self.in_memory = parameters or InMemoryParameters()
        self.credentials_end: datetime | None = None
        self.partition = "aws"
        self.others: dict[str, InMemoryParameters] = {}  # stores of other kinds than ssm
        self._known = functions or InMemoryFunctions()
        self._given = dict(clients or {})

    def client(self, environment: str, service: str) -> Any:
        del environment
        return self._given[service]

    def parameters(self, environment: str) -> Parameters:
        del environment
        return self.in_memory

    def schedules(self, environment: str) -> Any:
        del environment
        return self._given["scheduler"]

    def credentials_until(self, environment: str) -> datetime | None:
        del environment
        return self.credentials_end

    def stores(self, environment: str, kind: str) -> Parameters:
        return self.others[kind] if kind in self.others else self.parameters(environment)

    def functions(self, environment: str) -> Functions:
        del environment
        return self._known

    def identity(self, environment: str) -> Identity:
        return Identity(account="000000000000", region=self.region(environment), partition=self.partition)

    def child_variables(self, environment: str) -> dict[str, str]:
        del environment
        return {}
