"""A control that breaks wherever it is called."""

from __future__ import annotations


def configure_control():
    raise ValueError("configure")


def before_activity_control(context):
    raise ValueError("before")


def after_activity_control(context, state):
    raise KeyError("after")
