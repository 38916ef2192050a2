"""Numbers and times the way a person says them. Pure; templates use these as filters."""

from __future__ import annotations

import json
import re
import shlex
from datetime import datetime

from app.reports.words import THIN, capital, number, span

__all__ = ["ago", "by_hand", "capital", "clock", "dom_id", "number", "plural", "share", "size", "span"]

MINUTE, DAY, LARGE = 60, 86400, 1000


def share(part: float, whole: float) -> str:
    return f"{round(100 * part / whole)}{THIN}%" if whole else "none"


def size(count: float) -> str:
    """`0 B`, `12 kB`, `3.4 MB`."""
    for unit in ("B", "kB", "MB"):
        if count < LARGE:
            return number(round(count, 1), unit)
        count /= LARGE
    return number(round(count, 1), "GB")


def clock(seconds: float | None) -> str:
    """`4:12`, `1:04:12`, as a counter shows it."""
    whole = max(0, round(seconds or 0))
    minutes, rest = divmod(whole, MINUTE)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def ago(at: datetime | None, now: datetime) -> str:
    if at is None:
        return ""
    seconds = (now - at).total_seconds()
    if seconds < 1:
        return "just now"
    if seconds < DAY:
        return f"{span(int(seconds) if seconds < 2 * MINUTE else seconds // MINUTE * MINUTE)} ago"
    return "yesterday" if seconds < 2 * DAY else f"{span(seconds)} ago"


def plural(count: int, one: str, many: str | None = None) -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


def dom_id(*parts: object) -> str:
    """An id for the page out of anything: the same one in route, stream and template."""
    return "-".join(re.sub(r"[^A-Za-z0-9_-]+", "-", str(part)).strip("-") for part in parts)


def by_hand(
    kind: str,
    name: str,
    value: bytes | None,
    *,
    type_: str = "String",
    region: str | None,
    endpoint: str | None,
) -> str:
    """The command that puts a store back, to be copied into a shell. `type_`: of a parameter."""
    text = None if value is None else value.decode(errors="replace")
    if kind == "appconfig":  # several calls: our own command makes them
        return shlex.join(["gameday", "disarm", f"appconfig:{name}"])
    where = [*(["--region", region] if region else []), *(["--endpoint-url", endpoint] if endpoint else [])]
    return shlex.join(["aws", *(_of_setting(kind, name, text) or _of_parameter(name, text, type_)), *where])


def _of_parameter(name: str, text: str | None, type_: str) -> list[str]:
    if text is None:
        return ["ssm", "delete-parameter", "--name", name]
    return ["ssm", "put-parameter", "--name", name, "--type", type_, "--overwrite", "--value", text]


def _of_setting(kind: str, name: str, text: str | None) -> list[str]:
    if kind == "ssm":
        return []
    setting = json.loads(text) if text else {}
    if kind == "lambda-concurrency":
        limit = setting.get("ReservedConcurrentExecutions")
        call = "delete-function-concurrency" if limit is None else "put-function-concurrency"
        more = [] if limit is None else ["--reserved-concurrent-executions", str(limit)]
        return ["lambda", call, "--function-name", name, *more]
    if kind == "event-source-mapping":
        return ["lambda", "update-event-source-mapping", "--uuid", name,
                "--enabled" if setting.get("Enabled") else "--no-enabled"]  # fmt: skip
    if kind == "events-rule":
        bus, _, rule = name.rpartition("/")
        call = "disable-rule" if setting.get("State") == "DISABLED" else "enable-rule"
        return ["events", call, "--name", rule, *(["--event-bus-name", bus] if bus else [])]
    return []
