"""What an experiment says of its own strategies, and what the run would break on there. Pure.

Chaos Toolkit looks at neither beforehand: an unknown strategy of the hypothesis breaks the run, and an unknown one of
the rollbacks plays none of them, silently.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.experiments.activities import Found

ROLLBACK_STRATEGIES = ("always", "default", "never", "deviated")
ACCEPTABLE = ("unproven", "cost")  # refusals of preflight that a person can take upon themselves
STRATEGIES: Mapping[str, tuple[str, ...]] = {
    "rollbacks": ROLLBACK_STRATEGIES,
    "hypothesis": (
        "default", "before-method-only", "after-method-only", "during-method-only", "continuously", "skip",
        "continously",  # as it was once spelt
    ),
}  # fmt: skip


def runtime_problems(runtime: Any) -> Found:
    if runtime is None:
        return
    if not isinstance(runtime, dict):
        yield "runtime", "Runtime is an object, for example: runtime: {rollbacks: {strategy: always}}"
        return
    for name, known in STRATEGIES.items():
        if name in runtime:
            yield from _strategy(name, runtime[name], known)


def _strategy(name: str, told: Any, known: tuple[str, ...]) -> Found:
    if not isinstance(told, dict):
        yield f"runtime.{name}", f"{name.capitalize()} has a strategy, for example: {{strategy: {known[0]}}}"
    elif told.get("strategy", known[0]) not in known:
        words = f"There is no strategy “{told['strategy']}” for {name}. There are: {', '.join(known[:6])}."
        yield f"runtime.{name}.strategy", words
