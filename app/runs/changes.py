"""Whether the functions are still what they were when the fault was armed: else a run says nothing about either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.errors import GamedayError
from app.runs.rooms import AwsRoom

LOOKED_AT = ("code_sha256", "revision", "last_modified")


def as_they_are(aws: AwsRoom, environment: str, functions: Sequence[str]) -> dict[str, dict[str, str]]:
    """By function, what changes with its code or configuration. Those that can not be read are left out."""
    found: dict[str, dict[str, str]] = {}
    for name in functions:
        try:
            function = aws.functions(environment).named(name)
        except GamedayError:
            continue
        if function is not None:
            found[name] = {part: str(getattr(function, part)) for part in LOOKED_AT}
    return found


def changed(before: Mapping[str, Mapping[str, str]], after: Mapping[str, Mapping[str, str]]) -> list[str]:
    """A sentence for each function that is another one now, with the time that Lambda gives."""
    return [
        f"{name} was deployed or reconfigured during the run"
        + (f", at {after[name]['last_modified']}" if after[name].get("last_modified") else "")
        + (": its code is another one" if was["code_sha256"] != after[name]["code_sha256"] else "")
        for name, was in before.items()
        if name in after and dict(was) != dict(after[name])
    ]
