"""What `gameday run` was asked for, checked as far as nothing needs to be opened for it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import Invalid
from app.experiments import plain

if TYPE_CHECKING:
    from app.runs import Wish

URLS = ("http://", "https://")
UNPROVEN = "unproven"
TYPES: Mapping[str, type] = {"str": str, "int": int, "float": float}


@dataclass(frozen=True, kw_only=True)
class Asked:
    source: str  # an id, a path, or an address
    folder: Path
    environment: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(
        default_factory=dict, repr=False
    )  # of --var-file; they stay in this process
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)  # the same
    controls: tuple[str, ...] = ()  # files of them; absolute
    rollback_strategy: str | None = None
    dry: str | None = None
    hypothesis_frequency: float | None = None
    fail_fast: bool = False
    accept: tuple[str, ...] = ()
    stop: tuple[Mapping[str, Any], ...] = ()
    key: str | None = None
    queue: bool = False  # wait for a busy store, or a busy folder, rather than be refused
    wait: bool = True
    output: str = "text"
    junit: Path | None = None
    journal: Path | None = None
    report: Path | None = None

    @property
    def is_url(self) -> bool:
        return self.source.startswith(URLS)

    @property
    def is_file(self) -> bool:
        """As opposed to the id of an experiment under experiments/."""
        return self.is_url or os.path.isfile(self.source)  # noqa: PTH113  whatever the text, it raises nothing

    @property
    def accepted(self) -> tuple[str, ...]:
        """Of a file, as with `chaos run`, nobody is asked for every single thing that it does."""
        return tuple(sorted({*self.accept, *([UNPROVEN] if self.is_file else [])}))

    @property
    def body(self) -> dict[str, Any]:
        """How the run is to be, as the API takes it: what was not asked for is left out."""
        words = {
            "environment": self.environment,
            "variables": dict(self.variables),
            "rollback_strategy": self.rollback_strategy,
            "dry": self.dry,
            "hypothesis_frequency": self.hypothesis_frequency,
            "fail_fast": self.fail_fast,
            "accept": list(self.accepted),
            "stop": [dict(one) for one in self.stop],
        }
        return {name: value for name, value in words.items() if value}

    @property
    def fingerprint(self) -> str:
        """Of all that makes one run differ from another: a key belongs to what it came with first."""
        is_local = self.is_file and not self.is_url
        what = str(Path(self.source).resolve()) if is_local else self.source
        return hashlib.sha256(json.dumps([what, self.body], sort_keys=True).encode()).hexdigest()

    @property
    def wish(self) -> Wish:
        """The same, as `Runs` takes it."""
        from app.runs import Wish

        return Wish(**self.body)


def variables(given: Sequence[str]) -> dict[str, Any]:
    """From `key=value` and `key:type=value`, as `chaos run --var` takes them. Invalid where one is neither."""
    return dict(_variable(one) for one in given)


def _variable(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    name, _, kind = name.rpartition(":") if ":" in name else (name, "", "str")
    if not equals or not name:
        raise Invalid(f"--var {text}: write it as key=value, or key:int=value.")
    if kind not in TYPES:
        raise Invalid(f"--var {text}: there is no type “{kind}”. There are: {', '.join(TYPES)}.")
    try:
        read = TYPES[kind](value)
    except ValueError as error:
        raise Invalid(f"--var {text}: “{value}” is no {kind}.") from error
    plain.refuse({name: read})
    return name, read
