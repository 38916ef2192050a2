"""failure-lambda 0.2.0: `blacklist`, under that name in this one version only."""

from __future__ import annotations

from app.dialects import flat
from app.dialects.fault import Fault
from app.dialects.flat import fired, interception, is_armed, off

__all__ = ["NAME", "STICKINESS", "STICKY", "fired", "interception", "is_armed", "off", "parse", "write"]

NAME = "failure-lambda/0.2"
NETWORK = "blacklist"
STICKY = True
STICKINESS = (
    "a container that was hit keeps refusing until it is replaced: switching the fault off does not clear it"
)


def parse(text: str) -> Fault | None:
    """The fault that functions would inject; None where `text` switches it off or means nothing to them."""
    return flat.parse(text, network=NETWORK)


def write(fault: Fault) -> str:
    return flat.write(fault, network=NETWORK)
