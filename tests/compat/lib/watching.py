"""A control that leaves a mark at every level."""

from __future__ import annotations


def _mark(context, what, mark):
    context.setdefault("seen", []).append(f"{what} {mark}")


def configure_control(experiment, mark="none"):
    _mark(experiment, "configured", mark)


def before_experiment_control(context, mark="none"):
    _mark(context, "experiment before", mark)


def after_experiment_control(context, state, mark="none"):
    _mark(state, f"experiment {state['status']}", mark)


def before_hypothesis_control(context, mark="none"):
    _mark(context, "hypothesis before", mark)


def after_hypothesis_control(context, state, mark="none"):
    _mark(state, f"hypothesis {state['steady_state_met']}", mark)


def before_method_control(context, mark="none"):
    _mark(context, "method before", mark)


def after_method_control(context, state, mark="none"):
    _mark(context, f"method {len(state)}", mark)


def before_rollback_control(context, mark="none"):
    _mark(context, "rollback before", mark)


def after_rollback_control(context, state, mark="none"):
    _mark(context, f"rollback {len(state)}", mark)


def before_activity_control(context, mark="none"):
    _mark(context, "before", mark)


def after_activity_control(context, state, mark="none"):
    _mark(state, f"after {state['status']}", mark)
