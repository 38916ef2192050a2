"""One warm client for each environment and service, with the environment's role and endpoint."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import boto3
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from botocore.session import Session as CoreSession

from app.aws.appconfig import AppConfigStore
from app.aws.credentials import CredentialsServer
from app.aws.functions import FunctionReader, Functions
from app.aws.metering import Meter, metered
from app.aws.parameters import Parameters, SsmParameters
from app.aws.problems import told
from app.aws.scheduler import Schedules
from app.aws.switches import ConcurrencyStore, MappingStore, RuleStore
from app.errors import Invalid, Unavailable
from app.settings import Environment, named

CONFIG = Config(
    connect_timeout=2,
    read_timeout=10,
    max_pool_connections=32,
    retries={"mode": "standard", "max_attempts": 2},
)
KINDS: Mapping[str, tuple[str, Callable[[Any], Parameters]]] = {
    "appconfig": ("appconfig", AppConfigStore),
    "lambda-concurrency": ("lambda", ConcurrencyStore),
    "event-source-mapping": ("lambda", MappingStore),
    "events-rule": ("events", RuleStore),
}
UNKNOWN_FOR = 30.0  # seconds that an account which could not be read is not asked for again


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Whose account it is. None: AWS did not say."""

    account: str | None = None
    alias: str | None = None
    region: str | None = None
    partition: str = "aws"


class Aws:
    """Threads share it. NotFound for an environment that is not in the settings."""

    def __init__(self, environments: Mapping[str, Environment], meter: Meter = lambda _: None) -> None:
        """`meter` is told of every request to CloudWatch and its logs, on the thread that makes it."""
        self._environments = environments
        self._meter = meter
        self._lock = threading.RLock()
        self._sessions: dict[str, boto3.Session] = {}
        self._clients: dict[tuple[str, str], Any] = {}
        self._identities: dict[str, Identity] = {}
        self._unknown_until: dict[str, float] = {}
        self._functions: dict[str, Functions] = {}
        self._stores: dict[tuple[str, str], Parameters] = {}
        self._served = CredentialsServer()

    def client(self, environment: str, service: str) -> Any:
        """A boto3 client that stays open. Unavailable where there are no credentials or no region."""
        key = (environment, service)
        if (found := self._clients.get(key)) is not None:
            return found
        with self._lock, told(f"Reaching AWS for environment {environment}"):
            if key not in self._clients:
                endpoint = self._environment(environment).endpoint_url
                made = self._session(environment).client(service, endpoint_url=endpoint, config=CONFIG)
                self._clients[key] = metered(made, environment, service, self._meter)
            return self._clients[key]

    def parameters(self, environment: str) -> Parameters:
        return SsmParameters(self.client(environment, "ssm"))

    def stores(self, environment: str, kind: str) -> Parameters:
        """What faults of a kind of store are read and written through. Invalid for a kind that there is not."""
        if kind == "ssm":
            return self.parameters(environment)
        if kind not in KINDS:
            raise Invalid(f"{kind} is no kind of store that faults can be armed in.")
        service, made = KINDS[kind]
        with self._lock:
            key = (environment, kind)
            if key not in self._stores:
                self._stores[key] = made(self.client(environment, service))
            return self._stores[key]

    def schedules(self, environment: str) -> Schedules:
        return Schedules(self.client(environment, "scheduler"))

    def functions(self, environment: str) -> Functions:
        with self._lock:
            if environment not in self._functions:
                self._functions[environment] = FunctionReader(self.client(environment, "lambda"))
            return self._functions[environment]

    def identity(self, environment: str) -> Identity:
        """Kept once AWS has told it; until then an Identity with the region only. Never raises for AWS."""
        if (known := self._identities.get(environment)) is not None:
            return known
        if time.monotonic() < self._unknown_until.get(environment, 0):
            return Identity(region=self._environment(environment).region)
        try:
            caller = self.client(environment, "sts").get_caller_identity()
            identity = Identity(
                account=caller["Account"], alias=self._alias(environment), region=self.region(environment),
                partition=caller["Arn"].split(":")[1],
            )  # fmt: skip
        except (ClientError, BotoCoreError, Unavailable):
            # A page without an account number is better than a page that waits for one each time.
            self._unknown_until[environment] = time.monotonic() + UNKNOWN_FOR
            return Identity(region=self._environment(environment).region)
        self._identities[environment] = identity
        return identity

    def region(self, environment: str) -> str | None:
        given = self._environment(environment).region
        return given or cast("str | None", self._session(environment).region_name)

    def child_variables(self, environment: str) -> dict[str, str]:
        """What `aws` and boto3 need in a run's child to be where this console is, and as whom.

        Keys that end are not handed over: the child asks for them here, and is given renewed ones.
        """
        of = self._environment(environment)
        region = self.region(environment)
        variables = {} if of.profile or of.role_arn or of.is_emulated else _own_variables()
        variables |= {"AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "3"}
        variables |= {"AWS_DEFAULT_REGION": region, "AWS_REGION": region} if region else {}
        variables |= {"AWS_ENDPOINT_URL": of.endpoint_url} if of.endpoint_url else {}
        if of.profile and not of.role_arn:
            return variables | _files() | {"AWS_PROFILE": of.profile}
        if of.is_emulated:
            return variables | self._keys(environment)
        if of.role_arn:
            return variables | self._served.variables(environment, lambda: self._credentials(environment))
        return variables

    def close(self) -> None:
        """Serve no credentials any more."""
        self._served.close()

    def credentials_until(self, environment: str) -> datetime | None:
        """When the console's credentials end for good. None: they do not, or are renewed."""
        if self._environment(environment).is_emulated:
            return None
        return ends(self._credentials(environment))

    def _credentials(self, environment: str) -> Any:
        """botocore's, which renew themselves where they can. Unavailable where there are none."""
        with told(f"Getting credentials for environment {environment}"):
            found = self._session(environment).get_credentials()
            if found is None:
                raise NoCredentialsError
            found.get_frozen_credentials()  # renewed here, where trouble with it is told
            return found

    def _keys(self, environment: str) -> dict[str, str]:
        frozen = self._credentials(environment).get_frozen_credentials()
        keys = {"AWS_ACCESS_KEY_ID": frozen.access_key, "AWS_SECRET_ACCESS_KEY": frozen.secret_key}
        return keys | ({"AWS_SESSION_TOKEN": frozen.token} if frozen.token else {})

    def _alias(self, environment: str) -> str | None:
        with contextlib.suppress(ClientError, BotoCoreError):
            aliases = self.client(environment, "iam").list_account_aliases()["AccountAliases"]
            return str(aliases[0]) if aliases else None
        return None

    def _environment(self, name: str) -> Environment:
        return named(self._environments, name)

    def _session(self, environment: str) -> boto3.Session:
        with self._lock, told(f"Reaching AWS for environment {environment}"):
            if environment not in self._sessions:
                self._sessions[environment] = session(self._environment(environment))
            return self._sessions[environment]


def session(environment: Environment) -> boto3.Session:
    """A boto3 session whose credentials renew themselves where a role is assumed."""
    plain = _plain_session(environment)
    if environment.role_arn is None:
        return plain
    source = plain.get_credentials()
    if source is None:
        raise NoCredentialsError
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=lambda service, **given: plain.client(
            service, endpoint_url=environment.endpoint_url, config=CONFIG, **given
        ),
        source_credentials=source,
        role_arn=environment.role_arn,
        extra_args={"RoleSessionName": "gameday"},
    )
    core = CoreSession()
    # botocore has no public way to give a session credentials that renew themselves.
    core._credentials = DeferredRefreshableCredentials(  # noqa: SLF001
        method="assume-role", refresh_using=fetcher.fetch_credentials
    )
    return boto3.Session(botocore_session=core, region_name=environment.region or plain.region_name)


def _plain_session(environment: Environment) -> boto3.Session:
    if environment.is_emulated and not environment.profile:
        # An emulator takes any key: never send it a real one, nor look for the profile that AWS_PROFILE names.
        return boto3.Session(
            botocore_session=CoreSession(session_vars={"profile": (None, None, None, None)}),
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106  what emulators document
            region_name=environment.region or "us-east-1",
        )
    # boto3 itself reads AWS_DEFAULT_REGION only, unlike `aws` and every other SDK.
    region = environment.region or os.environ.get("AWS_REGION") or None
    return boto3.Session(profile_name=environment.profile, region_name=region)


def _own_variables() -> dict[str, str]:
    """The AWS configuration of this process: `default` means what `aws` would mean in this terminal."""
    return {name: value for name, value in os.environ.items() if name.startswith("AWS_")}


def _files() -> dict[str, str]:
    names = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CA_BUNDLE")
    return {name: os.environ[name] for name in names if name in os.environ}


def ends(credentials: Any) -> datetime | None:
    """When credentials end that nothing here renews: SSO's, whose own session ends, and those of a session token."""
    if getattr(credentials, "method", "") != "sso":
        return None
    expires: datetime | None = getattr(credentials, "_expiry_time", None)
    return expires
