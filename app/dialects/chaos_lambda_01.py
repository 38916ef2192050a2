"""chaos_lambda 0.1 to 0.2.4: read only, since the function's code chooses the fault, by its decorator."""

from __future__ import annotations

from app.dialects.chaos_lambda_03 import announced, struck
from app.dialects.documents import document, number, over, text_of, unsayable
from app.dialects.fault import Fault, FaultMode

__all__ = ["LIBRARY", "NAME", "STICKINESS", "announced", "is_armed", "off", "parse", "struck", "write"]

NAME = "chaos_lambda/0.1"
LIBRARY = "chaos_lambda"
STICKINESS = ""


def parse(text: str) -> Fault | None:
    """What the decorator in the code would find; None where it is switched off."""
    read = document(text)
    if read is None or not read.get("isEnabled"):
        return None
    rate, delay, code = (number(read.get(name)) for name in ("rate", "delay", "error_code"))
    return Fault(
        mode=FaultMode.DECORATED,
        rate=1 if rate is None else min(1, max(0, rate)),
        min_latency=delay,
        max_latency=delay,
        message=text_of(read.get("exception_msg")),
        status_code=None if code is None else int(code),
    )


def write(fault: Fault, onto: str | None = None) -> str:
    """Invalid, always: which fault is injected is not in the document."""
    del fault, onto
    raise unsayable(NAME, "has its fault in the function's code", "Move the function to chaos_lambda 0.3.")


def off(onto: str | None = None) -> str:
    """The parameter must stay: without it every invocation fails."""
    return over(onto, {"isEnabled": False})


def is_armed(text: str) -> bool:
    return bool((document(text) or {}).get("isEnabled"))
