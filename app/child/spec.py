"""What a child is told when it is born."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Spec:
    folder: str  # the snapshot: the working directory
    file: str  # the experiment: absolute, or relative to `folder`
    journal: str  # absolute
    console: str  # absolute; stdout and stderr
    environ: Mapping[str, str] = field(default_factory=dict)  # over the fork server's minimal base
    variables: Mapping[str, Any] = field(default_factory=dict)  # as `chaos run --var`
    secrets: Mapping[str, Any] = field(default_factory=dict, repr=False)  # as `chaos run --var-file` has them
    controls: tuple[str, ...] = ()  # as `chaos run --control-file`; absolute
    rollback_strategy: str | None = None  # None: the experiment's own, else Chaos Toolkit's default
    dry: str | None = None
    frequency: float | None = None  # seconds between two looks at the hypothesis during the method
    fail_fast: bool = False  # a look that misses ends the experiment
    answer_within: float = 60.0  # seconds; a question without an answer is a no
    speed: float = 1.0  # pauses are divided by it
    grace: float = 20.0  # seconds that an orphan has for its rollbacks before its group is killed
    settings: str | None = None  # Chaos Toolkit's settings file; None: the user's own
