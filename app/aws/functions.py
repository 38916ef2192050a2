"""Which functions read a fault's parameter, and which version of the library their package carries."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from botocore.exceptions import ClientError

from app.aws.packages import Code, of_layer, read_package
from app.aws.problems import Denied, code, told
from app.errors import GamedayError

PARAMETER_VARIABLES = {"FAILURE_INJECTION_PARAM": "failure-lambda", "CHAOS_PARAM": "chaos_lambda"}
APPCONFIG_VARIABLES = (
    "FAILURE_APPCONFIG_APPLICATION",
    "FAILURE_APPCONFIG_ENVIRONMENT",
    "FAILURE_APPCONFIG_CONFIGURATION",
)
RECYCLED = "GAMEDAY_RECYCLED"
WRAPPER = "/opt/failure-lambda-wrapper"
MOVING = frozenset({"RevisionId", "LastModified", "State", "StateReason", "StateReasonCode", "LastUpdateStatus",
                    "LastUpdateStatusReason", "LastUpdateStatusReasonCode", "ResponseMetadata"})  # fmt: skip
LISTED_FOR = 60.0  # seconds: a function that is added is seen a minute later


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function and what its variables tell the fault library."""

    name: str
    code_sha256: str
    runtime: str
    parameter: str | None = None  # the SSM parameter that its fault library reads
    appconfig: str | None = None  # `application/environment/profile`; where it is set, it wins
    library: str = "failure-lambda"  # or chaos_lambda, by which variable it has
    layers: tuple[str, ...] = ()  # ARNs
    cache_ttl: float | None = None  # seconds, FAILURE_CACHE_TTL; None: the library's default
    poll: float | None = None  # seconds, of AppConfig's extension; None: its default
    wrapper: bool = False  # the Layer of 1.x, which clears at every invocation
    disabled: bool = False  # FAILURE_LAMBDA_DISABLED: the library is passed by
    keep_alive: bool | None = None  # AWS_NODEJS_CONNECTION_REUSE_ENABLED; None: not said
    log_group: str = ""
    log_format: str = "Text"  # or JSON
    application_log_level: str | None = None
    revision: str = ""
    settings: str = ""  # a digest of its configuration without what replacing containers changes
    recycled: str = ""  # when a console has replaced its containers
    last_modified: str = ""  # as Lambda writes it

    @property
    def store(self) -> str | None:
        """What its library reads: a parameter's name, or AppConfig's three."""
        return self.appconfig or self.parameter


class Functions(Protocol):
    def all(self) -> Sequence[Function]:
        """Unavailable where they can not be listed."""
        ...

    def reading(self, store: str) -> Sequence[Function]:
        """Functions whose variables name `store`: a parameter, or `application/environment/profile` of AppConfig."""
        ...

    def named(self, name: str) -> Function | None:
        """As it is now; None where there is none."""
        ...

    def aliases(self, name: str) -> Mapping[str, str]:
        """The version that each alias of a function stands for. Unavailable where they can not be listed."""
        ...

    def recycle(self, name: str) -> None:
        """Change nothing but a variable of ours, so that Lambda starts new containers."""
        ...

    def library(self, function: Function) -> Code:
        """Never raises: where the package can not be read, `why` says so."""
        ...


class FunctionReader:
    """Functions on a boto3 client of `lambda`; lists kept for a minute, versions for the package's life."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._listed: tuple[float, tuple[Function, ...]] | None = None
        self._versions: dict[str, Code] = {}

    def all(self) -> Sequence[Function]:
        with self._lock:
            if self._listed is None or time.monotonic() - self._listed[0] > LISTED_FOR:
                self._listed = (time.monotonic(), self._list())
            return self._listed[1]

    def reading(self, store: str) -> Sequence[Function]:
        return tuple(function for function in self.all() if function.store == store)

    def named(self, name: str) -> Function | None:
        with told(f"Reading the configuration of {name}"):
            try:
                return _function(self._client.get_function_configuration(FunctionName=name))
            except ClientError as error:
                if code(error) == "ResourceNotFoundException":
                    return None
                raise

    def aliases(self, name: str) -> Mapping[str, str]:
        with told(f"Listing the aliases of {name}"):
            pages = self._client.get_paginator("list_aliases").paginate(FunctionName=name)
            return {row["Name"]: row["FunctionVersion"] for page in pages for row in page["Aliases"]}

    def recycle(self, name: str) -> None:
        with told(f"Replacing the containers of {name}"):
            now = self._client.get_function_configuration(FunctionName=name)
            if "Error" in now.get(
                "Environment", {}
            ):  # they can not be decrypted here: a write would lose them
                raise Denied(f"The variables of {name} can not be read, so nothing of it is changed.")
            variables = now.get("Environment", {}).get("Variables", {})
            revision = {"RevisionId": now["RevisionId"]} if now.get("RevisionId") else {}
            self._client.update_function_configuration(
                FunctionName=name, **revision,
                Environment={"Variables": {**variables, RECYCLED: datetime.now(UTC).isoformat()}},
            )  # fmt: skip

    def library(self, function: Function) -> Code:
        if (layer := of_layer(function.layers)) is not None:
            return layer
        # Whoever deploys must be seen at once: a listing may be a minute old, and so may its hash.
        try:
            with told(f"Reading the package of {function.name}"):
                answer = self._client.get_function(FunctionName=function.name)
        except GamedayError as error:
            return Code(version=None, why=str(error))
        sha = answer["Configuration"].get("CodeSha256") or function.code_sha256
        if sha not in self._versions:
            found, final = read_package(answer.get("Code", {}).get("Location", ""))
            if not final:
                return found
            self._versions[sha] = found
        return self._versions[sha]

    def _list(self) -> tuple[Function, ...]:
        with told("Listing functions"):
            pages = self._client.get_paginator("list_functions").paginate()
            return tuple(_function(row) for page in pages for row in page["Functions"])


def _function(row: dict[str, Any]) -> Function:
    variables = row.get("Environment", {}).get("Variables", {})
    appconfig = "/".join(variables.get(name, "") for name in APPCONFIG_VARIABLES)
    by_appconfig = bool(variables.get(APPCONFIG_VARIABLES[-1]))
    named = [name for name in PARAMETER_VARIABLES if variables.get(name)]
    logging = row.get("LoggingConfig", {})
    return Function(
        name=row["FunctionName"],
        code_sha256=row.get("CodeSha256", ""),
        runtime=row.get("Runtime", ""),
        parameter=variables[named[0]] if named and not by_appconfig else None,
        appconfig=appconfig if by_appconfig else None,
        library=PARAMETER_VARIABLES[named[0]] if named and not by_appconfig else "failure-lambda",
        layers=tuple(layer["Arn"] for layer in row.get("Layers", ())),
        cache_ttl=_seconds(variables.get("FAILURE_CACHE_TTL")),
        poll=_seconds(variables.get("AWS_APPCONFIG_EXTENSION_POLL_INTERVAL_SECONDS")),
        wrapper=variables.get("AWS_LAMBDA_EXEC_WRAPPER") == WRAPPER,
        disabled=variables.get("FAILURE_LAMBDA_DISABLED") == "true",
        keep_alive={"1": True, "0": False}.get(variables.get("AWS_NODEJS_CONNECTION_REUSE_ENABLED", "")),
        log_group=logging.get("LogGroup") or f"/aws/lambda/{row['FunctionName']}",
        log_format=logging.get("LogFormat") or "Text",
        application_log_level=logging.get("ApplicationLogLevel"),
        revision=row.get("RevisionId", ""),
        settings=_digest(row),
        recycled=variables.get(RECYCLED, ""),
        last_modified=row.get("LastModified", ""),
    )


def _digest(row: dict[str, Any]) -> str:
    of = {name: value for name, value in row.items() if name not in MOVING}
    environment = row.get("Environment", {})
    variables = {k: v for k, v in environment.get("Variables", {}).items() if k != RECYCLED}
    text = json.dumps(
        {**of, "Environment": {**environment, "Variables": variables}}, sort_keys=True, default=str
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _seconds(text: str | None) -> float | None:
    """As the library reads it: what is no number, or below 0, counts as not set."""
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if seconds >= 0 and seconds != float("inf") else None
