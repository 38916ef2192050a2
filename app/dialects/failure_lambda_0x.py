"""failure-lambda 0.3.0 to 0.4.4: the network mode and its list are called `denylist`."""

from __future__ import annotations

from app.dialects import flat
from app.dialects.fault import Fault
from app.dialects.flat import is_armed, off, struck

__all__ = ["LIBRARY", "NAME", "STICKINESS", "is_armed", "off", "parse", "struck", "write"]

NAME = "failure-lambda/0.x"
LIBRARY = "failure-lambda"
NETWORK = "denylist"
STICKINESS = "a warm container that was hit once is hit every time, until the fault is switched off: more is hit than was asked for"


def parse(text: str) -> Fault | None:
    """The fault that functions would inject; None where `text` switches it off or means nothing to them."""
    return flat.parse(text, network=NETWORK)


def write(fault: Fault, onto: str | None = None) -> str:
    """`fault`, over the document `onto` whose other fields are kept. Invalid for what can not be said."""
    return flat.write(fault, onto, dialect=NAME, network=NETWORK)
