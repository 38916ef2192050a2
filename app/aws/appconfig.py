"""AppConfig's hosted configurations as a store: what is deployed is what it holds.

A name is `application/environment/profile`, each by id or by name, as the function's variables have them. Versions
are deployment numbers. Writing makes a hosted version and deploys it to everybody at once; restoring deploys the
hosted version that was there before once more. AppConfig has no way to have nothing deployed again, so whoever
restores that writes a configuration that is off.

One deployment at a time in an AppConfig environment, whichever profile's: a second one is answered with a conflict
until the first has been stopped or has ended. What restores stops whatever is in its way; what arms, its own profile's.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from app.aws.parameters import Parameter
from app.aws.problems import code, told
from app.errors import Conflict, Invalid, Unavailable

AT_ONCE = "AppConfig.AllAtOnce"  # AWS's own: it bakes for ten minutes, in which nothing else can be deployed
STRATEGY = "gameday-at-once"  # ours: the same without baking, so that a disarm is not held up by an arming
UNDER_WAY = frozenset({"DEPLOYING", "BAKING", "VALIDATING"})
STANDS = UNDER_WAY | {"COMPLETE"}
ENDS_WITHIN, LOOK_AGAIN = 60.0, 1.0  # seconds
KEPT = 20  # deployments looked at
JSON = "application/json"


@dataclass(frozen=True, kw_only=True)
class Place:
    """By ids."""

    application: str
    environment: str
    profile: str


class AppConfigStore:
    """On a boto3 client of `appconfig`. Threads share it."""

    def __init__(self, client: Any, *, wait: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._wait = wait
        self._ids: dict[tuple[str, str], str] = {}
        self._ours: str | None = None

    def get(self, name: str) -> Parameter | None:
        """The configuration of the newest deployment that stands or is under way."""
        with told(f"Reading AppConfig {name}"):
            place = self._place(name)
            row = next(self._deployments(place), None)
            return None if row is None else self._held(name, place, row)

    def describe(self, name: str) -> Parameter | None:
        return self.get(name)

    def put(
        self, name: str, value: bytes, *, hosted: str | None = None, arming: bool = False, **details: Any
    ) -> int:
        """The hosted version that holds `value` already, or a new one, deployed to everybody. The deployment's number.

        Whoever dies between the two calls leaves a version that nobody is handed.
        """
        del details
        with told(f"Deploying AppConfig {name}"):
            place = self._place(name)
            if hosted is None or self._content(place, hosted) != value:
                hosted = self._made(place, value)
            return self._deploy(place, hosted, arming=arming)

    def create(self, name: str, value: bytes) -> bool:
        raise Invalid(f"{name} of AppConfig has no atomic first write: {len(value)} bytes were not written.")

    def delete(self, name: str) -> bool:
        raise Invalid(f"{name} of AppConfig can not be emptied: deploy a configuration that is off instead.")

    def same(self, one: str, other: str) -> bool:
        with told(f"Looking up AppConfig {one}"):
            return one == other or self._place(one) == self._place(other)

    def place(self, name: str) -> Place:
        """Application, environment and profile, however they are named."""
        with told(f"Looking up AppConfig {name}"):
            return self._place(name)

    def at(self, name: str, version: str) -> bytes | None:
        """The content of a hosted version."""
        with told(f"Reading version {version} of AppConfig {name}"):
            return self._content(self._place(name), version)

    def history(self, name: str) -> Sequence[Parameter]:
        """The newest deployments with what they deployed, the oldest first."""
        with told(f"Reading the deployments of AppConfig {name}"):
            place = self._place(name)
            rows = list(islice(self._deployments(place), KEPT))
            return [self._held(name, place, row) for row in reversed(rows)]

    def _held(self, name: str, place: Place, row: Mapping[str, Any]) -> Parameter:
        content = self._content(place, str(row["ConfigurationVersion"])) or b""
        return Parameter(
            name=name, value=content, type="AppConfig", version=int(row["DeploymentNumber"]),
            hosted=str(row["ConfigurationVersion"]),
        )  # fmt: skip

    def _made(self, place: Place, value: bytes) -> str:
        made = self._client.create_hosted_configuration_version(
            ApplicationId=place.application, ConfigurationProfileId=place.profile, Content=value,
            ContentType=self._content_type(place), Description="Game day",
        )  # fmt: skip
        return str(made["VersionNumber"])

    def _content(self, place: Place, version: str) -> bytes | None:
        try:
            answer = self._client.get_hosted_configuration_version(
                ApplicationId=place.application,
                ConfigurationProfileId=place.profile,
                VersionNumber=int(version),
            )
        except (ClientError, ValueError) as error:
            if isinstance(error, ValueError) or code(error) == "ResourceNotFoundException":
                return None
            raise
        content = answer["Content"]
        return content.read() if hasattr(content, "read") else bytes(content)

    def _deployments(self, place: Place) -> Iterator[dict[str, Any]]:
        """Of this profile, those that stand or are under way, the newest first: each is a call, made when it is its turn."""
        numbered = self._client.list_deployments(
            ApplicationId=place.application, EnvironmentId=place.environment
        )["Items"]
        newest = sorted(numbered, key=lambda row: -row["DeploymentNumber"])
        standing = (row for row in newest[: 2 * KEPT] if row["State"] in STANDS)
        rows = (self._deployment(place, row) for row in standing)
        return (row for row in rows if row["ConfigurationProfileId"] == place.profile)

    def _deployment(self, place: Place, row: Mapping[str, Any]) -> dict[str, Any]:
        """A listing does not say whose profile it deployed."""
        found: dict[str, Any] = self._client.get_deployment(
            ApplicationId=place.application,
            EnvironmentId=place.environment,
            DeploymentNumber=row["DeploymentNumber"],
        )
        return found

    def _content_type(self, place: Place) -> str:
        """That of the newest version, which a profile of feature flags insists on."""
        versions = self._client.list_hosted_configuration_versions(
            ApplicationId=place.application, ConfigurationProfileId=place.profile
        )["Items"]
        newest: dict[str, Any] = max(versions, key=lambda row: row["VersionNumber"], default={})
        return str(newest.get("ContentType") or JSON)

    def _deploy(self, place: Place, version: str, *, arming: bool) -> int:
        for _ in range(round(ENDS_WITHIN / LOOK_AGAIN)):
            try:
                return self._start(place, version)
            except ClientError as error:
                if code(error) != "ConflictException":
                    raise
            self._stop_what_is_under_way(place, arming=arming)
            self._wait(LOOK_AGAIN)
        raise Unavailable("A deployment of AppConfig that is under way could not be stopped.")

    def _start(self, place: Place, version: str) -> int:
        started = self._client.start_deployment(
            ApplicationId=place.application, EnvironmentId=place.environment, ConfigurationProfileId=place.profile,
            ConfigurationVersion=version, DeploymentStrategyId=self._strategy(), Description="Game day",
        )  # fmt: skip
        return int(started["DeploymentNumber"])

    def _stop_what_is_under_way(self, place: Place, *, arming: bool) -> None:
        """Conflict where arming would stop what is none of its business."""
        where = {"ApplicationId": place.application, "EnvironmentId": place.environment}
        for row in self._client.list_deployments(**where)["Items"]:
            if row["State"] in UNDER_WAY:
                if arming and self._deployment(place, row)["ConfigurationProfileId"] != place.profile:
                    raise Conflict(
                        "Somebody deploys another profile of that AppConfig environment, which takes one deployment at a "
                        "time, and arming stops no deployment but its own profile's. Try again when it is over."
                    )
                with contextlib.suppress(ClientError):  # one that bakes may have to end by itself
                    self._client.stop_deployment(**where, DeploymentNumber=row["DeploymentNumber"])

    def _strategy(self) -> str:
        """Ours, made where it is not there yet; AWS's own where that is not allowed."""
        if self._ours is None:
            self._ours = self._found_or_made()
        return self._ours

    def _found_or_made(self) -> str:
        try:
            pages = self._client.get_paginator("list_deployment_strategies").paginate()
            rows = [row for page in pages for row in page["Items"]]
            if found := next((row["Id"] for row in rows if row.get("Name") == STRATEGY), None):
                return str(found)
            made = self._client.create_deployment_strategy(
                Name=STRATEGY, DeploymentDurationInMinutes=0, GrowthFactor=100.0, FinalBakeTimeInMinutes=0,
                ReplicateTo="NONE", Description="Game day: at once, without baking",
            )  # fmt: skip
            return str(made["Id"])
        except ClientError:
            return AT_ONCE

    def _place(self, name: str) -> Place:
        parts = name.split("/")
        if len(parts) != 3 or not all(parts):  # noqa: PLR2004
            raise Invalid(f"{name} is no place in AppConfig. Write application/environment/profile.")
        application = self._id("list_applications", parts[0])
        return Place(
            application=application,
            environment=self._id("list_environments", parts[1], ApplicationId=application),
            profile=self._id("list_configuration_profiles", parts[2], ApplicationId=application),
        )

    def _id(self, listing: str, wanted: str, **where: str) -> str:
        """By id or by name; an id stays what it is, a name is looked up once."""
        key = (f"{listing}{where}", wanted)
        if key not in self._ids:
            pages = self._client.get_paginator(listing).paginate(**where)
            rows = [row for page in pages for row in page["Items"]]
            found = next((row["Id"] for row in rows if wanted in (row["Id"], row["Name"])), None)
            if found is None:
                raise Invalid(
                    f"AppConfig has no {wanted} among {', '.join(row['Name'] for row in rows) or 'none'}."
                )
            self._ids[key] = found
        return self._ids[key]
