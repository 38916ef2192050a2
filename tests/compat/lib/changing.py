"""A control that changes what an activity is given, and what it gave."""

from __future__ import annotations


def before_activity_control(context):
    context["provider"]["arguments"] = {"value": "changed before"}


def after_activity_control(context, state):
    state["output"] = f"{state['output']}, and after"
