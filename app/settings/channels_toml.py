"""Reads the channels of gameday.toml, and names every mistake in them. No mistake repeats a value: it may be a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from app.errors import Problem
from app.settings.channel import KINDS, Channel, unknown
from app.settings.lines import mistake

WHERE = ("url", "url_env", "url_file", "webhook")
SECRET = ("secret_env", "secret_file")
TEXTS = (*WHERE, *SECRET, "template")
KNOWN = (*TEXTS, "kinds")


def channels(content: Mapping[str, Any]) -> dict[str, Channel]:
    return {
        name: Channel(name=name, **{**table, "kinds": tuple(table.get("kinds", KINDS))})
        for name, table in content.get("channels", {}).items()
    }


def mistakes(content: Mapping[str, Any], text: str) -> Iterator[Problem]:
    tables = content.get("channels", {})
    if not isinstance(tables, dict):
        yield mistake(text, "channels", "channels", "Channels are tables: [channels.ops].")
        return
    for name, table in tables.items():
        for key, message in _of_channel(name, table):
            yield mistake(text, key, f"channels.{name}.{key}", message, after=f"[channels.{name}]")
    if (url := content.get("public_url")) is not None and not _is_address(url):
        message = "The public address is a scheme and a host: “https://gameday.example”."
        yield mistake(text, "public_url", "public_url", message)
    for name, environment in content.get("environments", {}).items():
        for one in environment.get("tell", ()) if isinstance(environment, dict) else ():
            if message := unknown([one], tables):
                yield mistake(
                    text, "tell", f"environments.{name}.tell", message, after=f"[environments.{name}"
                )


def _of_channel(name: str, table: Any) -> Iterator[tuple[str, str]]:
    """Keys and what is wrong with them."""
    if not isinstance(table, dict):
        yield name, f"A channel is a table: [channels.{name}]."
        return
    if not re.fullmatch(r"[\w-]{1,60}", name):
        yield name, "A channel's name has letters, digits, - and _."
    for key, value in table.items():
        if message := _wrong(key, value):
            yield key, message
    if sum(key in table for key in WHERE) != 1:
        yield name, f"A channel has one of {', '.join(WHERE)}."
    if "webhook" in table and sum(key in table for key in SECRET) != 1:
        yield "webhook", "A webhook is signed: name its secret by secret_env or secret_file."


def _wrong(key: str, value: Any) -> str:
    if key not in KNOWN:
        return f"A channel has no “{key}”. It has: {', '.join(KNOWN)}."
    if key == "kinds":
        good = isinstance(value, list) and value and all(one in KINDS for one in value)
        return "" if good else f"Kinds are a list of: {', '.join(KINDS)}."
    if not isinstance(value, str) or not value:
        return f"{key} is a text in quotes."
    if key == "url" and not re.match(r"[a-zA-Z0-9]+://", value):
        return "An apprise address begins with a scheme, slack:// for one."
    if key == "webhook" and not _is_web(value):
        return "A webhook begins with http:// or https:// and a host."
    return ""


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _is_address(url: Any) -> bool:
    if not isinstance(url, str) or not _is_web(url):
        return False
    parts = urlsplit(url)
    return not parts.path.strip("/") and not parts.query and not parts.fragment and "@" not in parts.netloc
