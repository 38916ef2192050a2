"""Numbers and times the way a person says them. Pure; templates use these as filters."""

from __future__ import annotations

import re
import shlex
from datetime import datetime

MINUS, THIN = "−", "\u202f"
MINUTE, HOUR, DAY = 60, 3600, 86400
SHORT, MANY, LARGE = 10, 100, 1000  # below and above which a person rounds


def number(value: float | None, unit: str = "") -> str:
    """`48.1 %`, `2 914`, `0.35`, `−3`; `no data` for None."""
    if value is None:
        return "no data"
    text = _rounded(abs(value), percent=unit == "%")
    sign = MINUS if value < 0 and text.strip("0.") else ""
    return f"{sign}{text}{THIN}{unit}" if unit else f"{sign}{text}"


def _rounded(size: float, *, percent: bool) -> str:
    if percent:
        return f"{size:.1f}" if size < LARGE else f"{size:,.0f}".replace(",", THIN)
    if size >= MANY or size == int(size):
        return f"{size:,.0f}".replace(",", THIN)
    return f"{size:.1f}" if size >= 1 else f"{size:.2g}"


def share(part: float, whole: float) -> str:
    return f"{round(100 * part / whole)}{THIN}%" if whole else "none"


def span(seconds: float | None) -> str:
    """`4.1 s`, `53 s`, `1 min 53 s`, `2 h 5 min`, `3 days`."""
    if seconds is None:
        return ""
    seconds = max(0.0, seconds)
    if seconds < SHORT:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return _pair(whole, MINUTE, "min", 1, "s")
    if whole < 2 * DAY:
        return _pair(whole, HOUR, "h", MINUTE, "min")
    return f"{whole // DAY} days"


def _pair(whole: int, large: int, name: str, small: int, rest: str) -> str:
    left = whole % large // small
    return f"{whole // large} {name} {left} {rest}" if left else f"{whole // large} {name}"


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


def by_hand(name: str, value: bytes | None, *, region: str | None, endpoint: str | None) -> str:
    """The command that puts a parameter back, to be copied into a shell."""
    where = [*(["--region", region] if region else []), *(["--endpoint-url", endpoint] if endpoint else [])]
    if value is None:
        words = ["aws", "ssm", "delete-parameter", "--name", name]
    else:
        text = value.decode(errors="replace")
        words = [
            "aws",
            "ssm",
            "put-parameter",
            "--name",
            name,
            "--type",
            "String",
            "--overwrite",
            "--value",
            text,
        ]
    return shlex.join([*words, *where])
