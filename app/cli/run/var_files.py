"""--var-file: what the files bring along, kept apart by where it may go."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.errors import Invalid
from app.experiments import plain


@dataclass(frozen=True, kw_only=True)
class Given:
    variables: Mapping[str, Any]  # with those of --var, which win
    secrets: Mapping[str, Any] = field(default_factory=dict, repr=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)  # of .env files


def read(files: Sequence[str], variables: Mapping[str, Any], *, server: str | None) -> Given:
    """As `chaos run` reads them; what .env files have is set in this process, too. Invalid in a sentence."""
    if not files:
        return Given(variables=variables)
    from app.child.var_files import merged

    before, named = dict(os.environ), ", ".join(files)
    try:
        found, secrets = merged(files, variables)
    except Exception as error:
        raise Invalid(
            f"--var-file {named}: Chaos Toolkit can not read it ({type(error).__name__}: {error}). A file is YAML or JSON, "
            "with `configuration`, `secrets` or both, or has NAME=VALUE on each line."
        ) from error
    plain.refuse(found)
    environ = {name: value for name, value in os.environ.items() if before.get(name) != value}
    if server:
        _refuse_what_stays(named, secrets=secrets, environ=environ)
    return Given(variables=json.loads(json.dumps(found, default=str)), secrets=secrets, environ=environ)


def _refuse_what_stays(named: str, *, secrets: Mapping[str, Any], environ: Mapping[str, str]) -> None:
    """A console's runs have the secrets and the environment of the console, and nobody else's."""
    kinds = (("secrets", secrets), ("variables of the environment", environ))
    for what, found in kinds:
        if found:
            raise Invalid(
                f"--var-file {named}: it has {what} ({', '.join(sorted(found))}), and a console is sent none: its runs have "
                "the variables of their environment in gameday.toml. Send `configuration` alone, or leave --server out."
            )
