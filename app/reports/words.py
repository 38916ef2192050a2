"""Numbers and spans of time the way a person says them. Pure."""

from __future__ import annotations

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


def capital(words: str) -> str:
    """As at the beginning of a line; Jinja's `capitalize` would make the rest small."""
    return words[:1].upper() + words[1:]


def _rounded(size: float, *, percent: bool) -> str:
    if percent:
        return f"{size:.1f}" if size < LARGE else f"{size:,.0f}".replace(",", THIN)
    if size >= MANY or size == int(size):
        return f"{size:,.0f}".replace(",", THIN)
    return f"{size:.1f}" if size >= 1 else f"{size:.2g}"


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
