"""Reads gameday.toml, and names every mistake in it with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from app.errors import Problem, SettingsError
from app.settings import channels_toml
from app.settings.lines import FILE
from app.settings.lines import mistake as _mistake
from app.settings.settings import Environment, Settings

DURATION = re.compile(r"(\d+)\s*(s|m|h)")
ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}
TEXTS = ("region", "profile", "role_arn", "dead_mans_switch_role", "holidays", "time_zone")
SWITCHES = ("recycle", "probe_by_writing", "metric_filters")
LISTS = {
    "stores": 'Stores are a list of names: ["ssm:failureLambdaConfig"].',
    "blackouts": 'Blackouts are a list of intervals with their zone: ["2026-12-23T00:00Z/2027-01-02T00:00Z"].',
    "tell": 'Who is told is a list of channels: ["ops"].',
    "freeze_calendars": 'Freeze calendars are a list of files and addresses: ["freeze.ics", "https://calendar.example/freeze.ics"].',
}
TABLES = ("variables", "dialects")
KNOWN_HERE = ("default_environment", "allowed_hosts", "environments", "channels", "public_url")
PRICES = ("metrics", "requests", "scanned_gigabyte")  # in US dollars; the first two for a thousand
AMOUNTS = ("longest_lease", "monthly_cap", "prices")
KNOWN_THERE = (*TEXTS, *TABLES, *SWITCHES, *LISTS, *AMOUNTS, "endpoint")
PLACE = re.compile(r" \(at line (\d+), column (\d+)\)")
AT_END = " (at end of document)"


def load(folder: Path, *, host: str = "127.0.0.1", port: int = 8000) -> Settings:
    """Read gameday.toml in the working folder.

    Without a file there is one environment, `default`, with the process's own AWS configuration.
    SettingsError with the line of every mistake: never half an environment.
    """
    file = folder / FILE
    if not file.is_file():
        default = {"default": Environment(name="default")}
        return Settings(
            folder=folder, environments=default, default_environment="default", host=host, port=port
        )
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{FILE} can not be read as UTF-8 text: {error}.") from error
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{FILE} is not TOML:", problems=(_not_toml(str(error), text),)) from error
    problems = tuple(_mistakes(content, text))
    if problems:
        raise SettingsError(f"{FILE} can not be used:", problems=problems)
    environments = {name: _environment(name, table) for name, table in content["environments"].items()}
    return Settings(
        folder=folder,
        environments=environments,
        default_environment=content.get("default_environment", next(iter(environments))),
        allowed_hosts=tuple(content.get("allowed_hosts", ())),
        host=host,
        port=port,
        channels=channels_toml.channels(content),
        public_url=content.get("public_url", "").rstrip("/"),
    )


def _environment(name: str, table: Mapping[str, Any]) -> Environment:
    asis = (*TEXTS, *TABLES, *SWITCHES, "monthly_cap", "prices")
    words: dict[str, Any] = {key: table[key] for key in asis if key in table}
    words["stores"] = tuple(table.get("stores", ()))
    words["freeze_calendars"] = tuple(table.get("freeze_calendars", ()))
    words["blackouts"] = tuple(_window(one) for one in table.get("blackouts", ()))
    words["tell"] = tuple(table["tell"]) if "tell" in table else None
    if "longest_lease" in table:
        words["longest_lease"] = _duration(table["longest_lease"])
    return Environment(name=name, endpoint_url=table.get("endpoint"), **words)


def _duration(text: Any) -> timedelta | None:
    match = DURATION.fullmatch(text) if isinstance(text, str) else None
    try:
        return timedelta(**{UNITS[match[2]]: int(match[1])}) if match else None
    except OverflowError:
        return None


def _window(text: Any) -> tuple[datetime, datetime] | None:
    """ISO 8601's `begin/end`, each with its zone."""
    try:
        begin, end = (datetime.fromisoformat(part) for part in text.split("/"))
    except (AttributeError, ValueError):
        return None
    return (begin, end) if begin.tzinfo and end.tzinfo and begin < end else None


def _mistakes(content: Mapping[str, Any], text: str) -> Iterator[Problem]:
    for key in content:
        if key not in KNOWN_HERE:
            yield _mistake(
                text, key, key, f"There is no setting “{key}”. There are: {', '.join(KNOWN_HERE)}."
            )
    environments = content.get("environments")
    if not isinstance(environments, dict) or not environments:
        message = 'There is no environment. Add one: [environments.staging] with region = "eu-central-1".'
        yield _mistake(text, "environments", "environments", message)
        return
    for name, table in environments.items():
        yield from _mistakes_of(name, table, text)
    yield from channels_toml.mistakes(content, text)
    default = content.get("default_environment")
    if default is not None and default not in environments:
        message = f"There is no environment “{default}”. There are: {', '.join(environments)}."
        yield _mistake(text, "default_environment", "default_environment", message)
    hosts = content.get("allowed_hosts", [])
    if not isinstance(hosts, list) or not all(isinstance(one, str) for one in hosts):
        yield _mistake(
            text, "allowed_hosts", "allowed_hosts", 'Hosts are a list of names: ["gameday.internal"].'
        )


def _mistakes_of(name: str, table: Any, text: str) -> Iterator[Problem]:
    place = f"environments.{name}"
    if not isinstance(table, dict):
        yield _mistake(text, name, place, f"An environment is a table: [{place}].")
        return
    for key, value in table.items():
        if key in TABLES and isinstance(value, dict):
            for inner in (name for name, one in value.items() if not isinstance(one, str)):
                words = f"{inner} is a text in quotes."
                yield _mistake(text, inner, f"{place}.{key}.{inner}", words, after=f"[{place}")
        elif key == "prices" and isinstance(value, dict):
            for inner in (name for name, one in value.items() if name not in PRICES or not _amount(one)):
                words = f"Prices are amounts in US dollars of: {', '.join(PRICES)}."
                yield _mistake(text, inner, f"{place}.prices.{inner}", words, after=f"[{place}")
        elif message := _wrong(key, value):
            yield _mistake(text, key, f"{place}.{key}", message, after=f"[{place}")


def _wrong(key: str, value: Any) -> str:
    """What is wrong with one entry of an environment; empty where nothing is."""
    if key not in KNOWN_THERE:
        return f"An environment has no “{key}”. It has: {', '.join(KNOWN_THERE)}."
    if key in TABLES:
        return f"{key.capitalize()} are names and texts, each in quotes."
    if key in SWITCHES:
        return "" if isinstance(value, bool) else f"{key} is true or false."
    if key in LISTS:
        return _wrong_list(key, value)
    return _wrong_amount(key, value) if key in AMOUNTS else _wrong_text(key, value)


def _wrong_amount(key: str, value: Any) -> str:
    if key == "longest_lease":
        return "" if _duration(value) else f"{value!r} is no duration. Write “30m”, “90s” or “2h”."
    if key == "monthly_cap":
        return "" if _amount(value) else f"{value!r} is no amount in US dollars. Write one like 5.00."
    return f"Prices are a table: [environments.NAME.prices] with {', '.join(PRICES)}."


def _amount(value: Any) -> bool:
    """Of money; `true` is a number to Python only."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")


def _wrong_list(key: str, value: Any) -> str:
    good = _window if key == "blackouts" else lambda one: isinstance(one, str) and one
    return "" if isinstance(value, list) and all(good(one) for one in value) else LISTS[key]


def _wrong_text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        return f"{key} is a text in quotes."
    if key == "endpoint" and not value.startswith(("http://", "https://")):
        return "An endpoint begins with http:// or https://."
    if key == "region" and not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", value):
        return f"{value!r} is no AWS region. Write one like “eu-central-1”."
    if key in ("role_arn", "dead_mans_switch_role") and not ROLE.fullmatch(value):
        return f"{value!r} is no role. Write one like “arn:aws:iam::123456789012:role/game-day”."
    return _wrong_days(key, value)


def _wrong_days(key: str, value: str) -> str:
    if key == "time_zone" and value not in available_timezones():
        return f"{value!r} is no IANA time zone. Write one like “Europe/Berlin”."
    return _no_holidays(value) if key == "holidays" else ""


def _no_holidays(value: str) -> str:
    """Empty where the public holidays of that country, or of that part of one, are known."""
    from holidays import country_holidays  # noqa: PLC0415  slow to load, and most files do not ask for it

    country, _, part = value.partition("-")
    try:
        country_holidays(country, subdiv=part or None)
    except NotImplementedError as error:
        return f"{value!r}: {error} Write a country, or a country and its part, like “DE-BE”."
    return ""


def _not_toml(said: str, text: str) -> Problem:
    """The parser's words, `… (at line 3, column 7)`, with the line where an editor looks for it."""
    found = PLACE.search(said)
    line, column = (
        (int(found[1]), f", at column {found[2]}") if found else (max(1, len(text.splitlines())), "")
    )
    return Problem(message=f"{PLACE.sub('', said).replace(AT_END, '')}{column}.", file=FILE, line=line)
