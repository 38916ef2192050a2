"""What the emulator leaves out of AppConfig's feature flags: documents are checked when they are taken in, and dated."""

from __future__ import annotations

import json
import re
from itertools import count
from typing import Any

from botocore.exceptions import ClientError

NAME = re.compile(r"[a-z][a-zA-Z\d_-]{0,63}")
TYPES = {"string": str, "number": int | float, "boolean": bool, "array": list}


class Dating:
    """A boto3 client of `appconfig`, every call of which is counted, and may be met by `before`."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._dates = count(1)
        self.calls: list[str] = []
        self.before: Any = lambda _call: None

    def __getattr__(self, call: str) -> Any:
        def called(**given: Any) -> Any:
            self.calls.append(call)
            self.before(call)
            return getattr(self._client, call)(**given)

        return getattr(self._client, call) if call == "get_paginator" else called

    def create_hosted_configuration_version(self, **given: Any) -> Any:
        self.calls.append("create_hosted_configuration_version")
        self.before("create_hosted_configuration_version")
        document = json.loads(given["Content"])
        trouble = "" if given["ContentType"] == "application/json" else given["ContentType"]
        if trouble := trouble or refused(document):
            error = {"Code": "BadRequestException", "Message": trouble}
            raise ClientError({"Error": error}, "CreateHostedConfigurationVersion")
        return self._client.create_hosted_configuration_version(
            **{**given, "Content": json.dumps(self._dated(document)).encode()}
        )

    def _dated(self, document: dict[str, Any]) -> dict[str, Any]:
        """As AWS does: members of its own on each flag and each value, in an order of its own."""
        now = f"2026-11-24T12:00:{next(self._dates):02}.000Z"
        dates = {"_createdAt": now, "_updatedAt": now}
        parts = {part: document.get(part, {}) for part in ("values", "flags")}
        dated = {
            part: {n: {**dates, **one} | {"_updatedAt": now} for n, one in all_.items()}
            for part, all_ in parts.items()
        }
        return {**dated, "version": document["version"]}  # fmt: skip


def refused(document: dict[str, Any]) -> str:
    """Why AppConfig does not take a document, by the type reference of AWS.AppConfig.FeatureFlags; empty: it does."""
    if set(document) - {"version", "flags", "values"} or document.get("version") != "1":
        return f"not the members of a document: {sorted(document)}"
    flags, values = document.get("flags", {}), document.get("values", {})
    for name, flag in flags.items():
        known = {"name", "description", "_createdAt", "_updatedAt", "_deprecation", "attributes"}
        if not NAME.fullmatch(name) or set(flag) - known or not 1 <= len(flag.get("name", "")) <= 64:
            return f"not a flag: {name} {flag}"
    for name, value in values.items():
        if name not in flags or not isinstance(value.get("enabled"), bool):
            return f"not the value of a flag: {name} {value}"
        given = {
            k: v for k, v in value.items() if k not in ("enabled", "_createdAt", "_updatedAt", "_variants")
        }
        if trouble := _of_attributes(flags[name].get("attributes", {}), given):
            return f"{name}: {trouble}"
    return ""


def _of_attributes(declared: dict[str, Any], given: dict[str, Any]) -> str:
    for name, value in given.items():
        if not NAME.fullmatch(name) or name not in declared:
            return f"{name} is not declared"
        if trouble := _outside(declared[name].get("constraints", {}), value):
            return f"{name} is {trouble}"
    needed = [n for n, one in declared.items() if one.get("constraints", {}).get("required")]
    return next((f"{name} is missing" for name in needed if name not in given), "")


def _outside(constraints: dict[str, Any], value: Any) -> str:
    kind = constraints.get("type")
    if isinstance(value, dict) or value is None or (isinstance(value, str) and len(value) > 1024):
        return "of no type that there is"
    if kind and (not isinstance(value, TYPES[kind]) or (kind != "boolean" and isinstance(value, bool))):
        return f"no {kind}"
    if isinstance(value, list) and not (
        all(isinstance(v, str) for v in value) or all(isinstance(v, int | float) for v in value)
    ):
        return "a list of something else"
    if kind == "number" and not constraints.get("minimum", value) <= value <= constraints.get(
        "maximum", value
    ):
        return "beyond its bounds"
    return "" if value in constraints.get("enum", [value]) else "none of those that may be chosen"
