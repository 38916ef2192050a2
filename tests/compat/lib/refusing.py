"""A control that finds itself badly declared."""

from __future__ import annotations

from chaoslib.exceptions import InvalidActivity


def validate_control(control):
    raise InvalidActivity(f"{control['name']} is not content")
