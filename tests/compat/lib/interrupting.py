"""A control that ends the experiment at one place: `<level>-<scope> <name or title>`."""

from __future__ import annotations

from chaoslib.exceptions import InterruptExecution


def _at(place):
    def control(context, at, **_):
        if at == f"{place} {context.get('name') or context.get('title')}":
            raise InterruptExecution(f"enough: {place}")

    return control


before_experiment_control = _at("experiment-before")
after_experiment_control = _at("experiment-after")
before_hypothesis_control = _at("hypothesis-before")
before_method_control = _at("method-before")
before_activity_control = _at("activity-before")
after_activity_control = _at("activity-after")
