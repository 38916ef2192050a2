"""failure-lambda 0.2.0: `blacklist`, under that name in this one version only."""

from __future__ import annotations

from app.dialects import flat
from app.dialects.fault import Fault
from app.dialects.flat import is_armed, off, struck

__all__ = ["LIBRARY", "NAME", "STICKINESS", "is_armed", "off", "parse", "struck", "write"]

NAME = "failure-lambda/0.2"
LIBRARY = "failure-lambda"
NETWORK = "blacklist"
STICKINESS = (
    "a container that was hit keeps refusing until it is replaced: switching the fault off does not clear it"
)


def parse(text: str) -> Fault | None:
    """The fault that functions would inject; None where `text` switches it off or means nothing to them."""
    return flat.parse(text, network=NETWORK)


def write(fault: Fault, onto: str | None = None) -> str:
    """`fault`, over the document `onto` whose other fields are kept. Invalid for what can not be said."""
    return flat.write(fault, onto, dialect=NAME, network=NETWORK)
