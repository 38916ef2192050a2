"""`gameday iam`: the policies that one environment needs, from what is really there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from app.aws import Aws, Function
from app.aws.appconfig import AppConfigStore, Place
from app.aws.caller import caller_of
from app.aws.parameters import SECURE
from app.aws.permissions import principal
from app.aws.policies import Ground, Part, policy
from app.aws.policy_size import LARGEST, fitted, size
from app.clock import SystemClock
from app.errors import GamedayError, Unavailable
from app.experiments import Catalog, FaultIntent, read
from app.faults import Store
from app.faults.scan import known
from app.settings import Environment, Settings, load


def iam(folder: Path, *, environment: str | None, part: Part, for_principal: str | None) -> int:
    """The policy on stdout; what a person should know of it on stderr. Unavailable where AWS does not answer."""
    settings = load(folder)
    place = settings.environment(environment)
    made = fitted(policy(part, ground_of(settings, place, for_principal)))
    click.echo(json.dumps(made.policy, indent=2))
    for pattern in made.widened:
        click.echo(f"So that it fits: {pattern} stands for several resources.", err=True)
    if not made.fits:
        click.echo(f"{size(made.policy)} characters: AWS takes {LARGEST}. Attach it in parts.", err=True)
    if place.role_arn and part is not Part.READ:
        click.echo(
            f"It is for {place.role_arn}, which whoever runs the console may sts:AssumeRole.", err=True
        )
    return 0


def ground_of(settings: Settings, environment: Environment, for_principal: str | None) -> Ground:
    """Asks AWS for names and ids, and reads the experiments for what they arm."""
    aws = Aws({environment.name: environment})
    caller = caller_of(aws, environment.name, now=SystemClock().now())
    if caller.trouble:
        raise Unavailable(f"AWS does not say who this is: {caller.trouble}. `gameday doctor` says more.")
    intents = list(_intents(settings, environment))
    stores = _stores(aws, environment, intents)
    of = {kind: tuple(store.name for store in stores if store.kind == kind) for kind in _kinds(stores)}
    functions = _functions(aws, environment, stores)
    return Ground(
        account=caller.account, region=aws.region(environment.name) or "*", partition=caller.partition,
        parameters=of.get("ssm", ()), keys=_keys(aws, environment, of.get("ssm", ())),
        appconfig=tuple(_place(aws, environment, name) for name in of.get("appconfig", ())),
        functions=tuple(one.name for one in functions), log_groups=tuple(_groups(functions, of)),
        limited=of.get("lambda-concurrency", ()), mappings=of.get("event-source-mapping", ()),
        rules=of.get("events-rule", ()), rules_enabled=tuple(_enabled(intents)),
        switch_role=environment.dead_mans_switch_role, recycle=environment.recycle,
        metric_filters=environment.metric_filters,
        principal=for_principal or environment.role_arn or principal(caller.arn),
    )  # fmt: skip


def _intents(settings: Settings, environment: Environment) -> Iterable[FaultIntent]:
    for experiment in Catalog(settings.experiments).all():
        if experiment.valid:
            try:
                yield from read(experiment, environment.variables, environment=environment).intents
            except GamedayError as error:
                click.echo(f"Left out: {error}", err=True)


def _stores(aws: Aws, environment: Environment, intents: Iterable[FaultIntent]) -> list[Store]:
    """Those that functions read, that the settings name and that experiments arm, each once, by name."""
    named_in_files = {
        Store(environment=environment.name, kind=one.store[0], name=one.store[1]) for one in intents
    }
    found = {str(store): store for store in (*known(aws, environment), *named_in_files)}
    return [found[name] for name in sorted(found)]


def _kinds(stores: Iterable[Store]) -> set[str]:
    return {store.kind for store in stores}


def _functions(aws: Aws, environment: Environment, stores: Iterable[Store]) -> list[Function]:
    names = {store.name for store in stores if store.kind in ("ssm", "appconfig")}
    return [one for one in aws.functions(environment.name).all() if one.store in names]


def _groups(functions: Iterable[Function], of: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Proof is read from these; those of functions whose concurrency is leased by Lambda's default."""
    limited = (f"/aws/lambda/{name}" for name in of.get("lambda-concurrency", ()))
    return list(dict.fromkeys([*(one.log_group for one in functions), *limited]))


def _enabled(intents: Iterable[FaultIntent]) -> set[str]:
    return {
        one.store[1]
        for one in intents
        if one.store[0] == "events-rule" and one.phase == "method" and "ENABLED" in one.value
    }


def _keys(aws: Aws, environment: Environment, names: Iterable[str]) -> tuple[str, ...]:
    held = (aws.parameters(environment.name).describe(name) for name in names)
    return tuple(sorted({one.key_id for one in held if one and one.type == SECURE and one.key_id}))


def _place(aws: Aws, environment: Environment, name: str) -> Place:
    return AppConfigStore(aws.client(environment.name, "appconfig")).place(name)
