"""A function's log lines, as Lambda writes them, as text or in its JSON envelope, and as emulators do."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

PLATFORM = re.compile(r"(?P<kind>START|END|REPORT) RequestId: (?P<id>[0-9a-fA-F-]{8,})")
DURATION = re.compile(r"\bDuration: (?P<ms>[0-9.]+) ms")
# `<time>\t<request id>\tINFO\t<text>`; the time is missing where a viewer has taken it away.
CONSOLE = re.compile(
    r"(?:\S+Z\t)?(?P<id>[0-9a-fA-F]{8}-[0-9a-fA-F-]{27})\t(?:(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\t)?(?P<text>.*)",
    re.DOTALL,
)
# Written outside an invocation.
UNKNOWN = re.compile(r"\S+Z\t(?:undefined)?\t(?:[A-Z]+\t)?(?P<text>.*)", re.DOTALL)
# Python's: `[INFO]\t<time>\t<request id>\t<text>`.
PYTHON = re.compile(
    r"(?P<level>\[[A-Z]+\])\t\S+Z\t(?P<id>[0-9a-fA-F]{8}-[0-9a-fA-F-]{27})\t(?P<text>.*)", re.DOTALL
)


# Node.js about itself, once for each container: nothing that the function has said.
NOISE = re.compile(r"\(node:\d+\) |\(Use `node --trace-|Use `node --trace-")


class Kind(StrEnum):
    START = "START"
    END = "END"
    REPORT = "REPORT"
    TEXT = "TEXT"


@dataclass(frozen=True, kw_only=True)
class Written:
    """`request_id` as the line itself says; None where it does not."""

    kind: Kind
    text: str
    request_id: str | None = None
    ms: float | None = None

    @property
    def noise(self) -> bool:
        """Nothing that a person looks for."""
        return NOISE.match(self.text) is not None


def parse(message: str) -> Written:
    message = message.rstrip("\r\n")
    if platform := PLATFORM.match(message):
        duration = DURATION.search(message) if platform["kind"] == Kind.REPORT else None
        return Written(
            kind=Kind(platform["kind"]),
            text=message,
            request_id=platform["id"],
            ms=float(duration["ms"]) if duration else None,
        )
    if console := CONSOLE.match(message) or PYTHON.match(message):
        return Written(kind=Kind.TEXT, text=console["text"], request_id=console["id"])
    if message.startswith("{") and (enveloped := _envelope(message)):
        return enveloped
    outside = UNKNOWN.match(message)
    return Written(kind=Kind.TEXT, text=outside["text"] if outside else message)


# What Lambda's JSON format calls the three lines of its own, which are written where the system log level is INFO.
EVENTS = {
    "platform.start": Kind.START,
    "platform.runtimeDone": Kind.END,
    "platform.report": Kind.REPORT,
}


def _envelope(message: str) -> Written | None:
    """A line in Lambda's JSON format; None for JSON that is the function's own."""
    try:
        line = json.loads(message)
    except (ValueError, RecursionError):
        return None
    record = line.get("record")
    if isinstance(record, dict) and line.get("type") in EVENTS:
        metrics = record.get("metrics") or {}
        return Written(
            kind=EVENTS[line["type"]], text=message, request_id=record.get("requestId"), ms=metrics.get("durationMs")
        )  # fmt: skip
    if "requestId" not in line or "message" not in line:
        return None
    return Written(kind=Kind.TEXT, text=_said(line["message"]), request_id=str(line["requestId"]))


def _said(message: Any) -> str:
    """An object that was logged stands in the envelope as an object."""
    return message if isinstance(message, str) else json.dumps(message)
