"""Faults as leases: written down before they are armed, and put back whatever happens."""

from app.faults.entry import Entry, FaultState, KnownBy, Phase, Store, Understanding
from app.faults.faults import Faults
from app.faults.guardian import Guardian
from app.faults.lease import Lease
from app.faults.lever import Lever
from app.faults.scan import Stray

__all__ = [
    "Entry",
    "FaultState",
    "Faults",
    "Guardian",
    "KnownBy",
    "Lease",
    "Lever",
    "Phase",
    "Store",
    "Stray",
    "Understanding",
]
