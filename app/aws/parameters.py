"""SSM parameters, byte for byte."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from app.aws.problems import code, told

SECURE = "SecureString"


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """`value` as SSM holds it, a SecureString's decrypted. `version` counts writes from 1."""

    name: str
    value: bytes
    type: str = "String"
    version: int = 0
    tier: str | None = None  # only `describe` knows
    data_type: str | None = None
    key_id: str | None = None  # only `describe` and `history` know: the key of a SecureString
    policies: str = ""  # only `describe` knows: JSON; empty without any
    written_by: str = ""  # only `describe` knows: the ARN of whoever wrote it last
    labels: tuple[str, ...] = ()  # only `history` knows
    hosted: str | None = None  # of AppConfig: the number of the hosted version that is deployed

    @property
    def secret(self) -> bool:
        """Its value is for those who may decrypt it."""
        return self.type == SECURE


class Parameters(Protocol):
    """Every method raises Unavailable, Throttled or Denied where AWS does not do it."""

    def get(self, name: str) -> Parameter | None:
        """None where there is no such parameter."""
        ...

    def describe(self, name: str) -> Parameter | None:
        """As `get`, with the tier. Two calls; where describing is not allowed the tier stays None."""
        ...

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
        """Write, whatever was there. The version written.

        `hosted`: AppConfig's version that held `value`, to be deployed again where it still does. `arming`: not worth
        stopping another profile's deployment for; Conflict instead.
        """
        ...

    def create(self, name: str, value: bytes) -> bool:
        """Write where nothing is, the one atomic step that SSM offers. False: there is one already."""
        ...

    def delete(self, name: str) -> bool:
        """False where there was none."""
        ...

    def same(self, one: str, other: str) -> bool:
        """Whether two names are of one store: AppConfig's may be ids or names."""
        ...

    def at(self, name: str, version: str) -> bytes | None:
        """What a version held; of AppConfig, a hosted version's content. None where there is none of that number."""
        ...

    def history(self, name: str) -> Sequence[Parameter]:
        """Every version that SSM still has, oldest first; the newest 100."""
        ...


class SsmParameters:
    """Parameters on a boto3 client of `ssm`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def get(self, name: str) -> Parameter | None:
        with told(f"Reading parameter {name}"):
            try:
                answer = self._client.get_parameter(Name=name)
                if answer["Parameter"]["Type"] == SECURE:
                    answer = self._client.get_parameter(Name=name, WithDecryption=True)
            except ClientError as error:
                if code(error) == "ParameterNotFound":
                    return None
                raise
        return _parameter(name, answer["Parameter"])

    def describe(self, name: str) -> Parameter | None:
        found = self.get(name)
        if found is None:
            return None
        try:
            rows = self._client.describe_parameters(
                ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": [name]}]
            )["Parameters"]
        except (ClientError, BotoCoreError):
            return found  # the tier is worth having, not worth failing for
        row: Any = next((row for row in rows if row.get("Name") == name), {})
        policies = [policy.get("PolicyText", "") for policy in row.get("Policies") or ()]
        return replace(
            found, tier=row.get("Tier"), key_id=row.get("KeyId"), policies=",".join(policies),
            written_by=row.get("LastModifiedUser") or "",
        )  # fmt: skip

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
        details = {"Tier": tier, "DataType": data_type, "KeyId": key_id if kind == SECURE else None}
        with told(f"Writing parameter {name}"):
            answer = self._client.put_parameter(
                Name=name, Value=value.decode(), Type=kind, Overwrite=True,
                **{key: detail for key, detail in details.items() if detail},
            )  # fmt: skip
        return int(answer["Version"])

    def create(self, name: str, value: bytes) -> bool:
        with told(f"Creating parameter {name}"):
            try:
                self._client.put_parameter(Name=name, Value=value.decode(), Type="String", Overwrite=False)
            except ClientError as error:
                if code(error) == "ParameterAlreadyExists":
                    return False
                raise
        return True

    def delete(self, name: str) -> bool:
        with told(f"Deleting parameter {name}"):
            try:
                self._client.delete_parameter(Name=name)
            except ClientError as error:
                if code(error) == "ParameterNotFound":
                    return False
                raise
        return True

    def same(self, one: str, other: str) -> bool:
        return one == other

    def at(self, name: str, version: str) -> bytes | None:
        return next((row.value for row in self.history(name) if str(row.version) == version), None)

    def history(self, name: str) -> Sequence[Parameter]:
        with told(f"Reading the history of parameter {name}"):
            pages = self._client.get_paginator("get_parameter_history").paginate(
                Name=name, WithDecryption=True
            )
            rows = [_parameter(name, row) for page in pages for row in page["Parameters"]]
        return sorted(rows, key=lambda row: row.version)


def _parameter(name: str, row: dict[str, Any]) -> Parameter:
    return Parameter(
        name=name,
        value=str(row["Value"]).encode(),
        type=row["Type"],
        version=int(row["Version"]),
        tier=row.get("Tier"),
        data_type=row.get("DataType"),
        key_id=row.get("KeyId"),
        labels=tuple(row.get("Labels") or ()),
    )
