"""A report for people: HTML that needs no other file, and Markdown."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.logs import visible
from app.reports.charts import HEIGHT, WIDTH, chart
from app.reports.report import Report
from app.reports.words import capital, number, span
from app.shipped import shipped

FOLDER = shipped("templates") / "reports"
SIGNS = {"ok": "✓", "warning": "▲", "refusal": "✕"}
STATES = {"done": "✓", "fail": "✕", "now": "…", "next": "·", "skipped": "–"}
MARKUP = re.compile(r"([\\`*_\[\]<>|#])")


def html(report: Report) -> bytes:
    return _jinja().get_template("report.html").render(**_context(report), css=_css()).encode()


def markdown(report: Report) -> bytes:
    return _jinja().get_template("report.md").render(**_context(report)).encode()


def content_security_policy() -> str:
    """What lets a browser apply the report's own style, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(_css().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def _context(report: Report) -> Mapping[str, Any]:
    return {
        "report": report,
        "run": report.run,
        "charts": [(series, chart(series, report)) for series in report.series],
        "width": WIDTH,
        "height": HEIGHT,
        "findings": [(SIGNS.get(one["level"], ""), one) for one in report.findings],
        "states": STATES,
        "place": " · ".join(filter(None, (report.run.environment, report.run.account, report.run.region))),
        "proof": proof(report.run.proof),
    }


def proof(told: Mapping[str, Any] | None) -> str:
    """What the logs showed of the fault, as a sentence; empty where nothing was looked for."""
    if told is None:
        return ""
    hit, seen = int(told.get("hit") or 0), int(told.get("invocations") or 0)
    of = max(seen, int(told.get("counted") or 0))
    if hit or told.get("interceptions"):
        return f"Seen in the logs: {hit} of {of} invocations were hit."
    if told.get("can_see"):
        return f"Not seen in the logs: none of {of} invocations was hit."
    return f"It could not be seen in the logs: {told.get('why') or 'they were not readable'}"


@cache
def _css() -> str:
    return (FOLDER / "report.css").read_text(encoding="utf-8")


@cache
def _jinja() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_seen,
    )
    made.filters |= {"capital": capital, "number": number, "span": span, "at": _at, "md": _md}
    return made


def _seen(value: Any) -> Any:
    """Of whatever a template says: no sign that turns the text around or speaks to a terminal. Markup is our own."""
    return visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _at(moment: Any, form: str = "%Y-%m-%d %H:%M:%S UTC") -> str:
    return "" if moment is None else f"{moment:{form}}"


def _md(text: Any) -> str:
    """As Markdown shows it literally, on one line."""
    return MARKUP.sub(r"\\\1", " ".join(str(text).split()))
