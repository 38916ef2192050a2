"""New containers, where only they are clear of a fault."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from app.aws import Aws
from app.errors import GamedayError
from app.settings import Environment


def recycled(aws: Aws, environment: Environment, functions: Sequence[str]) -> str:
    """Replace the containers of the functions that read the store, if the environment permits it. What came of it."""
    if not environment.recycle or not functions:
        return (
            "Containers that were hit keep the fault until they are replaced, and this environment does not let the "
            f"console do that. By hand: {by_hand(functions, environment)}"
        )
    try:
        for name in functions:
            aws.functions(environment.name).recycle(name)
    except GamedayError as error:
        return f"Containers that were hit keep the fault, and could not be replaced: {error} By hand: {by_hand(functions, environment)}"
    return f"The containers of {' and '.join(functions)} are being replaced, since those that were hit keep the fault."


def by_hand(functions: Sequence[str], environment: Environment | None) -> str:
    """The command that makes Lambda start new containers. `environment` None: it is not in the settings any more."""
    names = functions or ("FUNCTION",)
    words = ("aws", "lambda", "update-function-configuration", "--description", "recycled", "--function-name")
    where = ["--region", environment.region] if environment and environment.region else []
    if environment and environment.endpoint_url:
        where += ["--endpoint-url", environment.endpoint_url]
    return " && ".join(shlex.join([*words, name, *where]) for name in names)
