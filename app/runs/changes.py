"""Whether the functions are still what they were when the fault was armed: else a run says nothing about either."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from app.errors import GamedayError
from app.runs.rooms import AwsRoom

LOOKED_AT = ("code_sha256", "revision", "last_modified", "settings", "recycled")
MOVED_BY_US = frozenset({"revision", "last_modified", "recycled"})  # where only its containers were replaced


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
            found[name] |= {f"alias {alias}": version for alias, version in _aliases(aws, environment, name)}
    return found


def _aliases(aws: AwsRoom, environment: str, name: str) -> Iterable[tuple[str, str]]:
    try:
        return list(aws.functions(environment).aliases(name).items())
    except GamedayError:  # not allowed to list them: its code and configuration are compared all the same
        return ()


def changed(
    before: Mapping[str, Mapping[str, str]], after: Mapping[str, Mapping[str, str]], *, at: datetime
) -> list[str]:
    """A sentence for each function that is another one now, with the time that Lambda gives, else when that was seen."""
    return [
        _told(name, was, after[name], at)
        for name, was in before.items()
        if name in after and _differs(was, after[name])
    ]


def _differs(was: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Parts that an earlier version of the console did not look at say nothing."""
    parts = {part for part in {**was, **now} if part in was or part.startswith("alias ")}
    if "recycled" in was and was["recycled"] != now["recycled"]:
        parts -= MOVED_BY_US
    return any(was.get(part) != now.get(part) for part in parts)


def _told(name: str, was: Mapping[str, str], now: Mapping[str, str], at: datetime) -> str:
    moved = [part for part in {**was, **now} if part.startswith("alias ") and was.get(part) != now.get(part)]
    if moved and all(was[part] == now[part] for part in LOOKED_AT if part in was):
        told = ", ".join(f"{part} from {was.get(part, 'none')} to {now.get(part, 'none')}" for part in moved)
        return f"{name} was pointed elsewhere during the run, as seen at {at:%H:%M:%S} UTC: {told}"
    when = f", at {now['last_modified']}" if now.get("last_modified") else ""
    code = ": its code is another one" if was["code_sha256"] != now["code_sha256"] else ""
    return f"{name} was deployed or reconfigured during the run{when}{code}"
