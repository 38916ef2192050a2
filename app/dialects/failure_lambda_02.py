"""failure-lambda 0.2.0: `blacklist`, under that name in this one version only."""

from __future__ import annotations

from app.dialects import flat
from app.dialects.fault import Fault

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


def off() -> str:
    """What clears the most: `isEnabled` must be there and false."""
    return flat.OFF


def is_armed(text: str) -> bool:
    """Whether containers may be hit, or stay hit, while the store holds `text`."""
    return flat.enabled(text)


def interception(line: str) -> str | None:
    """The host that a log line says was refused."""
    found = flat.INTERCEPTED.search(line)
    return found["host"] if found else None


def fired(line: str) -> bool:
    """Whether a log line says that a fault struck. Announcing a deny list is not striking."""
    if flat.INTERCEPTED.search(line):
        return True
    found = flat.INJECTING.search(line)
    return found is not None and "dependency failure" not in found[0]
