"""Facts of an environment in AWS, gathered. Nothing is written there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from app.aws import Aws
from app.aws.caller import caller_of
from app.aws.permissions import on_store
from app.cli.doctor import account
from app.cli.doctor.asking import Look
from app.cli.doctor.finding import Finding
from app.clock import Clock
from app.errors import GamedayError
from app.evidence.sources import invocations
from app.faults.scan import known
from app.settings import Environment

LOOKED_AT = 20  # stores


def looks(environment: Environment, clock: Clock) -> list[Look]:
    """What is asked of one environment: who we are first, the rest only where we are let in."""
    aws = Aws({environment.name: environment})

    def look() -> Sequence[Finding]:
        region = account.region(environment, aws.region(environment.name))
        if region.level != "ok":
            return region, account.unasked(environment, _without_credentials(aws, environment))
        caller = caller_of(aws, environment.name, now=clock.now())
        told = [region, account.credentials(environment, caller, clock.now())]
        told += [found for found in [account.clock(caller)] if found is not None]
        return told if caller.trouble else [*told, *_services(aws, environment, clock)]

    return [Look(check="aws-account", about=environment.name, look=look)]


def _without_credentials(aws: Aws, environment: Environment) -> str:
    """Why there are none; empty where there are."""
    try:
        aws.credentials_until(environment.name)
    except GamedayError as error:
        return str(error)
    return ""


def _services(aws: Aws, environment: Environment, clock: Clock) -> list[Finding]:
    questions: Sequence[tuple[str, Callable[[], str]]] = (
        ("CloudWatch", lambda: _metrics(aws, environment, clock.now())),
        ("Systems Manager", lambda: _stores(aws, environment)),
    )
    found = []
    for service, question in questions:
        try:
            found.append(account.reach(service, "", told=question()))
        except GamedayError as error:
            found.append(account.reach(service, str(error)))
    return [*found, *_functions(aws, environment), _permissions(aws, environment)]


def _metrics(aws: Aws, environment: Environment, now: datetime) -> str:
    invocations(
        aws.client(environment.name, "cloudwatch"), ["gameday-doctor"], now - timedelta(minutes=3), now
    )
    return "CloudWatch answers."


def _stores(aws: Aws, environment: Environment) -> str:
    """Every known store is read; at least one parameter, which need not exist."""
    stores = known(aws, environment)[:LOOKED_AT]
    for store in stores:
        aws.stores(environment.name, store.kind).get(store.name)
    if not stores:
        aws.parameters(environment.name).get("failureLambdaConfig")
    return f"Systems Manager answers; {_stores_known(len(stores))} can be read."


def _stores_known(count: int) -> str:
    return "the one known store" if count == 1 else f"{count} known stores"


def _functions(aws: Aws, environment: Environment) -> list[Finding]:
    try:
        found = aws.functions(environment.name).all()
    except GamedayError as error:
        return [account.reach("Lambda", str(error))]
    return [account.functions(len(found), [one.name for one in found if one.store])]


def _permissions(aws: Aws, environment: Environment) -> Finding:
    if environment.is_emulated:
        return account.permissions(())
    stores = known(aws, environment)[:LOOKED_AT]
    return account.permissions(
        [one for store in stores for one in on_store(aws, environment, store.kind, store.name)]
    )
